namespace RideTracking.Engine.Dispatch;

/// <summary>Why a trip was cancelled or given up; the numbers are those of the contract.</summary>
public enum CancellationReason : byte
{
    Unspecified = 0,
    ChangedMind = 1,
    WaitedTooLong = 2,

    /// <summary>From the driver: the rider did not come to the pick-up.</summary>
    NotThere = 3,
    VehicleTrouble = 4,
    Other = 5,

    /// <summary>The system's: it lasted longer than any trip may.</summary>
    TooLong = 6,
}

/// <summary>Who ended a trip, why, and in what words.</summary>
public sealed record Cancellation(TripActor Actor, CancellationReason Reason, string Note);

/// <summary>Why a driver who had a trip has it no more, and the trip goes on; the numbers are those of the contract.</summary>
public enum RemovalReason : byte
{
    Unspecified = 0,

    /// <summary>The driver gave it up.</summary>
    GivenUp = 1,

    /// <summary>The driver was not heard of for too long.</summary>
    Lost = 2,

    /// <summary>The company blocked the driver.</summary>
    Blocked = 3,

    /// <summary>The company or ops gave it to somebody else, or took it away.</summary>
    Reassigned = 4,
}
