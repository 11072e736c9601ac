using RideTracking.Engine.Geo;

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

    /// <summary>An offer expired that never reached the driver's phone.</summary>
    OfferUndelivered = 14,

    /// <summary>An offer was taken back: its driver cannot do the trip any more.</summary>
    OfferWithdrawn = 15,

    /// <summary>A scheduled trip looks for a driver from now on.</summary>
    SearchStarted = 16,

    /// <summary>The driver has the trip no more, and another one is looked for, or has it.</summary>
    DriverRemoved = 17,

    /// <summary>The driver is not heard of, with the rider in the car.</summary>
    DriverLost = 18,

    /// <summary>The driver is heard of again.</summary>
    DriverFound = 19,
}

/// <summary>Who did something to a trip; the numbers are those of the contract.</summary>
public enum TripActor : byte
{
    Unspecified = 0,
    Rider = 1,
    Driver = 2,
    Ops = 3,
    System = 4,

    /// <summary>The company's backend.</summary>
    Service = 5,
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
    string? DriverId)
{
    /// <summary>Where that driver was, if it was known.</summary>
    public GeoPoint? Place { get; init; }

    /// <summary>Why it was cancelled, or given up by the driver.</summary>
    public CancellationReason Cancellation { get; init; }

    /// <summary>Why an offer was declined.</summary>
    public DeclineReason Decline { get; init; }

    /// <summary>Why a driver has the trip no more, or an offer was taken back.</summary>
    public RemovalReason Removal { get; init; }

    /// <summary>The words of who did it; may be empty.</summary>
    public string Note { get; init => field = value ?? ""; } = "";
}
