using RideTracking.Engine.Geo;
using RideTracking.Simulation.Checking;
using RideTracking.V1;

namespace RideTracking.Simulation.Actors;

/// <summary>
/// Somebody who drives, with one phone at a time or two: accepts, declines or ignores offers, drives where the app says, and
/// does at any moment what drivers do.
/// </summary>
internal sealed class SimulatedDriver
{
    private readonly City _city;
    private readonly List<string> _offersSeen = [];
    private readonly HashSet<string> _arrived = [];
    private readonly HashSet<string> _headed = [];
    private List<Waypoint> _ahead = [];
    private DriverAvailability _wants = DriverAvailability.Available;
    private readonly List<Phone> _phones = [];
    private Phone _phone;

    public SimulatedDriver(City city, string id, bool isSleeper)
    {
        (_city, Id, IsSleeper) = (city, id, isSleeper);
        At = city.SomePlace();
        _phone = NewPhone();
    }

    public string Id { get; }

    /// <summary>Takes trips and then does nothing about them.</summary>
    public bool IsSleeper { get; }

    public GeoPoint At { get; private set; }

    /// <summary>Connected, and all that was done is answered.</summary>
    public bool IsSettled => _phone.IsSettled;

    public void Start()
    {
        _city.Queue.After(_city.Chance.Seconds(0, 60), _city.Life, () => _phone.Connect());
        _city.Every(() => _city.Chance.Seconds(8, 40), Drive);
        _city.Every(() => _city.Chance.Seconds(5, 20), () => _phone.ReadSensor());
        _city.Every(() => _city.Chance.Exponential(_city.Conditions.Roaming), () =>
        {
            if (_city.IsDay)
            {
                _phone.Roam();
            }
        });
        _city.Every(() => _city.Chance.Exponential(_city.Conditions.DriverWhims), () =>
        {
            if (_city.IsDay)
            {
                FollowAWhim();
            }
        });
    }

    /// <summary>The day is over: whoever has no phone that works takes another, and nobody is away any more.</summary>
    public void ComeBack()
    {
        _wants = DriverAvailability.Available;
        foreach (var other in _phones.Where(p => p != _phone && p.IsInUse))
        {
            other.Break("switched off");
        }

        if (!_phone.IsInUse)
        {
            _phone = NewPhone();
        }

        _phone.Connect();
    }

    /// <summary>The day and the evening are over.</summary>
    public void ShowWay()
    {
        _city.History.Add(new WayShown(_city.Queue.Now, _phone.Id, [.. _ahead.Select(w => w.TripId).Distinct()]));
        _phone.ShowBuffer();
    }

    public void Welcomed(DriverAvailability availability, RouteChanged route)
    {
        foreach (var other in _phones.Where(p => p != _phone && p.IsInUse))
        {
            // Before its node may have heard of it.
            _city.Queue.After(_city.Chance.Seconds(0, 0.4), _city.Life, () => other.Act(Chosen(_wants)));
        }

        _ahead = [.. route.Waypoints];
        if (availability != _wants && !_phone.HasUnanswered(DriverAction.ActionOneofCase.SetAvailability))
        {
            Choose(_wants);
        }
    }

    public void Told(Command command)
    {
        switch (command.CommandCase)
        {
            case Command.CommandOneofCase.TripOffer:
                Consider(command.TripOffer.OfferId);
                break;
            case Command.CommandOneofCase.RouteChanged:
                _ahead = [.. command.RouteChanged.Waypoints];
                break;
            case Command.CommandOneofCase.TripRemoved:
                _ahead.RemoveAll(w => w.TripId == command.TripRemoved.TripId);
                break;
        }
    }

    public void Answered(DriverAction action, ActionResult result)
    {
        if (action.ActionCase != DriverAction.ActionOneofCase.TripProgress)
        {
            return;
        }

        var progress = action.TripProgress;
        var isPassed = result.Status.Code == 0 || Refusals.ReasonOf(result.Status) == "WAYPOINT_STATE";
        switch (progress.Step)
        {
            case WaypointStep.Arrived when isPassed:
                _arrived.Add(progress.WaypointId);
                break;
            case WaypointStep.Done when result.Status.Code == 0:
                _ahead.RemoveAll(w => w.WaypointId == progress.WaypointId);
                break;
            case WaypointStep.Done:
                _arrived.Remove(progress.WaypointId);
                break;
        }
    }

    public void PhoneRetired(Phone phone)
    {
        if (phone == _phone)
        {
            _city.Queue.After(_city.Chance.Seconds(5, 60), _city.Life, () => UseNewPhone(phone));
        }
    }

