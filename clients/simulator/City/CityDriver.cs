using System.Collections.Concurrent;
using RideTracking.Client;
using RideTracking.V1;

namespace RideTracking.Simulator.City;

/// <summary>
/// A driver at work: roams, answers offers, drives the routes that the server gives and tells how the trips get on. Now
/// and then one takes a wrong turn. The city steps it from one loop; what the server sends waits in an inbox until then.
/// </summary>
internal sealed class CityDriver
{
    private const double AcceptShare = 0.88;
    private const double DeclineShare = 0.07;

    private static readonly TimeSpan _noticesWrongTurn = TimeSpan.FromSeconds(90);

    private readonly Random _random;
    private readonly CityTally _tally;
    private readonly CityArea _area;
    private readonly CityRoutes _routes;
    private readonly double _wrongTurnShare;
    // As long as the connection's own queue of commands lets it be: the connection waits for no more than 64 of them.
    private readonly ConcurrentQueue<Command> _inbox = new();
    private readonly List<(string OfferId, bool Accepted, DateTimeOffset At)> _replies = [];
    private readonly TimeProvider _time;
    private ReportingPolicy _policy = new();
    // Null until the first way is known: only then it stands anywhere.
    private Car? _car;
    private RouteChanged? _plan;
    private ulong _followedPlan;
    private string? _waypointId;
    private Task<RoutePath?>? _asked;
    private DateTimeOffset? _roamAt;
    // On the odometer: a new way to the same waypoint changes nothing about it.
    private double? _wrongTurnAtMeters;
    private DateTimeOffset? _wrongTurnNoticedAt;
    private Stage _stage;
    private DateTimeOffset _stageUntil;
    private DateTimeOffset _reportedAt;
    private double _reportedAtMeters;
    private DriverAvailability _availability;
    private DateTimeOffset _pauseUntil;

