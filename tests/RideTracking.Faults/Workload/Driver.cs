using System.Collections.Concurrent;
using RideTracking.V1;

namespace RideTracking.Faults.Workload;

/// <summary>A driver at work with two phones, one of them in use: roams, takes offers and drives trips to their end. The town steps all drivers from one loop.</summary>
internal sealed class Driver(IReadOnlyList<Phone> phones, ConcurrentQueue<Command> inbox, int seed)
{
    private const double MetersPerSecond = 16;

    private readonly Random _random = new(seed);
    private readonly List<(string OfferId, bool Accepted, DateTimeOffset At)> _replies = [];
    private RouteChanged? _plan;
    private Place _place = Place.Any(new Random(seed));
    private Place _goal = Place.Any(new Random(seed + 1));
    private string? _waypointId;
    private DateTimeOffset _dwellUntil;
    private DateTimeOffset _reportAt;
    private DateTimeOffset _tellAgainAt;
    private WaypointStep _told;
    private int _inUse;
    private DriverAvailability _availability;
    private Task _restarting = Task.CompletedTask;

    public IReadOnlyList<Phone> Phones => phones;

    public Phone Phone => phones[_inUse];

    public bool IsBusy => _plan is { Waypoints.Count: > 0 };

    /// <summary>Tells what was chosen once more: the server knows nothing of it any more.</summary>
    public void ChooseAgain() => _availability = DriverAvailability.Unspecified;

    /// <summary>One step.</summary>
    /// <param name="now">The time.</param>
    /// <param name="seconds">Since the one before.</param>
    /// <param name="isClosing">The town settles: nobody changes phones or pauses any more.</param>
    public void Step(DateTimeOffset now, double seconds, bool isClosing)
    {
        while (inbox.TryDequeue(out var command))
        {
            Receive(command, now);
        }

        if (!_restarting.IsCompleted)
        {
            return;
        }

        if (!Phone.IsRunning)
        {
            // Taken over by the other phone while it was not in use, and now it is.
            Phone.Start();
        }

        Reply(now);
        Choose(isClosing);
        FollowPlan(now);
        Move(now, seconds);
        if (!isClosing && _random.NextDouble() < seconds / 60)
        {
            ChangePhone();
        }
        else if (!isClosing && _random.NextDouble() < seconds / 60)
        {
            _restarting = Phone.RestartAsync();
        }
    }

    // The one before is closed when the server says so.
    private void ChangePhone()
    {
        _inUse = (_inUse + 1) % phones.Count;
        Phone.Start();
    }

    private void Receive(Command command, DateTimeOffset now)
    {
        switch (command.CommandCase)
        {
            case Command.CommandOneofCase.TripOffer:
                var mood = _random.NextDouble();
                if (mood < 0.92)
                {
                    _replies.Add((command.TripOffer.OfferId, mood < 0.86, now + TimeSpan.FromSeconds(0.3 + _random.NextDouble())));
                }

                break;
            case Command.CommandOneofCase.OfferWithdrawn:
                _replies.RemoveAll(r => r.OfferId == command.OfferWithdrawn.OfferId);
                break;
            case Command.CommandOneofCase.RouteChanged when command.Sequence == 0 || command.RouteChanged.RoutePlanVersion >= (_plan?.RoutePlanVersion ?? 0):
                _plan = command.RouteChanged;
                break;
        }
    }

    private void Reply(DateTimeOffset now)
    {
        for (var i = _replies.Count - 1; i >= 0; i--)
        {
            if (_replies[i].At <= now && Phone.HasRoomToAct)
            {
                Phone.Act(new DriverAction { OfferReply = new OfferReply { OfferId = _replies[i].OfferId, Accepted = _replies[i].Accepted } });
                _replies.RemoveAt(i);
            }
        }
    }

    private void Choose(bool isClosing)
    {
        var chosen = _availability switch
        {
            DriverAvailability.Paused when isClosing || _random.NextDouble() < 0.02 => DriverAvailability.Available,
            DriverAvailability.Available when !isClosing && !IsBusy && _replies.Count == 0 && _random.NextDouble() < 0.001 => DriverAvailability.Paused,
            DriverAvailability.Unspecified => DriverAvailability.Available,
            var same => same,
        };
        if (chosen != _availability && Phone.HasRoomToAct)
        {
            _availability = chosen;
            Phone.Act(new DriverAction { SetAvailability = new SetAvailability { Availability = chosen } });
        }
    }

    private void FollowPlan(DateTimeOffset now)
    {
        if (_plan?.Waypoints.FirstOrDefault(w => w.State != WaypointState.Done) is not { } waypoint)
        {
            _waypointId = null;
            return;
        }

        _goal = Place.Of(waypoint);
        if (waypoint.WaypointId != _waypointId)
        {
            (_waypointId, _told, _tellAgainAt) = (waypoint.WaypointId, WaypointStep.Unspecified, default);
        }

        var isThere = _place.MetersTo(_goal) < 2;
        if (_told == WaypointStep.Unspecified)
        {
            Tell(waypoint, WaypointStep.Heading, now);
        }
        else if (_told == WaypointStep.Heading && isThere)
        {
            Tell(waypoint, WaypointStep.Arrived, now);
            _dwellUntil = now + TimeSpan.FromSeconds(0.5 + (2 * _random.NextDouble()));
        }
        else if (_told == WaypointStep.Arrived && now >= _dwellUntil)
        {
            Tell(waypoint, WaypointStep.Done, now);
        }
        else if (_told == WaypointStep.Done && now >= _tellAgainAt)
        {
            // It was refused, or the way that follows is long in coming: an impatient person taps once more.
            _told = WaypointStep.Unspecified;
        }
    }

    private void Tell(Waypoint waypoint, WaypointStep step, DateTimeOffset now)
    {
        if (!Phone.HasRoomToAct)
        {
            return;
        }

        (_told, _tellAgainAt) = (step, now + TimeSpan.FromSeconds(10));
        // Once in a while somebody gives up.
        Phone.Act(step == WaypointStep.Heading && _random.NextDouble() < 0.02
            ? new DriverAction { TripCancellation = new TripCancellation { TripId = waypoint.TripId, Reason = CancellationReason.VehicleTrouble } }
            : new DriverAction { TripProgress = new TripProgress { TripId = waypoint.TripId, WaypointId = waypoint.WaypointId, Step = step } });
    }

    private void Move(DateTimeOffset now, double seconds)
    {
        if (!IsBusy && _place.MetersTo(_goal) < 2)
        {
            _goal = Place.Any(_random);
        }

        var course = _place.CourseTo(_goal);
        var next = _place.Towards(_goal, MetersPerSecond * seconds);
        var speed = seconds > 0 ? _place.MetersTo(next) / seconds : 0;
        _place = next;
        if (now >= _reportAt)
        {
            _reportAt = now + TimeSpan.FromSeconds(0.2 + (0.8 * _random.NextDouble()));
            Phone.Report(_place, course, speed);
        }
    }
}
