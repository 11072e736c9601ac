using NetTopologySuite.Algorithm;
using NetTopologySuite.Geometries;

namespace RideTracking.Engine.Geo;

/// <summary>
/// A polygon, or several, with holes, made ready for asking whether places lie inside. Edges are straight lines between
/// longitudes and latitudes, as in GeoJSON. Immutable, thread-safe.
/// </summary>
public sealed class GeoPolygon : IGeoArea
{
    private readonly Edge[] _edges; // by strip: an edge is in each strip of latitude that it touches
    private readonly int[] _firstOfStrip;
    private readonly int _strips;
    private readonly double _south;
    private readonly double _stripsPerDegree;
    private readonly double _west;
    private readonly double _east;

    /// <summary>Prepares a geometry.</summary>
    /// <param name="geometry">
    /// A valid polygon or multi-polygon in WGS 84 degrees, x the longitude. One that crosses the antimeridian either is cut
    /// there (RFC 7946) or goes on beyond it: longitudes from -360 to 360 are understood, at most a turn wide.
    /// </param>
    /// <exception cref="ArgumentException">Another kind of geometry, an empty one, or one out of range.</exception>
    public GeoPolygon(Geometry geometry)
    {
        Envelope envelope = geometry.EnvelopeInternal;
        if (geometry is not IPolygonal || geometry.IsEmpty)
        {
            throw new ArgumentException("Must be a polygon or multi-polygon, and not empty.", nameof(geometry));
        }

        // Written so that NaN fails.
        if (!(envelope.MinY >= -90 && envelope.MaxY <= 90 && envelope.MinX >= -360 && envelope.MaxX <= 360 && envelope.Width <= 360))
        {
            throw new ArgumentException(
                "Latitudes must be within -90 to 90, longitudes within -360 to 360 and at most a turn wide.", nameof(geometry));
        }

        _west = envelope.MinX;
        _east = envelope.MaxX;
        _south = envelope.MinY;
        Bounds = new GeoRectangle(
            envelope.MinY,
            envelope.Width >= 360 ? -180 : Earth.WrapLongitude(envelope.MinX),
            envelope.MaxY,
            envelope.Width >= 360 ? 180 : envelope.MaxX == 180 ? 180 : Earth.WrapLongitude(envelope.MaxX));
        List<Edge> edges = EdgesOf(geometry);
        _strips = Math.Clamp(edges.Count / 4, 1, 1_024);
        _stripsPerDegree = envelope.Height > 0 ? _strips / envelope.Height : 0;
        (_edges, _firstOfStrip) = ByStrip(edges);
    }

    /// <inheritdoc/>
    public GeoRectangle Bounds { get; }

    /// <inheritdoc/>
    public bool Contains(GeoPoint point) =>
        ContainsPlanar(point.LongitudeDegrees, point.LatitudeDegrees)
        || ContainsPlanar(point.LongitudeDegrees + 360, point.LatitudeDegrees)
        || ContainsPlanar(point.LongitudeDegrees - 360, point.LatitudeDegrees);

    // How often a ray to the east crosses the edges: odd inside. Which side of an edge, the library tells exactly.
    private bool ContainsPlanar(double x, double y)
    {
        if (!(x >= _west && x <= _east && y >= _south && y <= Bounds.NorthDegrees))
        {
            return false;
        }

        int strip = StripOf(y);
        bool inside = false;
        foreach (ref readonly Edge edge in _edges.AsSpan(_firstOfStrip[strip].._firstOfStrip[strip + 1]))
        {
            if (y < edge.Bottom.Y || y > edge.Top.Y || x > Math.Max(edge.Bottom.X, edge.Top.X))
            {
                continue;
            }

            if (edge.Bottom.Y == edge.Top.Y)
            {
                if (x >= Math.Min(edge.Bottom.X, edge.Top.X))
                {
                    return true; // on a level edge
                }

                continue;
            }

            int side = CGAlgorithmsDD.OrientationIndex(edge.Bottom.X, edge.Bottom.Y, edge.Top.X, edge.Top.Y, x, y);
            if (side == 0)
            {
                return true; // on the edge
            }

            // The upper end belongs to the next edge. Left of an edge that goes up, the ray meets it.
            inside ^= side > 0 && y < edge.Top.Y;
        }

        return inside;
    }

    /// <summary>The strip of a latitude within the bounds; the northern edge is in the last.</summary>
    private int StripOf(double y) => Math.Min((int)((y - _south) * _stripsPerDegree), _strips - 1);

    private static List<Edge> EdgesOf(Geometry geometry)
    {
        var edges = new List<Edge>();
        for (int part = 0; part < geometry.NumGeometries; part++)
        {
            var polygon = (Polygon)geometry.GetGeometryN(part);
            AddRing(polygon.ExteriorRing, edges);
            foreach (LineString hole in polygon.InteriorRings)
            {
                AddRing(hole, edges);
            }
        }

        return edges;
    }

    private static void AddRing(LineString ring, List<Edge> edges)
    {
        CoordinateSequence points = ring.CoordinateSequence;
        for (int index = 1; index < points.Count; index++)
        {
            (double X, double Y) from = (points.GetX(index - 1), points.GetY(index - 1)), to = (points.GetX(index), points.GetY(index));
            edges.Add(from.Y <= to.Y ? new Edge(from, to) : new Edge(to, from));
        }
    }

    private (Edge[] Edges, int[] FirstOfStrip) ByStrip(List<Edge> edges)
    {
        int[] first = new int[_strips + 1];
        foreach (Edge edge in edges)
        {
            for (int strip = StripOf(edge.Bottom.Y); strip <= StripOf(edge.Top.Y); strip++)
            {
                first[strip + 1]++;
            }
        }

        for (int strip = 0; strip < _strips; strip++)
        {
            first[strip + 1] += first[strip];
        }

        var sorted = new Edge[first[_strips]];
        int[] next = first[.._strips];
        foreach (Edge edge in edges)
        {
            for (int strip = StripOf(edge.Bottom.Y); strip <= StripOf(edge.Top.Y); strip++)
            {
                sorted[next[strip]++] = edge;
            }
        }

        return (sorted, first);
    }

    /// <summary>One edge, its ends in the order of their latitudes.</summary>
    private readonly record struct Edge((double X, double Y) Bottom, (double X, double Y) Top);
}
