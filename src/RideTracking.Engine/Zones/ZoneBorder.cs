using NetTopologySuite.Algorithm;
using NetTopologySuite.Geometries;
using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Zones;

/// <summary>
/// The edges of a zone in bands of latitude, so that a question looks at few of them. The same decisions as
/// NetTopologySuite's point locator, whose own index allocates on each query.
/// </summary>
internal sealed class ZoneBorder
{
    private const int MaxBands = 4_096;

    // More would hardly shorten a lookup: what is in a band is then edges that cross it, and those all bands have.
    private const int MaxEntriesPerEdge = 8;

    private const double RadiansPerDegree = Math.PI / 180;

    private readonly Edge[] _edges; // band by band; an edge is in each band that it touches
    private readonly int[] _bandStarts;
    private readonly double _bandsPerDegree;

    public ZoneBorder(Geometry area)
    {
        Envelope bounds = area.EnvelopeInternal;
        (South, West, North, East) = (bounds.MinY, bounds.MinX, bounds.MaxY, bounds.MaxX);
        Edges = [.. EdgesOf(area)];

        int bands = Math.Clamp(Edges.Length, 1, MaxBands);
        while (bands > 1 && EntriesIn(bands) > MaxEntriesPerEdge * Edges.Length)
        {
            bands /= 2;
        }

        _bandsPerDegree = bands / (North - South);
        _bandStarts = new int[bands + 1];
        foreach (Edge edge in Edges)
        {
            for (int band = BandOf(edge.South); band <= BandOf(edge.North); band++)
            {
                _bandStarts[band + 1]++;
            }
        }

        for (int band = 0; band < bands; band++)
        {
            _bandStarts[band + 1] += _bandStarts[band];
        }

        _edges = new Edge[_bandStarts[bands]];
        int[] next = [.. _bandStarts];
        foreach (Edge edge in Edges)
        {
            for (int band = BandOf(edge.South); band <= BandOf(edge.North); band++)
            {
                _edges[next[band]++] = edge;
            }
        }
    }

    /// <summary>Degrees; the western one from -180 to below 180, the eastern one up to 360 more.</summary>
    public double South { get; }

    public double West { get; }

    public double North { get; }

    public double East { get; }

    /// <summary>Each edge once.</summary>
    public Edge[] Edges { get; }

    /// <summary>Edges in all bands together, for tests.</summary>
    public int EntryCount => _edges.Length;

    public bool Contains(GeoPoint point)
    {
        double latitude = point.LatitudeDegrees;
        if (!(latitude >= South && latitude <= North))
        {
            return false;
        }

        ReadOnlySpan<Edge> edges = Band(BandOf(latitude));
        // The same meridian may have three numbers between -180 and 540.
        for (double longitude = point.LongitudeDegrees; longitude <= East; longitude += 360)
        {
            if (longitude >= West && Covers(edges, longitude, latitude))
            {
                return true;
            }
        }

        return point.LongitudeDegrees == 180 && West == -180 && Covers(edges, -180, latitude);
    }

    /// <summary>Whether a place lies inside or on the border, its longitude told as those of the border are.</summary>
    public bool ContainsInOwnFrame(double longitude, double latitude) =>
        latitude >= South && latitude <= North && Covers(Band(BandOf(latitude)), longitude, latitude);

    public double MetersTo(GeoPoint point, double atMostMeters)
    {
        double latitude = point.LatitudeDegrees;
        double reachDegrees = atMostMeters / Earth.MetersPerDegree;
        if (latitude < South - reachDegrees || latitude > North + reachDegrees)
        {
            return atMostMeters;
        }

        double metersPerLongitude = Earth.MetersPerDegree * Math.Cos(latitude * RadiansPerDegree);
        ReadOnlySpan<Edge> edges = _edges.AsSpan(
            _bandStarts[BandOf(latitude - reachDegrees)].._bandStarts[BandOf(latitude + reachDegrees) + 1]);
        double nearest = atMostMeters * atMostMeters;
        for (double longitude = point.LongitudeDegrees - 360; longitude <= point.LongitudeDegrees + 720; longitude += 360)
        {
            if ((West - longitude) * metersPerLongitude < atMostMeters && (longitude - East) * metersPerLongitude < atMostMeters)
            {
                foreach (ref readonly Edge edge in edges)
                {
                    nearest = Math.Min(nearest, SquareMetersTo(edge, longitude, latitude, metersPerLongitude));
                }
            }
        }

        return Math.Sqrt(nearest);
    }

