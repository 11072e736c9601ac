using RideTracking.Engine.Roads;

namespace RideTracking.Engine.Dispatch;

/// <summary>The limits that transitions keep.</summary>
public sealed record TripRules(IRouteFinder Router)
{
    /// <summary>How long a driver may think about an offer.</summary>
    public TimeSpan OfferWindow { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a driver is looked for.</summary>
    public TimeSpan SearchTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a trip may last from its assignment.</summary>
    public TimeSpan MaxDuration { get; init; } = TimeSpan.FromHours(6);

    /// <summary>How long a command waits that has no natural end.</summary>
    public TimeSpan CommandLifetime { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Waypoints of a trip, those done included.</summary>
    public int MaxWaypoints { get; init; } = 10;

    /// <summary>Offers for one trip; after the last one the trip ends unfulfilled.</summary>
    public int MaxOffers { get; init; } = 50;

    /// <summary>Changes of a trip's waypoints.</summary>
    public int MaxWaypointUpdates { get; init; } = 50;

    /// <summary>Changes of a trip's way that nobody asked for: since the driver left it, or roads were closed.</summary>
    public int MaxRouteChanges { get; init; } = 200;
}
