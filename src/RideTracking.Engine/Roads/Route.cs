using System.Collections.Immutable;
using RideTracking.Engine.Geo;

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

    /// <summary>
    /// How far it is on foot, as the crow flies, from where the car stops to the point asked for, in metres: 50 or more; 0 when it is less.
    /// Neither length nor time of the leg has it.
    /// </summary>
    public double WalkMeters { get; init; }
}

/// <summary>A way through points, in order.</summary>
/// <param name="EncodedPolyline">Google's encoded polyline with 5 decimal digits.</param>
/// <param name="Legs">One for each point after the start.</param>
/// <param name="Source">Where the way comes from.</param>
public sealed record Route(string EncodedPolyline, ImmutableArray<RouteLeg> Legs, RouteSource Source)
{
    /// <summary>The same as <see cref="RouteLeg.WalkMeters"/> at a start where somebody gets in.</summary>
    public double StartWalkMeters { get; init; }

    /// <summary>Length of all legs in metres.</summary>
    public double DistanceMeters => Legs.Sum(leg => leg.DistanceMeters);

    /// <summary>Estimated driving time over all legs.</summary>
    public TimeSpan Duration => new(Legs.Sum(leg => leg.Duration.Ticks));

    /// <summary>The first so many legs, with the line as far as they go.</summary>
    public Route UpTo(int legs)
    {
        if (legs >= Legs.Length)
        {
            return this;
        }

        var points = Geo.EncodedPolyline.Decode(EncodedPolyline);
        var along = new double[points.Length];
        for (var i = 1; i < points.Length; i++)
        {
            along[i] = along[i - 1] + Earth.DistanceMeters(points[i - 1], points[i]);
        }

        // Each leg ends at a corner; the line's own length differs from the legs' by its rounding alone.
        var end = along[^1] * Legs.Take(legs).Sum(leg => leg.DistanceMeters) / Math.Max(DistanceMeters, double.Epsilon);
        var corner = Enumerable.Range(0, points.Length).MinBy(i => Math.Abs(along[i] - end));
        return this with { EncodedPolyline = Geo.EncodedPolyline.Encode(points.AsSpan(0, corner + 1)), Legs = Legs[..legs] };
    }

    /// <summary>The same way with fewer legs: each that does not end where a leg is to end is part of the next.</summary>
    /// <param name="ends">For each leg whether one is to end there; the last must.</param>
    public Route Joined(ReadOnlySpan<bool> ends)
    {
        var legs = ImmutableArray.CreateBuilder<RouteLeg>();
        var (meters, time, steps) = (0.0, TimeSpan.Zero, ImmutableArray<RouteStep>.Empty);
        for (var i = 0; i < Legs.Length; i++)
        {
            (meters, time, steps) = (meters + Legs[i].DistanceMeters, time + Legs[i].Duration, steps.AddRange(Legs[i].Steps));
            if (ends[i])
            {
                legs.Add(new RouteLeg(meters, time) { Steps = steps, WalkMeters = Legs[i].WalkMeters });
                (meters, time, steps) = (0.0, TimeSpan.Zero, []);
            }
        }

        return this with { Legs = legs.ToImmutable() };
    }
}
