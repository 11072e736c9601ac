using System.Collections.Immutable;
using System.Text;
using RideTracking.Engine.Dispatch;
using RideTracking.Server.Store;
using RideTracking.Server.Trips;
using RideTracking.Simulation.Checking;
using RideTracking.Simulation.Nodes;

namespace RideTracking.Simulation.Actors;

/// <summary>
/// Somebody who wants a ride: asks with one request id until it is answered, whatever node that takes; then perhaps changes
/// where to, or cancels, at any moment.
/// </summary>
internal sealed class SimulatedRider(City city, string id)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    private readonly ImmutableArray<RequestedWaypoint> _waypoints = Places(city);
    private readonly TripTerms _terms = Terms(city);
    private string? _tripId;
    private Trip? _seen;

    /// <summary>The code of all riders who have one.</summary>
    public const string PickupCode = "1234";

    /// <summary>What was asked for is answered.</summary>
    public bool IsSettled => _tripId is not null;

    public string RequestId => "q-" + id;

    public void Start()
    {
        Request();
        if (city.Chance.Of(city.Conditions.RidersWhoCancel))
        {
            city.Queue.After(city.Chance.Exponential(TimeSpan.FromSeconds(90)), city.Life, () => Cancel(TripActor.Rider));
        }

        if (city.Chance.Of(0.03))
        {
            city.Queue.After(city.Chance.Seconds(5, 300), city.Life, () => Cancel(TripActor.Ops));
        }

        if (city.Chance.Of(city.Conditions.Interventions))
        {
            city.Queue.After(city.Chance.Seconds(2, 200), city.Life, Intervene);
        }

        while (city.Chance.Of(city.Conditions.RidersWhoChange))
        {
            city.Queue.After(city.Chance.Seconds(1, 400), city.Life, ChangeWaypoints);
        }

        // Taps again although it was answered.
        if (city.Chance.Of(0.15))
        {
            city.Queue.After(city.Chance.Seconds(0, 60), city.Life, () => Ask(again: true));
        }
    }

    private static ImmutableArray<RequestedWaypoint> Places(City city)
    {
        var places = ImmutableArray.CreateBuilder<RequestedWaypoint>();
        places.Add(new RequestedWaypoint(null, WaypointKind.Pickup, city.SomePlace(), ""));
        while (city.Chance.Of(0.2))
        {
            places.Add(new RequestedWaypoint(null, WaypointKind.Stop, city.SomePlace(), ""));
        }

        places.Add(new RequestedWaypoint(null, WaypointKind.Dropoff, city.SomePlace(), ""));
        return places.ToImmutable();
    }

    private static TripTerms Terms(City city) => new()
    {
        ScheduledFor = city.Chance.Of(0.1) ? city.Queue.Now + city.Chance.Seconds(60, 300) : null,
        CanShare = city.Chance.Of(0.2),
        PickupCode = city.Chance.Of(0.2) ? PickupCode : null,
    };

    private void Request()
    {
        if (_tripId is null)
        {
            Ask(again: false);
            city.Queue.After(Patience, city.Life, Request);
        }
    }

    private void Ask(bool again) => city.Call(
        node => RequestAsync(node),
        tripId =>
        {
            if (tripId is not null)
            {
                city.History.Add(new RideAccepted(city.Queue.Now, RequestId, tripId));
                _tripId ??= tripId;
            }
        });

    // As the rider's endpoint does it.
    private async Task<string?> RequestAsync(NodeRun node)
    {
        var tripId = city.NewTripId();
        var answer = Encoding.ASCII.GetBytes(tripId);
        var key = city.Keys.RequestAnswer(id, RequestId);
        // The note tells the checker which request the trip is of.
        var happened = new RideRequested(tripId, id, _waypoints, 1, RequestId) { Terms = _terms };
        return await node.Dispatcher.DispatchAsync(tripId, happened, answer: _ => new StoredAnswer(key, answer)) switch
        {
            AnsweredBefore before => Encoding.ASCII.GetString(before.Answer),
            Decided { Result: Transition { Trip: { } trip } } => Seen(trip).Id,
            _ => null,
        };
    }

    private void Cancel(TripActor actor) => Change(
        $"{actor}", (_, _) => new CancelRequested(actor, CancellationReason.ChangedMind, ""));

    // Ops, or the company, give the trip to somebody or take it from whoever has it.
    private void Intervene()
    {
        var actor = city.Chance.Of(0.5) ? TripActor.Ops : TripActor.Service;
        var driver = city.Chance.Of(0.75) ? city.SomeDriver() : null;
        Change($"{actor}", (_, _) => new AssignRequested(driver, actor, ""));
    }

    private void ChangeWaypoints() => Change("Rider", (_, trip) =>
    {
        var seen = city.Chance.Of(0.3) && _seen is not null ? _seen : trip;
        var asked = seen.Waypoints.Where(w => w.State != WaypointState.Done).Select(w => new RequestedWaypoint(w.Id, w.Kind, w.Location, w.Label)).ToList();
        if (asked.Count > 1 && city.Chance.Of(0.5))
        {
            asked.Insert(asked.Count - 1, new RequestedWaypoint(null, WaypointKind.Stop, city.SomePlace(), ""));
        }
        else if (asked.Count > 2 && city.Chance.Of(0.5))
        {
            asked.RemoveAt(asked.Count - 2);
        }
        else if (asked.Count > 0)
        {
            asked[^1] = asked[^1] with { Location = city.SomePlace() };
        }

        return new WaypointsRequested(seen.Version, [.. asked]);
    });

    private void Change(string who, Func<NodeRun, Trip, DispatchEvent> what)
    {
        if (_tripId is { } tripId)
        {
            city.Call(
                async node =>
                {
                    if (await node.FindAsync(tripId) is not { } trip)
                    {
                        return null;
                    }

                    var outcome = await node.Dispatcher.DispatchAsync(tripId, what(node, Seen(trip)));
                    return outcome is Decided { Result: Transition { Trip: { } changed } } ? Seen(changed) : null;
                },
                changed =>
                {
                    if (changed is not null)
                    {
                        city.History.Add(new ChangeTold(city.Queue.Now, who, tripId, changed.Version));
                    }
                });
        }
    }

    private Trip Seen(Trip trip) => _seen = trip;
}
