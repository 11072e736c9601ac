using System.Collections.Immutable;
using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Roads;

/// <summary>
/// Routes for a city whose roads are not known: great circles from point to point at one average speed. Thread-safe.
/// </summary>
public sealed class StraightLineRouter
{
    private readonly double _speedMetersPerSecond;

    /// <param name="speedMetersPerSecond">
    /// Average speed over a straight line, in m/s, above 0. Lower than what a speedometer shows: streets bend.
    /// </param>
    public StraightLineRouter(double speedMetersPerSecond)
    {
        if (!double.IsFinite(speedMetersPerSecond) || speedMetersPerSecond <= 0)
        {
            throw new ArgumentOutOfRangeException(nameof(speedMetersPerSecond), speedMetersPerSecond, "The speed must be above 0 m/s.");
        }

        _speedMetersPerSecond = speedMetersPerSecond;
    }

    /// <summary>The way from <paramref name="start"/> through <paramref name="points"/>, in their order.</summary>
    public Route Through(GeoPoint start, ReadOnlySpan<GeoPoint> points)
    {
        var line = new GeoPoint[points.Length + 1];
        line[0] = start;
        points.CopyTo(line.AsSpan(1));
        var legs = ImmutableArray.CreateBuilder<RouteLeg>(points.Length);
        for (var i = 1; i < line.Length; i++)
        {
            legs.Add(Leg(line[i - 1], line[i]));
        }

        return new Route(EncodedPolyline.Encode(line), legs.MoveToImmutable(), RouteSource.StraightLine);
    }

    /// <summary>Distance and driving time from one point to another.</summary>
    public RouteLeg Leg(GeoPoint from, GeoPoint to)
    {
        var meters = Earth.DistanceMeters(from, to);
        return new RouteLeg(meters, TimeSpan.FromSeconds(meters / _speedMetersPerSecond));
    }
}
