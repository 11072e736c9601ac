using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Roads.Osm;

/// <summary>
/// Maps cut the roads that cross the antimeridian there, into one that ends at 180 degrees and one that begins at -180: two nodes that are one place.
/// </summary>
internal sealed class AntimeridianNodes
{
    // 11 cm: as finely as maps are drawn.
    private const double NearDegrees = 1e-6;

    private readonly Dictionary<long, int> _byLatitude = [];

    /// <summary>The first node asked for at the same place on the antimeridian; the node itself when it is that, or lies elsewhere.</summary>
    public int TwinOf(GeoPoint point, int node)
    {
        if (180 - Math.Abs(point.LongitudeDegrees) > NearDegrees)
        {
            return node;
        }

        // Rounding may have put the two on different sides of a step.
        long row = (long)Math.Round(point.LatitudeDegrees / NearDegrees);
        foreach (long near in (ReadOnlySpan<long>)[row, row - 1, row + 1])
        {
            if (_byLatitude.TryGetValue(near, out int twin))
            {
                return twin;
            }
        }

        return _byLatitude[row] = node;
    }
}
