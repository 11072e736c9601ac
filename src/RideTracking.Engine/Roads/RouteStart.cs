using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Roads;

/// <summary>Where a way begins: at a car, which may be anywhere that cars drive, or at a stop, where somebody gets in or out.</summary>
public readonly record struct RouteStart
{
    private RouteStart(GeoPoint point, double? courseDegrees, bool isStop) => (Point, CourseDegrees, IsStop) = (point, courseDegrees, isStop);

    /// <summary>The place.</summary>
    public GeoPoint Point { get; }

    /// <summary>Where the car is heading, degrees clockwise from true north; null when it stands, or nobody knows.</summary>
    public double? CourseDegrees { get; }

    /// <summary>Whether somebody gets in or out there, so that it is in no tunnel and on no motorway.</summary>
    public bool IsStop { get; }

    /// <summary>Where a car is, and where it is heading.</summary>
    public static RouteStart Car(GeoPoint point, double? courseDegrees = null) => new(point, courseDegrees, isStop: false);

    /// <summary>Where somebody gets in or out.</summary>
    public static RouteStart Stop(GeoPoint point) => new(point, courseDegrees: null, isStop: true);
}
