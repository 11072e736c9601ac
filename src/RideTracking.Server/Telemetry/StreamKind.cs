namespace RideTracking.Server.Telemetry;

/// <summary>The streams that are counted apart; the metric's tag <c>stream</c>.</summary>
public enum StreamKind
{
    /// <summary>A driver's <c>Connect</c>.</summary>
    Driver,

    /// <summary>A rider's <c>WatchTrip</c>.</summary>
    Trip,

    /// <summary>A viewport's <c>WatchFleet</c>.</summary>
    Fleet,

    /// <summary>Somebody's <c>WatchZoneEvents</c>.</summary>
    ZoneEvents,

    /// <summary>Somebody's <c>WatchTripEvents</c>.</summary>
    TripEvents,

    /// <summary>A rider's <c>WatchNearbyDrivers</c>.</summary>
    Nearby,

    /// <summary>Somebody's <c>WatchSharedTrip</c>.</summary>
    SharedTrip,

    /// <summary>Somebody's <c>WatchIncidents</c>.</summary>
    Incidents,

    /// <summary>The company's matcher on <c>ServeMatching</c>.</summary>
    Matching,
}
