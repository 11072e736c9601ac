using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using RideTracking.Engine.Dispatch;
using RideTracking.Server.Directories;

namespace RideTracking.Server.Trips;

/// <summary>
/// Commands as the outbox keeps them: the message that the app will get, but for its sequence, under a field that says
/// what a newer one supersedes. So a driver's outbox holds one route, and at most one command of each kind for a trip.
/// </summary>
internal sealed class CommandWire(CompanyDirectory directory)
{
    private static readonly TimeSpan QueuePlaceHolds = TimeSpan.FromHours(24);

    /// <summary>A command as it is kept; one with a passenger names who that is now.</summary>
    /// <exception cref="StackExchange.Redis.RedisException">The store is away.</exception>
    public async ValueTask<OutboxCommand> ToOutboxAsync(DriverCommand command) => command switch
    {
        TripOffered c => Entry(c, OfferField(c.OfferId), [], new V1.Command { TripOffer = Offer(c) }),
        // The offer means nothing any more, so an app that has not seen it never will.
        OfferWithdrawn c => Entry(c, "withdrawn:" + c.OfferId, [OfferField(c.OfferId)], new V1.Command
        {
            OfferWithdrawn = new V1.OfferWithdrawn { OfferId = c.OfferId, TripId = c.TripId, Outcome = (V1.OfferOutcome)c.Outcome },
        }),
        TripAssigned c => Entry(
            c, AssignedField(c.Trip.Id), c.OfferId is null ? [] : [OfferField(c.OfferId)], new V1.Command { TripAssigned = await AssignedAsync(c) }),
        // The passenger is to be forgotten, so an app that has not heard of them never will.
        TripRemoved c => Entry(c, "removed:" + c.TripId, [AssignedField(c.TripId)], new V1.Command
        {
            TripRemoved = new V1.TripRemoved
            {
                TripId = c.TripId,
                State = (V1.TripState)c.State,
                Cancellation = c.Cancellation is null ? null : TripWire.Of(c.Cancellation),
            },
        }),
        RouteChanged c => Entry(c, "route", [], new V1.Command { RouteChanged = TripWire.Of(c) }),
        _ => throw new ArgumentOutOfRangeException(nameof(command), command.GetType(), "No wire form."),
    };

    /// <summary>A driver's place in a queue; only the newest counts. It holds until it changes.</summary>
    public static OutboxCommand QueuePosition(string zoneId, string zoneName, int place, int length, int exactPlaces, DateTimeOffset now) => Entry(
        now + QueuePlaceHolds, "queue:" + zoneId, [],
        new V1.Command
        {
            QueuePosition = new V1.QueuePosition
            {
                ZoneId = zoneId,
                ZoneName = zoneName,
                Position = (uint)place,
                QueueLength = (uint)length,
                IsExact = place <= exactPlaces,
            },
        });

    /// <summary>The field of an offer in its driver's outbox, until the phone has it.</summary>
    public static string OfferField(string offerId) => "offer:" + offerId;

    /// <summary>Words for a driver; none takes another's place.</summary>
    public static OutboxCommand Message(V1.DriverMessage message, DateTimeOffset expiresAt) =>
        Entry(expiresAt, "message:" + message.MessageId, [], new V1.Command { DriverMessage = message });

    private static string AssignedField(string tripId) => "assigned:" + tripId;

    private static OutboxCommand Entry(DriverCommand command, string field, string[] supersedes, V1.Command wire) =>
        Entry(command.ExpiresAt, field, supersedes, wire);

    private static OutboxCommand Entry(DateTimeOffset expiresAt, string field, string[] supersedes, V1.Command wire)
    {
        wire.ExpiresAt = expiresAt.ToTimestamp();
        return new OutboxCommand(field, [.. supersedes], expiresAt, wire.ToByteArray());
    }

    private static V1.TripOffer Offer(TripOffered offered)
    {
        var offer = new V1.TripOffer
        {
            OfferId = offered.OfferId,
            TripId = offered.Trip.Id,
            DecisionWindow = offered.DecisionWindow.ToDuration(),
            ExpiresAt = offered.ExpiresAt.ToTimestamp(),
            PartySize = (uint)offered.Trip.PartySize,
            PickupDistanceMeters = offered.PickupDistanceMeters,
            PickupEta = offered.PickupEta.ToDuration(),
            IsNext = offered.IsNext,
            IsShared = offered.IsShared,
            PickupCodeRequired = offered.Trip.Terms.PickupCode is not null,
        };
        offer.Waypoints.AddRange(offered.Trip.Ahead.Select(w => TripWire.Of(w, offered.Trip.Id)));
        return offer;
    }

    private async ValueTask<V1.TripAssigned> AssignedAsync(TripAssigned assigned)
    {
        var wire = new V1.TripAssigned
        {
            TripId = assigned.Trip.Id,
            PartySize = (uint)assigned.Trip.PartySize,
            Passenger = await directory.PassengerOfAsync(assigned.Trip.RiderId, assigned.Trip.Note),
            PickupCodeRequired = assigned.Trip.Terms.PickupCode is not null,
        };
        wire.Waypoints.AddRange(assigned.Trip.Waypoints.Select(w => TripWire.Of(w, assigned.Trip.Id)));
        return wire;
    }
}
