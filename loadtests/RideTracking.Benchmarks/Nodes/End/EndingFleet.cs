using System.Diagnostics;
using Grpc.Core;
using Grpc.Net.Client;
using RideTracking.Client;
using RideTracking.V1;

namespace RideTracking.Benchmarks.Nodes.End;

/// <summary>Very many drivers' apps, each through the client library on a channel of its own, all on one node first; each reports a fix now and then.</summary>
internal sealed class EndingFleet : IAsyncDisposable
{
    private const int OpenedAtATime = 64;
    private const double SouthDegrees = 40;
    private const double WestDegrees = -8.6;
    private const int Columns = 100;
    private const double SpacingDegrees = 0.002;
    private const double StepDegrees = 0.0001;

    private static readonly TimeSpan WelcomeTimeout = TimeSpan.FromMinutes(2);

    private readonly List<App> _apps = [];
    private readonly CancellationTokenSource _driving = new();
    private Task _drive = Task.CompletedTask;
    private int _refusedForLater;
    private int _otherLosses;

    /// <summary>How many of them have a stream.</summary>
    public int Connected => _apps.Count(a => a.IsConnected);

    public long Reported => _apps.Sum(a => a.Reported);

    public long Acknowledged => _apps.Sum(a => a.Connection.Counts.FixesAcknowledged);

    public long Resent => _apps.Sum(a => a.Connection.Counts.FixesResent);

    /// <summary>Of them, fixes whose acknowledgement had come.</summary>
    public long ResentThoughAcknowledged => _apps.Sum(a => a.ResentThoughAcknowledged);

    public long Rejected => _apps.Sum(a => a.Rejected);

    /// <summary>How often an app was told to come again later.</summary>
    public int RefusedForLater => Volatile.Read(ref _refusedForLater);

    /// <summary>How often it lost its stream, or got none, for another reason.</summary>
    public int OtherLosses => Volatile.Read(ref _otherLosses);

    /// <summary>When each got its stream last, from <see cref="Stopwatch.GetTimestamp"/>.</summary>
    public IEnumerable<long> WelcomedAt => _apps.Select(a => a.WelcomedAt);

    /// <summary>Opens them all.</summary>
    /// <param name="cluster">Its first node has them; the others are where they may go.</param>
    /// <param name="drivers">How many.</param>
    /// <param name="interval">How long between two fixes of one.</param>
    public async Task OpenAsync(NodeCluster cluster, int drivers, TimeSpan interval)
    {
        Uri[] nodes = [.. cluster.Nodes.Select(n => new Uri($"http://127.0.0.1:{n.Port}"))];
        var others = nodes[1..];
        for (var i = 0; i < drivers; i++)
        {
            // Each another order of the others.
            Uri[] order = [nodes[0], .. others[(i % others.Length)..], .. others[..(i % others.Length)]];
            _apps.Add(new App(this, $"end-{i}", order, cluster.Nodes[0].Token, SouthDegrees + (i / Columns * SpacingDegrees), WestDegrees + (i % Columns * SpacingDegrees), i));
        }

        await Parallel.ForEachAsync(_apps, new ParallelOptions { MaxDegreeOfParallelism = OpenedAtATime }, (app, _) => app.OpenAsync());
        _drive = DriveAsync(interval);
    }

    /// <summary>The first of them may be given trips.</summary>
    public Task BeAvailableAsync(int drivers) => Task.WhenAll(_apps.Take(drivers).Select(a => a.Connection.ActAsync(new DriverAction
    {
        SetAvailability = new SetAvailability { Availability = DriverAvailability.Available },
    })));

    /// <summary>No more fixes; complete when all that were reported are acknowledged.</summary>
    public async Task SettleAsync(TimeSpan patience)
    {
        await _driving.CancelAsync();
        await _drive;
        using var time = new CancellationTokenSource(patience);
        await Task.WhenAll(_apps.Select(a => a.Connection.FlushAsync(time.Token)));
    }

    public async ValueTask DisposeAsync()
    {
        await _driving.CancelAsync();
        await Task.WhenAll(_apps.Select(a => a.DisposeAsync().AsTask()));
        _driving.Dispose();
    }

    private async Task DriveAsync(TimeSpan interval)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        var started = Stopwatch.GetTimestamp();
        for (long next = 0; !_driving.IsCancellationRequested; await timer.WaitForNextTickAsync())
        {
            var due = (long)(Stopwatch.GetElapsedTime(started) / interval * _apps.Count);
            for (; next < due; next++)
            {
                _apps[(int)(next % _apps.Count)].Drive();
            }
        }
    }

    private void Lost(ConnectionLost lost)
    {
        Interlocked.Increment(ref lost.Error is RpcException { StatusCode: StatusCode.ResourceExhausted } ? ref _refusedForLater : ref _otherLosses);
    }

    private sealed class App : IAsyncDisposable
    {
        private readonly GrpcChannel _channel;
        private readonly OfflineBuffer _buffer = OfflineBuffer.InMemory();
        private readonly CancellationTokenSource _stopping = new();
        private readonly TaskCompletionSource _welcomed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly double _latitude;
        private readonly double _longitude;
        private Task<ConnectionEnd> _running = Task.FromResult(ConnectionEnd.Stopped);
        private long _welcomedAt;
        private ulong _toldThrough;
        private int _steps;

        public App(EndingFleet fleet, string driverId, Uri[] nodes, string token, double latitude, double longitude, int seed)
        {
            (_latitude, _longitude) = (latitude, longitude);
            _channel = RideTrackingChannel.Create(nodes);
            Connection = new DriverConnection(_channel, _buffer, new DriverConnectionOptions
            {
                DriverId = driverId,
                DeviceId = driverId,
                TokenSource = _ => new(token),
                WelcomeTimeout = WelcomeTimeout,
                OnWelcome = welcome =>
                {
                    Volatile.Write(ref _welcomedAt, Stopwatch.GetTimestamp());
                    // What the server has less than it has told of comes again.
                    ResentThoughAcknowledged += (long)(_toldThrough - Math.Min(_toldThrough, welcome.HasResumeAfterSequence ? welcome.ResumeAfterSequence : _toldThrough));
                    _welcomed.TrySetResult();
                },
                OnFixesAcknowledged = told =>
                {
                    _toldThrough = Math.Max(_toldThrough, told.ThroughSequence);
                    Rejected += told.Verdicts.Count;
                },
                OnLost = fleet.Lost,
            }, TimeProvider.System, new Random(seed));
        }

        public DriverConnection Connection { get; }

        public long Reported { get; private set; }

        public long Rejected { get; private set; }

        public long ResentThoughAcknowledged { get; private set; }

        public bool IsConnected => Connection.IsConnected;

        public long WelcomedAt => Volatile.Read(ref _welcomedAt);

        public async ValueTask OpenAsync()
        {
            _running = Connection.RunAsync(_stopping.Token);
            await _welcomed.Task;
        }

        public void Drive()
        {
            var leg = _steps++ % 20;
            Connection.Report(new LocationReading(TimeProvider.System.GetUtcNow(), _latitude + (Math.Min(leg, 20 - leg) * StepDegrees), _longitude) { HorizontalAccuracyMeters = 5 });
            Reported++;
        }

        public async ValueTask DisposeAsync()
        {
            await _stopping.CancelAsync();
            await ((Task)_running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _channel.Dispose();
            _buffer.Dispose();
            _stopping.Dispose();
        }
    }
}
