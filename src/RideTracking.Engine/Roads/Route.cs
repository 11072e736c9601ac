using System.Collections.Immutable;

namespace RideTracking.Engine.Roads;

/// <summary>Where a route comes from; the numbers are those of the contract.</summary>
public enum RouteSource : byte
{
    Unspecified = 0,

    /// <summary>As the crow flies, at a city's average speed.</summary>
    StraightLine = 1,

    /// <summary>Over the roads of a map.</summary>
    Roads = 2,
}

/// <summary>A stretch of a leg on one street.</summary>
/// <param name="StreetName">In the local language, or its number; empty without one.</param>
/// <param name="DistanceMeters">Length in metres, 0 or more.</param>
/// <param name="Duration">Estimated driving time.</param>
public sealed record RouteStep(string StreetName, double DistanceMeters, TimeSpan Duration);

/// <summary>The part of a route that ends at one of the points asked for.</summary>
/// <param name="DistanceMeters">Length in metres, 0 or more.</param>
/// <param name="Duration">Estimated driving time.</param>
public sealed record RouteLeg(double DistanceMeters, TimeSpan Duration)
{
    /// <summary>Street by street; empty for a straight line.</summary>
    public ImmutableArray<RouteStep> Steps { get; init; } = [];
}

/// <summary>A way through points, in order.</summary>
/// <param name="EncodedPolyline">Google's encoded polyline with 5 decimal digits.</param>
/// <param name="Legs">One for each point after the start.</param>
/// <param name="Source">Where the way comes from.</param>
public sealed record Route(string EncodedPolyline, ImmutableArray<RouteLeg> Legs, RouteSource Source)
{
    /// <summary>Length of all legs in metres.</summary>
    public double DistanceMeters => Legs.Sum(leg => leg.DistanceMeters);

    /// <summary>Estimated driving time over all legs.</summary>
    public TimeSpan Duration => new(Legs.Sum(leg => leg.Duration.Ticks));
}