    public CityDriver(
        string id, string vehicleId, ServerConnections connections, CityArea area, CityRoutes routes, double wrongTurnShare, CityTally tally, TimeProvider time, int seed)
    {
        (_area, _routes, _wrongTurnShare, _tally, _time) = (area, routes, wrongTurnShare, tally, time);
        _random = new Random(seed);
        Connection = new DriverConnection(connections.Next(), OfflineBuffer.InMemory(), new DriverConnectionOptions
        {
            DriverId = id,
            VehicleId = vehicleId,
            AppVersion = "simulator",
            DeviceId = "simulated phone",
            TokenSource = connections.TokenSource,
            OnCommand = (command, _) =>
            {
                Take(command);
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

    public Car? Car => _car;

    public bool IsBusy => _plan is { Waypoints.Count: > 0 };

    /// <summary>What the server sends: looked at in the next step. Thread-safe.</summary>
    internal void Take(Command command) => _inbox.Enqueue(command);

    /// <summary>One step of the simulation.</summary>
    /// <param name="now">The time.</param>
    /// <param name="seconds">Since the step before.</param>
    /// <param name="living">Ends what it asks of the server.</param>
    public void Step(DateTimeOffset now, double seconds, CancellationToken living)
    {
        while (_inbox.TryDequeue(out var command))
            Receive(command, now);
        Reply(now);
        Rest(now);
        FollowPlan(now);
        if (IsBusy)
            Stray(now, living);
        else
            Roam(now, living);
        if (_car is not { } car)
            return;
        car.Drive(seconds);
        ReportIfDue(car, now);
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
                if (_plan.Reason == RouteChangeReason.OffRoute)
                    _tally.RouteFoundAnew();
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
            _waypointId = null;
            return;
        }
        if (_plan.RoutePlanVersion != _followedPlan)
        {
            _followedPlan = _plan.RoutePlanVersion;
            FollowRoute(waypoint);
        }
        if (waypoint.WaypointId != _waypointId)
        {
            _waypointId = waypoint.WaypointId;
            _wrongTurnAtMeters = null;
            _stage = Stage.Driving;
            if (waypoint.State == WaypointState.Arrived)
                Dwell(waypoint, now);
            else
                Tell(waypoint, WaypointStep.Heading);
            if (_random.NextDouble() < _wrongTurnShare && _car!.MetersToStop > 600)
                _wrongTurnAtMeters = _car.OdometerMeters + _car.MetersToStop * (0.2 + 0.4 * _random.NextDouble());
        }
        if (_stage == Stage.Driving && _car!.HasArrived && _wrongTurnNoticedAt is null)
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

    private void FollowRoute(Waypoint waypoint)
    {
        var path = RoutePath.Of(_plan!.Route) ?? RoutePath.Straight(_car?.Place ?? PlaceOf(waypoint), PlaceOf(waypoint));
        if (_car is null)
            _car = new Car(path, _random);
        else
            _car.Follow(path);
        _car.StopAt(waypoint.WaypointId);
        (_wrongTurnNoticedAt, _asked) = (null, null);
    }

    /// <summary>On a trip: leaves the route where the wrong turn is, and comes back by itself when nobody says anything.</summary>
    private void Stray(DateTimeOffset now, CancellationToken living)
    {
        if (_car is not { } car || _plan!.Waypoints.FirstOrDefault(waypoint => waypoint.WaypointId == _waypointId) is not { } waypoint)
            return;
        if (TryTakeAnswer(out var path))
        {
            if (path is null)
                return;
            car.Follow(path);
            if (_wrongTurnAtMeters is null)
            {
                _wrongTurnNoticedAt = null;
                return;
            }
            _tally.TookWrongTurn();
            (_wrongTurnAtMeters, _wrongTurnNoticedAt) = (null, now + _noticesWrongTurn);
        }
        else if (_asked is null && _stage == Stage.Driving && car.OdometerMeters > _wrongTurnAtMeters)
        {
            var aside = car.Place.CourseTo(PlaceOf(waypoint)) + (_random.NextDouble() < 0.5 ? 100 : -100);
            _asked = _routes.FindAsync(car.Place, car.Place.Ahead(aside, 1_500), living);
        }
        else if (_asked is null && now >= _wrongTurnNoticedAt)
        {
            _asked = _routes.FindAsync(car.Place, PlaceOf(waypoint), living);
        }
    }

    /// <summary>Without a trip: drives from one place to another, with a pause at each.</summary>
    private void Roam(DateTimeOffset now, CancellationToken living)
    {
        if (TryTakeAnswer(out var path))
        {
            _roamAt = null;
            if (path is null)
                _roamAt = now + TimeSpan.FromSeconds(10 + 20 * _random.NextDouble());
            else if (_car is null)
                _car = new Car(path, _random);
            else
                _car.Follow(path);
        }
        else if (_asked is null && _car is not { HasArrived: false })
        {
            _roamAt ??= now + TimeSpan.FromSeconds(_car is null ? 0 : 5 + 40 * _random.NextDouble());
            if (now >= _roamAt)
                _asked = _routes.FindAsync(_car?.Place ?? _area.RandomPlace(_random), _area.RandomPlace(_random), living);
        }
    }

    private bool TryTakeAnswer(out RoutePath? path)
    {
        path = null;
        // Cancelled: the city is about to end.
        if (_asked is not { IsCompleted: true, IsCanceled: false } asked)
            return false;
        _asked = null;
        path = asked.GetAwaiter().GetResult();
        return true;
    }

    private static Place PlaceOf(Waypoint waypoint) => new(waypoint.Location.Latitude, waypoint.Location.Longitude);

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

    private void ReportIfDue(Car car, DateTimeOffset now)
    {
        var policy = Volatile.Read(ref _policy);
        if (!ReportingRule.IsDue(policy, now - _reportedAt, car.OdometerMeters - _reportedAtMeters))
            return;
        _reportedAt = now;
        _reportedAtMeters = car.OdometerMeters;
        var position = car.Position;
        Connection.Report(new LocationReading(_time.GetUtcNow(), position.LatitudeDegrees, position.LongitudeDegrees)
        {
            HorizontalAccuracyMeters = 3 + 5 * _random.NextDouble(),
            SpeedMetersPerSecond = car.SpeedMetersPerSecond,
            CourseDegrees = car.SpeedMetersPerSecond > 0.5 ? car.CourseDegrees : null,
        });
    }
}
