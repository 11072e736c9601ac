namespace RideTracking.Engine.Index;

/// <summary>What the driver has chosen. The numbers are those of the contract's <c>DriverAvailability</c>.</summary>
public enum DriverAvailability : byte
{
    /// <summary>Not known.</summary>
    Unspecified = 0,

    /// <summary>Not at work.</summary>
    Offline = 1,

    /// <summary>Wants trips.</summary>
    Available = 2,

    /// <summary>At work, wants no trips for a while.</summary>
    Paused = 3,

    /// <summary>Finishes what it has, wants no further trip.</summary>
    LastTrip = 4,
}

/// <summary>What the driver is doing, as its plan says. The numbers are those of the contract's <c>DriverWork</c>.</summary>
public enum DriverWork : byte
{
    /// <summary>Not known.</summary>
    Unspecified = 0,

    /// <summary>No trip.</summary>
    Idle = 1,

    /// <summary>Has an offer to decide on.</summary>
    Offered = 2,

    /// <summary>On the way to a pick-up, or waiting there.</summary>
    ToPickup = 3,

    /// <summary>With passengers.</summary>
    OnTrip = 4,
}

/// <summary>Whether the driver's app is heard. The numbers are those of the contract's <c>DriverLink</c>.</summary>
public enum DriverLink : byte
{
    /// <summary>Not known.</summary>
    Unspecified = 0,

    /// <summary>A stream is open.</summary>
    Connected = 1,

    /// <summary>The stream is gone.</summary>
    Lost = 2,
}

/// <summary>The three things that a driver is; never one enum, since they change apart from each other.</summary>
/// <param name="Availability">As chosen.</param>
/// <param name="Work">As the plan says.</param>
/// <param name="Link">Whether the app is heard.</param>
public readonly record struct DriverStatus(DriverAvailability Availability, DriverWork Work, DriverLink Link);
