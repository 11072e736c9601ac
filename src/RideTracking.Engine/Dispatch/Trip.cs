using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace RideTracking.Engine.Dispatch;

/// <summary>Where a trip stands; the numbers are those of the contract.</summary>
public enum TripState : byte
{
    Unspecified = 0,
    Searching = 1,
    Assigned = 2,
    EnRouteToPickup = 3,
    ArrivedAtPickup = 4,
    InProgress = 5,
    Completed = 6,
    Cancelled = 7,
    Unfulfilled = 8,
    Scheduled = 9,
}

/// <summary>A ride, from the request to a final state. Immutable; each change makes a new one with the next version.</summary>
/// <remarks>A reader of stored trips may leave out what an older version did not write: it is then what it is without.</remarks>
/// <param name="Id">Names its service area.</param>
/// <param name="Version">The number of its events.</param>
/// <param name="RiderId">Who rides.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Waypoints">Pick-up first, drop-off last.</param>
/// <param name="PartySize">How many people ride.</param>
/// <param name="Note">The rider's words for the driver; may be empty.</param>
/// <param name="RequestedAt">When it was asked for.</param>
/// <param name="SearchFrom">A driver is looked for from then on.</param>
/// <param name="SearchUntil">Without a driver by then it ends unfulfilled.</param>
public sealed record Trip(
    string Id,
    ulong Version,
    string RiderId,
    TripState State,
    ImmutableArray<Waypoint> Waypoints,
    int PartySize,
    string Note,
    DateTimeOffset RequestedAt,
    DateTimeOffset SearchFrom,
    DateTimeOffset SearchUntil)
{
    /// <summary>Drawn anew for each commit; 0 until then. A store that has forgotten its last writes gives their versions again, never their tokens.</summary>
    [JsonIgnore]
    public ulong Token { get; init; }

    /// <summary>What was asked for and never changes.</summary>
    public TripTerms Terms { get; init => field = value ?? TripTerms.Plain; } = TripTerms.Plain;

    /// <summary>The open offers, the oldest first; only while searching.</summary>
    public ImmutableArray<Offer> Offers { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>The offer that the driver took.</summary>
    public string? AcceptedOfferId { get; init; }

    /// <summary>Drivers who are not asked (again).</summary>
    public ImmutableArray<PassedOver> PassedOver { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>Who drives, from <see cref="TripState.Assigned"/> on.</summary>
    public string? DriverId { get; init; }

    /// <summary>The driver has not been heard of since then, with the rider in the car.</summary>
    public DateTimeOffset? DriverLostSince { get; init; }

    /// <summary>When the system ends the trip if nobody else has; from the assignment on.</summary>
    public DateTimeOffset? EndBy { get; init; }

    /// <summary>The waypoint that the driver said to be heading for.</summary>
    public string? HeadingFor { get; init; }

    /// <summary>Who ended it and why, when it was cancelled.</summary>
    public Cancellation? Cancellation { get; init; }

    /// <summary>What the rider was told about arrivals, oldest first: at the assignment, when the ride began, when it was changed.</summary>
    public ImmutableArray<PromisedArrival> Promised { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>What happened, oldest first, one for each version.</summary>
    public ImmutableArray<TripEvent> Events { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>How many offers were made.</summary>
    public int OffersMade { get; init; }

    /// <summary>How many waypoints were ever made, for their ids.</summary>
    public int WaypointsMade { get; init; }

    /// <summary>How often the waypoints were changed.</summary>
    public int WaypointUpdates { get; init; }

    /// <summary>Completed, cancelled or unfulfilled: nothing changes it any more.</summary>
    public bool IsFinal => State is TripState.Completed or TripState.Cancelled or TripState.Unfulfilled;

    /// <summary>A driver has it and the rider is not in the car yet.</summary>
    public bool IsBeforePickup => State is TripState.Assigned or TripState.EnRouteToPickup or TripState.ArrivedAtPickup;

    /// <summary>When somebody must look at it again even if nobody calls. Null only when final: a trip is never lost.</summary>
    public DateTimeOffset? DueAt => State switch
    {
        TripState.Scheduled => SearchFrom,
        TripState.Searching => Offers.IsEmpty ? SearchUntil : Offers.Min(o => o.ExpiresAt),
        _ when IsFinal => null,
        _ => EndBy,
    };

    /// <summary>The first waypoint that is not done, or null.</summary>
    public Waypoint? Next
    {
        get
        {
            foreach (var waypoint in Waypoints)
            {
                if (waypoint.State != WaypointState.Done)
                {
                    return waypoint;
                }
            }

            return null;
        }
    }

    /// <summary>The waypoints that are not done, in order.</summary>
    public ImmutableArray<Waypoint> Ahead => [.. Waypoints.Where(w => w.State != WaypointState.Done)];

    /// <summary>The open offer to a driver, or null.</summary>
    public Offer? OfferTo(string driverId) => Offers.FirstOrDefault(o => o.DriverId == driverId);

    /// <summary>Whether a driver is not to be asked now.</summary>
    public bool IsPassedOver(string driverId, DateTimeOffset now) =>
        PassedOver.Any(p => p.DriverId == driverId && (p.Until is not { } until || now < until));
}