    /// <summary>Where a straight line in longitude and latitude, the short way round the earth, meets the border.</summary>
    /// <param name="from">Must be valid.</param>
    /// <param name="to">Must be valid.</param>
    /// <param name="first">Share of the line, 0 to 1, up to where it meets the border first.</param>
    /// <param name="last">And last.</param>
    /// <returns>False when it does not.</returns>
    public bool Meets(GeoPoint from, GeoPoint to, out double first, out double last)
    {
        (first, last) = (double.PositiveInfinity, double.NegativeInfinity);
        double south = Math.Min(from.LatitudeDegrees, to.LatitudeDegrees), north = Math.Max(from.LatitudeDegrees, to.LatitudeDegrees);
        if (south > North || north < South)
        {
            return false;
        }

        double alongX = Earth.TurnDegrees(from.LongitudeDegrees, to.LongitudeDegrees), alongY = to.LatitudeDegrees - from.LatitudeDegrees;
        double y = from.LatitudeDegrees;
        for (double x = from.LongitudeDegrees - 360; x <= from.LongitudeDegrees + 720; x += 360)
        {
            double west = Math.Min(x, x + alongX), east = Math.Max(x, x + alongX);
            if (west > East || east < West)
            {
                continue;
            }

            foreach (ref readonly Edge edge in _edges.AsSpan(_bandStarts[BandOf(south)].._bandStarts[BandOf(north) + 1]))
            {
                if (edge.X1 < west && edge.X2 < west || edge.X1 > east && edge.X2 > east
                    || edge.Y1 < south && edge.Y2 < south || edge.Y1 > north && edge.Y2 > north)
                {
                    continue;
                }

                double share = edge.ShareOf(x, y, alongX, alongY);
                if (share is >= 0 and <= 1)
                {
                    (first, last) = (Math.Min(first, share), Math.Max(last, share));
                }
            }
        }

        return first <= last;
    }

    // The ray-crossing count of NetTopologySuite's RayCrossingCounter, over all rings at once: holes flip the parity.
    private static bool Covers(ReadOnlySpan<Edge> edges, double x, double y)
    {
        bool inside = false;
        foreach (ref readonly Edge edge in edges)
        {
            if (edge.X1 < x && edge.X2 < x || edge.South > y || edge.North < y)
            {
                continue;
            }

            if (edge.X2 == x && edge.Y2 == y)
            {
                return true;
            }

            if (edge.Y1 == y && edge.Y2 == y)
            {
                if (x >= Math.Min(edge.X1, edge.X2) && x <= Math.Max(edge.X1, edge.X2))
                {
                    return true;
                }
            }
            else if (edge.Y1 > y && edge.Y2 <= y || edge.Y2 > y && edge.Y1 <= y)
            {
                int side = CGAlgorithmsDD.OrientationIndex(edge.X1, edge.Y1, edge.X2, edge.Y2, x, y);
                if (side == 0)
                {
                    return true;
                }

                inside ^= side > 0 == edge.Y2 > edge.Y1;
            }
        }

        return inside;
    }

    private static double SquareMetersTo(in Edge edge, double x, double y, double metersPerLongitude)
    {
        double fromX = (edge.X1 - x) * metersPerLongitude, fromY = (edge.Y1 - y) * Earth.MetersPerDegree;
        double alongX = (edge.X2 - edge.X1) * metersPerLongitude, alongY = (edge.Y2 - edge.Y1) * Earth.MetersPerDegree;
        double length = alongX * alongX + alongY * alongY;
        double share = length == 0 ? 0 : Math.Clamp(-(fromX * alongX + fromY * alongY) / length, 0, 1);
        double offX = fromX + share * alongX, offY = fromY + share * alongY;
        return offX * offX + offY * offY;
    }

    private static IEnumerable<Edge> EdgesOf(Geometry area)
    {
        for (int part = 0; part < area.NumGeometries; part++)
        {
            var polygon = (Polygon)area.GetGeometryN(part);
            foreach (LinearRing ring in polygon.InteriorRings.Prepend(polygon.ExteriorRing).Cast<LinearRing>())
            {
                Coordinate[] points = ring.Coordinates;
                for (int i = 1; i < points.Length; i++)
                {
                    yield return new Edge(points[i - 1].X, points[i - 1].Y, points[i].X, points[i].Y);
                }
            }
        }
    }

    private long EntriesIn(int bands)
    {
        double bandsPerDegree = bands / (North - South);
        long entries = 0;
        foreach (ref readonly Edge edge in Edges.AsSpan())
        {
            entries += 1 + (int)((edge.North - South) * bandsPerDegree) - (int)((edge.South - South) * bandsPerDegree);
        }

        return entries;
    }

    private ReadOnlySpan<Edge> Band(int band) => _edges.AsSpan(_bandStarts[band].._bandStarts[band + 1]);

    private int BandOf(double latitude) =>
        Math.Clamp((int)((latitude - South) * _bandsPerDegree), 0, _bandStarts.Length - 2);
}

/// <summary>A straight piece of a border: longitude and latitude of its ends, degrees.</summary>
internal readonly record struct Edge(double X1, double Y1, double X2, double Y2)
{
    public double South => Math.Min(Y1, Y2);

    public double North => Math.Max(Y1, Y2);

    public double West => Math.Min(X1, X2);

    public double East => Math.Max(X1, X2);

    /// <summary>How far along a line it crosses this edge, in lengths of the line; NaN when the edge lies on one side of it.</summary>
    public double ShareOf(double x, double y, double alongX, double alongY)
    {
        // One of an edge's ends is where the next begins and has the same sign there, so no line slips between two edges.
        double side1 = alongX * (Y1 - y) - alongY * (X1 - x), side2 = alongX * (Y2 - y) - alongY * (X2 - x);
        return side1 >= 0 == side2 >= 0
            ? double.NaN
            : ((X1 - x) * (Y2 - Y1) - (Y1 - y) * (X2 - X1)) / (side2 - side1);
    }
}
