using System.Collections.Concurrent;
using RideTracking.Client;
using RideTracking.V1;

namespace RideTracking.Simulator.City;

/// <summary>
/// A driver at work: cruises, answers offers, follows the route plan and tells how the trips get on. The city steps it
/// from one loop; what the server sends waits in an inbox until then.
/// </summary>
internal sealed class CityDriver
{
    private const double AcceptShare = 0.88;
    private const double DeclineShare = 0.07;

    private readonly Car _car;
    private readonly Random _random;
    private readonly CityTally _tally;
    private readonly StreetGrid _streets;
    // As long as the connection's own queue of commands lets it be: the connection waits for no more than 64 of them.
    private readonly ConcurrentQueue<Command> _inbox = new();
    private readonly List<(string OfferId, bool Accepted, DateTimeOffset At)> _replies = [];
    private readonly TimeProvider _time;
    private ReportingPolicy _policy = new();
    private RouteChanged? _plan;
    private string? _waypointId;
    private Stage _stage;
    private DateTimeOffset _stageUntil;
    private DateTimeOffset _reportedAt;
    private double _reportedAtMeters;
    private DriverAvailability _availability;
    private DateTimeOffset _pauseUntil;

    public CityDriver(string id, string vehicleId, ServerConnections connections, StreetGrid streets, CityTally tally, TimeProvider time, int seed)
    {
        (_streets, _tally, _time) = (streets, tally, time);
        _random = new Random(seed);
        _car = new Car(streets, _random);
        Connection = new DriverConnection(connections.Next(), OfflineBuffer.InMemory(), new DriverConnectionOptions
        {
            DriverId = id,
            VehicleId = vehicleId,
            AppVersion = "simulator",
            DeviceId = "simulated phone",
            TokenSource = connections.TokenSource,
            OnCommand = (command, _) =>
            {
                _inbox.Enqueue(command);
                return ValueTask.CompletedTask;
            },
            OnReportingPolicy = policy => Volatile.Write(ref _policy, policy),
            OnFixesAcknowledged = tally.Add,
            OnActionResult = tally.Add,
            OnLost = tally.Add,
            PhoneState = () => new Heartbeat { LocationPermission = LocationPermission.Always, BatteryPercent = 80 },
            InitialBackoff = TimeSpan.FromSeconds(0.5),
            MaxBackoff = TimeSpan.FromSeconds(5),
        }, time, new Random(seed + 1));
    }

    private enum Stage
    {
        Driving,
        Dwelling,
        Done,
    }

    public DriverConnection Connection { get; }

    public bool IsBusy => _plan is { Waypoints.Count: > 0 };

    /// <summary>One step of the simulation.</summary>
    public void Step(DateTimeOffset now, double seconds)
    {
        while (_inbox.TryDequeue(out var command))
            Receive(command, now);
        Reply(now);
        Rest(now);
        FollowPlan(now);
        _car.Drive(now, seconds);
        ReportIfDue(now);
    }

    /// <summary>Ends the shift; with a trip, after it.</summary>
    public Task GoOfflineAsync(CancellationToken ct)
    {
        Choose(IsBusy ? DriverAvailability.LastTrip : DriverAvailability.Offline);
        return Connection.FlushAsync(ct);
    }

    private void Receive(Command command, DateTimeOffset now)
    {
        switch (command.CommandCase)
        {
            case Command.CommandOneofCase.TripOffer:
                Consider(command.TripOffer, now);
                break;
            case Command.CommandOneofCase.OfferWithdrawn:
                _replies.RemoveAll(reply => reply.OfferId == command.OfferWithdrawn.OfferId);
                break;
            case Command.CommandOneofCase.RouteChanged when command.RouteChanged.RoutePlanVersion > (_plan?.RoutePlanVersion ?? 0):
                _plan = command.RouteChanged;
                break;
        }
    }

    private void Consider(TripOffer offer, DateTimeOffset now)
    {
        _tally.OfferReceived();
        var mood = _random.NextDouble();
        if (mood > AcceptShare + DeclineShare)
            return;
        // A person looks for a moment; the window counts from when the app shows the offer.
        var window = offer.DecisionWindow?.ToTimeSpan() ?? TimeSpan.FromSeconds(10);
        var thinking = TimeSpan.FromSeconds(Math.Min(1 + 4 * _random.NextDouble(), window.TotalSeconds * 0.7));
        _replies.Add((offer.OfferId, mood <= AcceptShare, now + thinking));
    }

