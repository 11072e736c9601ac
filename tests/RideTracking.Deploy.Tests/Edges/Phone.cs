using Grpc.Core;
using RideTracking.Client;
using RideTracking.Server.Access;
using RideTracking.V1;

namespace RideTracking.Deploy.Tests.Edges;

/// <summary>A driver's phone with the library for apps; it reconnects by itself.</summary>
internal sealed class Phone : IAsyncDisposable
{
    private readonly OfflineBuffer _buffer = OfflineBuffer.InMemory();
    private readonly CancellationTokenSource _stopping = new();
    private readonly DriverConnection _connection;
    private readonly Task _running;
    private volatile RouteChanged? _plan;

    public Phone(ChannelBase channel, TwoNodes nodes, string driverId)
    {
        var token = nodes.TokenOf(Role.Driver, driverId);
        _connection = new DriverConnection(
            channel,
            _buffer,
            new DriverConnectionOptions
            {
                DriverId = driverId,
                TokenSource = _ => ValueTask.FromResult(token),
                OnCommand = (command, _) =>
                {
                    _plan = command.RouteChanged ?? _plan;
                    return ValueTask.CompletedTask;
                },
                InitialBackoff = TimeSpan.FromMilliseconds(200),
                MaxBackoff = TimeSpan.FromSeconds(2),
            },
            random: new Random(driverId.Length));
        _running = _connection.RunAsync(_stopping.Token);
    }

    public bool IsConnected => _connection.IsConnected;

    /// <summary>How often it was welcomed.</summary>
    public long Connects => _connection.Counts.Connects;

    /// <summary>Where to drive, as told last.</summary>
    public RouteChanged? Plan => _plan;

    public void Report(double latitudeDegrees, double longitudeDegrees) =>
        _connection.Report(new LocationReading(TimeProvider.System.GetUtcNow(), latitudeDegrees, longitudeDegrees) { HorizontalAccuracyMeters = 5 });

    /// <summary>Does something, and is answered.</summary>
    public async Task ActAsync(DriverAction action) =>
        Assert.Equal(0, (await _connection.ActAsync(action, TestContext.Current.CancellationToken)).Status.Code);

    /// <summary>What it owes is acknowledged.</summary>
    public Task FlushAsync() => _connection.FlushAsync(TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _connection.DisposeAsync();
        _buffer.Dispose();
        _stopping.Dispose();
    }
}
