using RideTracking.Client;
using RideTracking.V1;

namespace RideTracking.Simulator.Replay;

/// <summary>One recorded vehicle, on its own stream with its own session.</summary>
internal sealed class ReplayVehicle
{
    private readonly OfflineBuffer _buffer = OfflineBuffer.InMemory();
    private readonly bool _tellAvailability;
    private DriverAvailability _availability;

    public ReplayVehicle(string id, ServerConnections connections, RecordingClock clock, ReplayTally tally, bool tellAvailability, int seed)
    {
        Id = id;
        _tellAvailability = tellAvailability;
        Connection = new DriverConnection(connections.Next(), _buffer, new DriverConnectionOptions
        {
            DriverId = id,
            AppVersion = "simulator",
            TokenSource = connections.TokenSource,
            OnFixesAcknowledged = ack => tally.Add(this, ack),
            OnActionResult = tally.Add,
            OnWelcome = welcome => Welcomed.TrySetResult(welcome.ServerTime?.ToDateTimeOffset() ?? default),
            OnLost = tally.Add,
            PhoneClock = clock,
            // A second of collecting fixes would be minutes of a fast recording.
            BatchFixCount = 1,
            InitialBackoff = TimeSpan.FromSeconds(0.25),
            MaxBackoff = TimeSpan.FromSeconds(3),
        }, TimeProvider.System, new Random(seed));
    }

    public string Id { get; }

    public DriverConnection Connection { get; }

    public string SessionId => _buffer.SessionId;

    /// <summary>The server's time when it first welcomed this vehicle.</summary>
    public TaskCompletionSource<DateTimeOffset> Welcomed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when the vehicle must not come back or was stopped.</summary>
    public Task<ConnectionEnd> Running { get; private set; } = Task.FromResult(ConnectionEnd.Stopped);

    public void Start(CancellationToken stopping) => Running = Connection.RunAsync(stopping);

    public void Report(in TraceRow row)
    {
        if (_tellAvailability)
            Tell(row.Occupied == true ? DriverAvailability.Paused : DriverAvailability.Available);
        Connection.Report(new LocationReading(row.Time, row.LatitudeDegrees, row.LongitudeDegrees)
        {
            SpeedMetersPerSecond = row.SpeedMetersPerSecond,
            CourseDegrees = row.CourseDegrees,
            HorizontalAccuracyMeters = row.AccuracyMeters,
        });
    }

    /// <summary>Ends when the server has acknowledged everything, or the vehicle's connection has ended.</summary>
    public async Task FlushAsync(CancellationToken ct) => await Task.WhenAny(Connection.FlushAsync(ct), Running);

    private void Tell(DriverAvailability availability)
    {
        if (availability == _availability || _buffer.ActionCount >= OfflineBuffer.ActionCapacity)
            return;
        _availability = availability;
        _ = Connection.ActAsync(new DriverAction { SetAvailability = new SetAvailability { Availability = availability } });
    }
}
