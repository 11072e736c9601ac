using Grpc.Net.Client;
using RideTracking.Client;
using RideTracking.V1;

namespace RideTracking.LoadTests.Scenarios;

/// <summary>A driver's app that does what it is told: drives, and takes every trip it is offered. One user at a time.</summary>
internal sealed class LoadDriver : IAsyncDisposable
{
    private const double LatitudeDegreesPerSecond = 0.0001;
    private const int TurnAfterSteps = 5;

    private static readonly TimeSpan Step = TimeSpan.FromSeconds(1);

    private readonly TaskCompletionSource _welcomed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stopping = new();
    private readonly PhoneClock _clock = new();
    private readonly GrpcChannel _channel;
    private readonly OfflineBuffer _buffer = OfflineBuffer.InMemory();
    private readonly DriverConnection _connection;
    private readonly double _southDegrees;
    private readonly double _longitudeDegrees;
    private Task<ConnectionEnd>? _running;
    private string? _complaint;
    private int _steps;

    public LoadDriver(LoadTarget target, string driverId, double latitudeDegrees, double longitudeDegrees)
    {
        Id = driverId;
        _southDegrees = latitudeDegrees;
        _longitudeDegrees = longitudeDegrees;
        _channel = target.Connect();
        _connection = new DriverConnection(_channel, _buffer, new DriverConnectionOptions
        {
            DriverId = driverId,
            TokenSource = target.TokenSource,
            PhoneClock = _clock,
            BatchFixCount = 1,
            OnCommand = ObeyAsync,
            OnWelcome = _ => _welcomed.TrySetResult(),
            // Before the welcome: a server that refuses the first connect would be asked again for ever.
            OnLost = lost => _welcomed.TrySetException(new InvalidOperationException($"The driver {driverId} was not welcomed: {lost}", lost.Error)),
            OnFixesAcknowledged = acknowledged =>
            {
                if (acknowledged.Verdicts.Count > 0)
                {
                    _complaint = $"A fix of {Id} was not accepted: {acknowledged.Verdicts[0]}";
                }
            },
        });
    }

    public string Id { get; }

    /// <summary>Where the last reported fix was.</summary>
    public double LatitudeDegrees { get; private set; }

    /// <summary>Connects; complete when the server has welcomed the driver.</summary>
    /// <exception cref="InvalidOperationException">The first connect failed.</exception>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        _running = _connection.RunAsync(_stopping.Token);
        if (await Task.WhenAny(_welcomed.Task, _running).WaitAsync(cancellationToken) == _running)
        {
            throw new InvalidOperationException($"The driver {Id} could not connect: {await _running}");
        }

        await _welcomed.Task;
    }

    /// <summary>Wants to be offered trips.</summary>
    public async Task BeAvailableAsync(CancellationToken cancellationToken)
    {
        var result = await _connection.ActAsync(new DriverAction
        {
            SetAvailability = new SetAvailability { Availability = DriverAvailability.Available },
        }, cancellationToken);
        if (result.Status.Code != 0)
        {
            throw new InvalidOperationException($"The driver {Id} cannot be available: {result.Status}");
        }
    }

    /// <summary>Drives on for a second and reports it.</summary>
    public void Drive()
    {
        var leg = ++_steps % (2 * TurnAfterSteps);
        _clock.Advance(Step);
        LatitudeDegrees = Math.Round(_southDegrees + (Math.Min(leg, (2 * TurnAfterSteps) - leg) * LatitudeDegreesPerSecond), 7);
        _connection.Report(new LocationReading(_clock.GetUtcNow(), LatitudeDegrees, _longitudeDegrees)
        {
            HorizontalAccuracyMeters = 5,
            CourseDegrees = leg <= TurnAfterSteps ? 0 : 180,
            SpeedMetersPerSecond = 11,
        });
    }

    /// <summary>Completes once everything reported is acknowledged.</summary>
    /// <exception cref="InvalidOperationException">A fix was not accepted.</exception>
    public async Task AcknowledgedAsync(CancellationToken cancellationToken)
    {
        await _connection.FlushAsync(cancellationToken);
        if (_complaint is not null)
        {
            throw new InvalidOperationException(_complaint);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        if (_running is not null)
        {
            await _running;
        }

        _channel.Dispose();
        _buffer.Dispose();
        _stopping.Dispose();
    }

    private async ValueTask ObeyAsync(Command command, CancellationToken cancellationToken)
    {
        if (command.TripOffer is { } offer)
        {
            await _connection.ActAsync(new DriverAction
            {
                OfferReply = new OfferReply { OfferId = offer.OfferId, Accepted = true },
            }, cancellationToken);
        }
    }
}
