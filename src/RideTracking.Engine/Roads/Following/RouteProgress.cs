using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Roads.Following;

/// <summary>How far a driver has got along a route.</summary>
public readonly record struct RouteProgress
{
    /// <summary>Metres of the route that lie behind.</summary>
    public required double DrivenMeters { get; init; }

    /// <summary>Metres to the end of the route.</summary>
    public required double RemainingMeters { get; init; }

    /// <summary>Expected driving time to the end of the route.</summary>
    public required TimeSpan RemainingTime { get; init; }

    /// <summary>Index of the leg being driven, which is that of the waypoint at its end; the number of legs when all is done.</summary>
    public required int NextWaypoint { get; init; }

    /// <summary>Metres to the next waypoint; 0 when all is done.</summary>
    public required double NextWaypointMeters { get; init; }

    /// <summary>Expected driving time to the next waypoint; zero when all is done.</summary>
    public required TimeSpan NextWaypointTime { get; init; }

    /// <summary>The place reached, on the route's line; on a straight-line route, that of the fix.</summary>
    public required GeoPoint Place { get; init; }

    /// <summary>Direction of the route's line there, degrees clockwise from true north, 0 to below 360; NaN on a straight-line route and before the first fix on a line.</summary>
    public required double CourseDegrees { get; init; }

    /// <summary>From the last fix to the route's line, in metres.</summary>
    public required double DistanceToRouteMeters { get; init; }

    /// <summary>The driver has left the route and has not come back.</summary>
    public required bool IsOffRoute { get; init; }
}
