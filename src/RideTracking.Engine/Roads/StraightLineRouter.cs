using System.Collections.Immutable;
using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Roads;

/// <summary>
/// Routes for a city whose roads are not known: great circles from point to point at one average speed. Thread-safe.
/// </summary>
public sealed class StraightLineRouter : IRouteFinder
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

    /// <inheritdoc/>
    public Route Through(RouteStart start, ReadOnlySpan<GeoPoint> stops)
    {
        var line = new GeoPoint[stops.Length + 1];
        line[0] = start.Point;
        stops.CopyTo(line.AsSpan(1));
        var legs = ImmutableArray.CreateBuilder<RouteLeg>(stops.Length);
        for (var i = 1; i < line.Length; i++)
        {
            legs.Add(Leg(line[i - 1], line[i]));
        }

        return new Route(EncodedPolyline.Encode(line), legs.MoveToImmutable(), RouteSource.StraightLine);
    }

    /// <inheritdoc/>
    public void Times(ReadOnlySpan<RouteStart> from, ReadOnlySpan<GeoPoint> to, Span<double> seconds)
    {
        for (var row = 0; row < from.Length; row++)
        {
            for (var column = 0; column < to.Length; column++)
            {
                seconds[row * to.Length + column] = Earth.DistanceMeters(from[row].Point, to[column]) / _speedMetersPerSecond;
            }
        }
    }

    private RouteLeg Leg(GeoPoint from, GeoPoint to)
    {
        var meters = Earth.DistanceMeters(from, to);
        return new RouteLeg(meters, TimeSpan.FromSeconds(meters / _speedMetersPerSecond));
    }
}