    private Phone NewPhone()
    {
        var phone = new Phone(_city, this, $"{Id}-p{_phones.Count + 1}");
        _phones.Add(phone);
        return phone;
    }

    private void UseNewPhone(Phone instead)
    {
        if (_phone == instead)
        {
            _phone = NewPhone();
            _phone.Connect();
        }
    }

    private void Consider(string offerId)
    {
        _offersSeen.Add(offerId);
        var mood = _city.Chance.Number(0, 100);
        // Some answer in time, some nearly too late, some much too late, some never.
        var thought = _city.Chance.Of(0.85) ? _city.Chance.Seconds(0.5, 9) : _city.Chance.Seconds(9, 60);
        if (mood < 85)
        {
            _city.Queue.After(thought, _city.Life, () => Reply(offerId, accepted: mood < 68));
        }

        if (mood is < 3 or > 97)
        {
            // Changes the mind, or taps twice.
            _city.Queue.After(thought + _city.Chance.Seconds(0, 3), _city.Life, () => Reply(offerId, accepted: _city.Chance.Of(0.5)));
        }
    }

    private void Reply(string offerId, bool accepted) =>
        _phone.Act(new DriverAction { OfferReply = new OfferReply { OfferId = offerId, Accepted = accepted } });

    private void Choose(DriverAvailability availability)
    {
        _wants = availability;
        _phone.Act(Chosen(availability));
        if (availability != DriverAvailability.Available)
        {
            _city.Queue.After(_city.Chance.Seconds(10, 200), _city.Life, () => Choose(DriverAvailability.Available));
        }
    }

    private static DriverAction Chosen(DriverAvailability availability) => new() { SetAvailability = new SetAvailability { Availability = availability } };

    private void Drive()
    {
        if (_ahead.Count == 0 || _phone.HasUnanswered(DriverAction.ActionOneofCase.TripProgress) || (IsSleeper && !_city.Chance.Of(0.02)))
        {
            return;
        }

        var next = _ahead[0];
        if (!_arrived.Contains(next.WaypointId) && next.State != WaypointState.Arrived && _city.Chance.Of(0.4) && _headed.Add(next.WaypointId))
        {
            Progress(next, WaypointStep.Heading);
            return;
        }

        At = new GeoPoint(next.Location.Latitude, next.Location.Longitude);
        Progress(next, _arrived.Contains(next.WaypointId) || next.State == WaypointState.Arrived ? WaypointStep.Done : WaypointStep.Arrived);
    }

    private void Progress(Waypoint waypoint, WaypointStep step) => _phone.Act(new DriverAction
    {
        TripProgress = new TripProgress
        {
            TripId = waypoint.TripId,
            WaypointId = waypoint.WaypointId,
            Step = step,
            // Sometimes misheard, or forgotten.
            PickupCode = _city.Chance.Number(0, 10) switch { 0 => "", 1 => "9999", _ => SimulatedRider.PickupCode },
        },
    });

    private void FollowAWhim()
    {
        switch (_city.Chance.Number(0, 13))
        {
            case 0 or 1:
                _phone.Vanish(_city.Chance.Seconds(1, 20));
                break;
            case 2:
                _phone.Vanish(_city.Chance.Seconds(60, 400));
                break;
            case 3:
                _phone.Break("lost");
                PhoneRetired(_phone);
                break;
            case 4 or 12:
                // The first phone goes on until it is told that it was taken over.
                var first = _phone;
                _phone = NewPhone();
                _phone.Connect();
                _city.Queue.After(_city.Chance.Seconds(0.5, 8), _city.Life, () => first.Act(Chosen(_wants)));
                break;
            case 5 or 6:
                _phone.RepeatSomething();
                break;
            case 7 when _offersSeen.Count > 0:
                Reply(_city.Chance.Pick(_offersSeen), _city.Chance.Of(0.7));
                break;
            case 8 when _ahead.Count > 0:
                Progress(_city.Chance.Pick(_ahead), (WaypointStep)_city.Chance.Number(1, 4));
                break;
            case 9 when _ahead.Count > 0:
                _phone.Act(new DriverAction
                {
                    TripCancellation = new TripCancellation
                    {
                        TripId = _ahead[0].TripId,
                        Reason = _city.Chance.Of(0.5) ? CancellationReason.VehicleTrouble : CancellationReason.NotThere,
                    },
                });
                break;
            case 10:
                Choose((DriverAvailability)_city.Chance.Number(1, 5));
                break;
            default:
                Choose(DriverAvailability.Available);
                break;
        }
    }
}
