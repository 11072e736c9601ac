using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using Grpc.Core;
using RideTracking.Engine.Dispatch;
using RideTracking.Server.Areas;
using RideTracking.Server.Protocol;
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
        var digest = SHA256.HashData(request.ToByteArray());
        byte[] answer = [.. digest, .. Encoding.ASCII.GetBytes(tripId)];
        var key = keys.RequestAnswer(subject, request.RequestId);
        if (admission.Refusal(waypoints, known: []) is { } refused)
        {
            // A repeat of what was accepted before the zones changed is still a repeat.
            return await trips.ReadAnswerAsync(key) is { } given ? await AnswerAgainAsync(request, digest, given) : throw refused.ToRpcException();
        }

        var happened = new RideRequested(tripId, request.RiderId, waypoints, (int)request.PartySize, request.Note, actor)
        {
            Terms = TripTermsWire.Of(request.Terms),
        };
        var outcome = await dispatcher.DispatchAsync(tripId, happened, answer: _ => new StoredAnswer(key, answer));
        return outcome is AnsweredBefore before ? await AnswerAgainAsync(request, digest, before.Answer) : Decision(outcome);
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

    private async Task<Trip> AnswerAgainAsync(V1.RequestTripRequest request, byte[] digest, byte[] given)
    {
        if (!given.AsSpan(0, digest.Length).SequenceEqual(digest))
        {
            throw Refusal.AlreadyExists(
                "REQUEST_ID_REUSED", $"The request {request.RequestId} was made before, with another body. Make a new id for a new request.").ToRpcException();
        }

        return await FindAsync(Encoding.ASCII.GetString(given.AsSpan(digest.Length))) ?? throw DispatchRefusals.TripNotFound.ToRpcException();
    }

    private static Trip Decision(DispatchOutcome outcome) => outcome switch
    {
        Decided { Result: Transition { Trip: { } trip } } => trip,
        Decided { Result: Refused refused } => throw DispatchRefusals.Of(refused).ToRpcException(),
        _ => throw Refusal.Aborted("CONTENDED", "The trip is being changed by too many at once; nothing was changed. Try again.").ToRpcException(),
    };
}