    private void Reply(DateTimeOffset now)
    {
        for (var i = _replies.Count - 1; i >= 0; i--)
        {
            if (_replies[i].At > now)
                continue;
            Act(new DriverAction { OfferReply = new OfferReply { OfferId = _replies[i].OfferId, Accepted = _replies[i].Accepted } });
            _replies.RemoveAt(i);
        }
    }

    /// <summary>Available, with a break now and then.</summary>
    private void Rest(DateTimeOffset now)
    {
        if (_availability == DriverAvailability.Unspecified || (_availability == DriverAvailability.Paused && now >= _pauseUntil))
        {
            Choose(DriverAvailability.Available);
        }
        else if (_availability == DriverAvailability.Available && !IsBusy && _replies.Count == 0 && _random.NextDouble() < 1.0 / 1200)
        {
            _pauseUntil = now + TimeSpan.FromSeconds(60 + 120 * _random.NextDouble());
            Choose(DriverAvailability.Paused);
        }
    }

    private void Choose(DriverAvailability availability)
    {
        _availability = availability;
        Act(new DriverAction { SetAvailability = new SetAvailability { Availability = availability } });
    }

    private void FollowPlan(DateTimeOffset now)
    {
        if (_plan?.Waypoints.FirstOrDefault(waypoint => waypoint.State != WaypointState.Done) is not { } waypoint)
        {
            _car.Destination = null;
            _waypointId = null;
            return;
        }
        if (waypoint.WaypointId != _waypointId)
        {
            _waypointId = waypoint.WaypointId;
            _stage = Stage.Driving;
            if (waypoint.State == WaypointState.Arrived)
                Dwell(waypoint, now);
            else
                Tell(waypoint, WaypointStep.Heading);
        }
        _car.Destination = _streets.Nearest(new Place(waypoint.Location.Latitude, waypoint.Location.Longitude));
        if (_stage == Stage.Driving && _car.HasArrived)
        {
            Tell(waypoint, WaypointStep.Arrived);
            Dwell(waypoint, now);
        }
        else if (_stage == Stage.Dwelling && now >= _stageUntil)
        {
            // The next plan begins with the next waypoint.
            Tell(waypoint, WaypointStep.Done);
            _stage = Stage.Done;
        }
    }

    private void Dwell(Waypoint waypoint, DateTimeOffset now)
    {
        _stage = Stage.Dwelling;
        _stageUntil = now + TimeSpan.FromSeconds((waypoint.Kind == WaypointKind.Pickup ? 8 : 4) + 10 * _random.NextDouble());
    }

    private void Tell(Waypoint waypoint, WaypointStep step) => Act(new DriverAction
    {
        TripProgress = new TripProgress { TripId = waypoint.TripId, WaypointId = waypoint.WaypointId, Step = step },
    });

    private void Act(DriverAction action)
    {
        // Offline for long: a person would stop tapping, too.
        if (Connection.Buffer.ActionCount < OfflineBuffer.ActionCapacity)
            _ = Connection.ActAsync(action);
    }

    private void ReportIfDue(DateTimeOffset now)
    {
        var policy = Volatile.Read(ref _policy);
        var silence = now - _reportedAt;
        var moved = _car.OdometerMeters - _reportedAtMeters;
        var moving = moved >= Math.Max(policy.MinDistanceMeters, 0.5) && silence >= (policy.MovingInterval?.ToTimeSpan() ?? TimeSpan.FromSeconds(4));
        if (!moving && silence < (policy.MaxSilence?.ToTimeSpan() ?? TimeSpan.FromSeconds(20)) * 0.8)
            return;
        _reportedAt = now;
        _reportedAtMeters = _car.OdometerMeters;
        var position = _car.Position;
        Connection.Report(new LocationReading(_time.GetUtcNow(), position.LatitudeDegrees, position.LongitudeDegrees)
        {
            HorizontalAccuracyMeters = 3 + 5 * _random.NextDouble(),
            SpeedMetersPerSecond = _car.SpeedMetersPerSecond,
            CourseDegrees = _car.SpeedMetersPerSecond > 0.5 ? _car.CourseDegrees : null,
        });
    }
}
