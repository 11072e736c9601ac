using RideTracking.Engine.Roads;

namespace RideTracking.Engine.Dispatch;

/// <summary>The limits that transitions keep.</summary>
public sealed record TripRules(IRouteFinder Router)
{
    /// <summary>How long a driver may think about an offer.</summary>
    public TimeSpan OfferWindow { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How many drivers may be asked at the same time; the first to accept has it.</summary>
    public int OffersAtOnce { get; init; } = 1;

    /// <summary>How long a driver is looked for.</summary>
    public TimeSpan SearchTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long before the time of a scheduled trip a driver is looked for.</summary>
    public TimeSpan ScheduledLead { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>How long who declines or ignores an offer is asked for nothing; doubles with each in a row, up to <see cref="MaxCoolDown"/>.</summary>
    public TimeSpan CoolDown { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest <see cref="CoolDown"/>.</summary>
    public TimeSpan MaxCoolDown { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a driver whose phone could not be reached is not asked for the same trip.</summary>
    public TimeSpan UndeliveredPause { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a driver waits at a pick-up before the rider counts as not there.</summary>
    public TimeSpan NoShowWait { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>How long a trip may last from its assignment.</summary>
    public TimeSpan MaxDuration { get; init; } = TimeSpan.FromHours(6);

    /// <summary>How long a command waits that has no natural end.</summary>
    public TimeSpan CommandLifetime { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Whether a driver with a rider in the car may be given the next trip.</summary>
    public bool BackToBack { get; init; } = true;

    /// <summary>Shared trips that a driver may have at a time; 1: none are shared.</summary>
    public int MaxSharedTrips { get; init; } = 3;

    /// <summary>How much longer than alone a shared ride may take, as a share of it.</summary>
    public double MaxDetourShare { get; init; } = 0.5;

    /// <summary>Or so much longer, if that is more.</summary>
    public TimeSpan MaxDetour { get; init; } = TimeSpan.FromMinutes(6);

    /// <summary>How much later than promised a shared car may pick somebody up.</summary>
    public TimeSpan MaxPickupDelay { get; init; } = TimeSpan.FromMinutes(4);

    /// <summary>Waypoints of a trip, those done included.</summary>
    public int MaxWaypoints { get; init; } = 10;

    /// <summary>Offers for one trip; after the last one the trip ends unfulfilled.</summary>
    public int MaxOffers { get; init; } = 50;

    /// <summary>Changes of a trip's waypoints.</summary>
    public int MaxWaypointUpdates { get; init; } = 50;

    /// <summary>Changes of a driver's way that nobody asked for, since the driver was idle: the driver left it, roads were closed, it took longer.</summary>
    public int MaxRouteChanges { get; init; } = 200;
}
