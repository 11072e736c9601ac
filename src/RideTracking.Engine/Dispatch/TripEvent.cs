namespace RideTracking.Engine.Dispatch;

/// <summary>What happened to a trip; the numbers are those of the contract.</summary>
public enum TripEventKind : byte
{
    Unspecified = 0,
    Requested = 1,
    Offered = 2,
    OfferDeclined = 3,
    OfferTimedOut = 4,
    Assigned = 5,
    EnRoute = 6,
    Arrived = 7,
    WaypointDone = 8,
    WaypointsUpdated = 9,
    Completed = 10,
    Cancelled = 11,
    Unfulfilled = 12,
    RouteChanged = 13,
}

/// <summary>Who did something to a trip; the numbers are those of the contract.</summary>
public enum TripActor : byte
{
    Unspecified = 0,
    Rider = 1,
    Driver = 2,
    Ops = 3,
    System = 4,
}

/// <summary>Something that happened to a trip. Each change of a trip has exactly one.</summary>
/// <param name="Version">The trip's version after it: 1, 2, 3 … without a gap.</param>
/// <param name="Kind">What happened.</param>
/// <param name="OccurredAt">When, as who did it says; never before the request nor after <paramref name="RecordedAt"/>.</param>
/// <param name="RecordedAt">When the server decided it.</param>
/// <param name="Actor">Who did it.</param>
/// <param name="State">The trip's state after it.</param>
/// <param name="DriverId">The driver it is about, if any.</param>
public sealed record TripEvent(
    ulong Version,
    TripEventKind Kind,
    DateTimeOffset OccurredAt,
    DateTimeOffset RecordedAt,
    TripActor Actor,
    TripState State,
    string? DriverId);
