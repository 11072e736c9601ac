using System.Collections.Immutable;
using Grpc.Core;
using RideTracking.Engine.Dispatch;
using RideTracking.Server.Areas;
using RideTracking.Server.Protocol;
using RideTracking.Server.Store;
using RideTracking.Server.Trips;
using RideTracking.Server.Zones;

namespace RideTracking.Server.Riders;

/// <summary>What riders, ops and the company's backend ask of trips, whoever asks. Thread-safe.</summary>
internal sealed class RideDesk(Dispatcher dispatcher, TripBook book, TripStore trips, StoreKeys keys, TripAdmission admission, TimeProvider time)
{
    /// <summary>Asks for a ride, once for each request id of the caller.</summary>
    /// <param name="request">As it came.</param>
    /// <param name="requireRider">Refuses a rider whom the caller may not act for.</param>
    /// <param name="subject">The caller.</param>
    /// <param name="actor">As whom.</param>
    /// <exception cref="RpcException">What is wrong with it, or why it cannot be.</exception>
    public async Task<Trip> RequestAsync(V1.RequestTripRequest request, Action<string> requireRider, string subject, TripActor actor)
    {
        var waypoints = RideCheck.Request(request, time.GetUtcNow());
        requireRider(request.RiderId);

        var tripId = TripIds.New(keys, time);
        var once = OnceOnly.Request(keys.RequestAnswer(subject, request.RequestId), request.RequestId, request);
        if (admission.Refusal(waypoints, known: []) is { } refused)
        {
            // A repeat of what was accepted before the zones changed is still a repeat.
            return await trips.ReadAnswerAsync(once.Key) is { } given ? await AnswerAgainAsync(once, given) : throw refused.ToRpcException();
        }

        var happened = new RideRequested(tripId, request.RiderId, waypoints, (int)request.PartySize, request.Note, actor)
        {
            Terms = TripTermsWire.Of(request.Terms),
        };
        var outcome = await dispatcher.DispatchAsync(tripId, happened, answer: _ => once.Answered(tripId));
        return outcome is AnsweredBefore before ? await AnswerAgainAsync(once, before.Answer) : Decision(outcome);
    }

    /// <summary>Ends a trip.</summary>
    /// <exception cref="RpcException">Why it cannot be.</exception>
    public async Task<Trip> CancelAsync(string tripId, TripActor actor, V1.CancellationReason reason, string note) =>
        Decision(await dispatcher.DispatchAsync(tripId, new CancelRequested(actor, (CancellationReason)reason, note)));

    /// <summary>Changes where a trip goes.</summary>
    /// <exception cref="RpcException">Why it cannot be.</exception>
    public async Task<Trip> UpdateWaypointsAsync(Trip trip, ulong expectedVersion, ImmutableArray<RequestedWaypoint> waypoints, TripActor actor)
    {
        if (admission.Refusal(waypoints, trip.Waypoints) is { } refused)
        {
            throw refused.ToRpcException();
        }

        return Decision(await dispatcher.DispatchAsync(trip.Id, new WaypointsRequested(expectedVersion, waypoints, actor)));
    }

    /// <summary>Gives a trip to a driver, or takes it from the one who has it.</summary>
    /// <exception cref="RpcException">Why it cannot be.</exception>
    public async Task<Trip> AssignAsync(string tripId, AssignRequested asked) => Decision(await dispatcher.DispatchAsync(tripId, asked));

    /// <summary>The trip as it stands; null when there is none. What cannot be a trip's id is not looked up.</summary>
    /// <exception cref="StackExchange.Redis.RedisException">The store is away.</exception>
    public async Task<Trip?> FindAsync(string tripId) =>
        TripIds.IsPlausible(keys, tripId) ? book.Find(tripId) ?? await trips.ReadTripAsync(tripId) : null;

    private async Task<Trip> AnswerAgainAsync(OnceOnly once, byte[] given) =>
        await FindAsync(once.RepeatedId(given)) ?? throw DispatchRefusals.TripNotFound.ToRpcException();

    private static Trip Decision(DispatchOutcome outcome) => outcome switch
    {
        Decided { Result: Transition { Trip: { } trip } } => trip,
        Decided { Result: Refused refused } => throw DispatchRefusals.Of(refused).ToRpcException(),
        _ => throw Refusal.Aborted("CONTENDED", "The trip is being changed by too many at once; nothing was changed. Try again.").ToRpcException(),
    };
}
