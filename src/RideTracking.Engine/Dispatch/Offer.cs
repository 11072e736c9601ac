namespace RideTracking.Engine.Dispatch;

/// <summary>A trip offered to a driver who has not answered yet.</summary>
/// <param name="Id">Begins with the trip's id: see <see cref="OfferIds"/>.</param>
/// <param name="DriverId">Who is asked.</param>
/// <param name="ExpiresAt">An answer after this is too late.</param>
public sealed record Offer(string Id, string DriverId, DateTimeOffset ExpiresAt);

/// <summary>What became of an offer; the numbers are those of the contract.</summary>
public enum OfferOutcome : byte
{
    Unspecified = 0,
    Accepted = 1,
    Declined = 2,
    TimedOut = 3,
    Withdrawn = 4,

    /// <summary>Another driver was faster.</summary>
    LostRace = 5,

    /// <summary>It never reached the driver's phone, and is not counted against the driver.</summary>
    Undelivered = 6,
}

/// <summary>Why a driver does not want a trip; the numbers are those of the contract.</summary>
public enum DeclineReason : byte
{
    Unspecified = 0,
    TooFar = 1,
    Destination = 2,
    Busy = 3,
    Vehicle = 4,
    Other = 5,
}

/// <summary>A driver who is not asked for a trip (again).</summary>
/// <param name="DriverId">Who.</param>
/// <param name="Until">When the driver may be asked again; null for never.</param>
public sealed record PassedOver(string DriverId, DateTimeOffset? Until);
