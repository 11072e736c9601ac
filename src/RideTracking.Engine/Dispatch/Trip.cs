using System.Collections.Immutable;
using RideTracking.Engine.Roads;

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
}

/// <summary>Why a trip was cancelled; the numbers are those of the contract.</summary>
public enum CancellationReason : byte
{
    Unspecified = 0,
    ChangedMind = 1,
    WaitedTooLong = 2,
    NotThere = 3,
    VehicleTrouble = 4,
    Other = 5,
    TooLong = 6,
}

/// <summary>Who ended a trip, why, and in what words.</summary>
public sealed record Cancellation(TripActor Actor, CancellationReason Reason, string Note);

/// <summary>A trip offered to a driver who has not answered yet.</summary>
/// <param name="Id">Begins with the trip's id: see <see cref="OfferIds"/>.</param>
/// <param name="DriverId">Who is asked.</param>
/// <param name="ExpiresAt">An answer after this is too late.</param>
public sealed record Offer(string Id, string DriverId, DateTimeOffset ExpiresAt);

/// <summary>The way that a driver was told.</summary>
/// <param name="Version">Rises with each change of the trip's way.</param>
/// <param name="WaypointIds">The waypoint at the end of each leg.</param>
/// <param name="Route">The way itself.</param>
/// <param name="ComputedAt">When it was computed.</param>
public sealed record TripRoute(ulong Version, ImmutableArray<string> WaypointIds, Route Route, DateTimeOffset ComputedAt);

/// <summary>A ride, from the request to a final state. Immutable; each change makes a new one with the next version.</summary>
/// <param name="Id">Names its service area.</param>
/// <param name="Version">The number of its events.</param>
/// <param name="RiderId">Who rides.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Waypoints">Pick-up first, drop-off last.</param>
/// <param name="PartySize">How many people ride.</param>
/// <param name="Note">The rider's words for the driver; may be empty.</param>
/// <param name="RequestedAt">When it was asked for.</param>
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
    DateTimeOffset SearchUntil)
{
    /// <summary>The open offer, only while searching.</summary>
    public Offer? Offer { get; init; }

    /// <summary>Drivers who declined or did not answer: not asked again.</summary>
    public ImmutableArray<string> PassedOver { get; init; } = [];

    /// <summary>Who drives, from <see cref="TripState.Assigned"/> on.</summary>
    public string? DriverId { get; init; }

    /// <summary>When the system ends the trip if nobody else has; from the assignment on.</summary>
    public DateTimeOffset? EndBy { get; init; }

    /// <summary>The waypoint that the driver said to be heading for.</summary>
    public string? HeadingFor { get; init; }

    /// <summary>The way through the waypoints ahead, from the assignment to the end.</summary>
    public TripRoute? Route { get; init; }

    /// <summary>Who ended it and why, when it was cancelled.</summary>
    public Cancellation? Cancellation { get; init; }

    /// <summary>What happened, oldest first, one for each version.</summary>
    public ImmutableArray<TripEvent> Events { get; init; } = [];

    /// <summary>How many offers were made.</summary>
    public int OffersMade { get; init; }

    /// <summary>How many waypoints were ever made, for their ids.</summary>
    public int WaypointsMade { get; init; }

    /// <summary>How often the waypoints were changed.</summary>
    public int WaypointUpdates { get; init; }

    /// <summary>How often the way changed without anybody having asked.</summary>
    public int RouteChanges { get; init; }

    /// <summary>Completed, cancelled or unfulfilled: nothing changes it any more.</summary>
    public bool IsFinal => State is TripState.Completed or TripState.Cancelled or TripState.Unfulfilled;

    /// <summary>When somebody must look at it again even if nobody calls. Null only when final: a trip is never lost.</summary>
    public DateTimeOffset? DueAt => State switch
    {
        TripState.Searching => Offer?.ExpiresAt ?? SearchUntil,
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
}
