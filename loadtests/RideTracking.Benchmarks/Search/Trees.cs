using NetTopologySuite.Geometries;
using NetTopologySuite.Index.Quadtree;
using NetTopologySuite.Index.Strtree;
using RideTracking.Engine.Geo;

namespace RideTracking.Benchmarks.Search;

/// <summary>
/// The fleet in the trees of NetTopologySuite, without filters. Its coordinates are a plane in metres, so that the trees
/// need no trigonometry.
/// </summary>
internal sealed class Trees
{
    private readonly Point[] _points;
    private readonly Point[] _ahead;
    private readonly Point[] _centers;
    private STRtree<Point> _packed = new();

    public Trees(Fleet fleet)
    {
        _points = [.. fleet.Places.Select(PointAt)];
        _ahead = [.. fleet.Ahead.Select(PointAt)];
        _centers = [.. fleet.Centers.Select(PointAt)];
        Quad = new Quadtree<Point>();
        foreach (var point in _points)
        {
            Quad.Insert(point.EnvelopeInternal, point);
        }
    }

    private Quadtree<Point> Quad { get; }

    /// <summary>An STRtree cannot change, so all drivers' updates are one rebuild.</summary>
    public int RebuildPacked()
    {
        _packed = new STRtree<Point>();
        foreach (var point in _points)
        {
            _packed.Insert(point.EnvelopeInternal, point);
        }

        _packed.Build();
        return _points.Length;
    }

    public int NearestPacked(int first, int count)
    {
        for (var i = first; i < first + count; i++)
        {
            var center = _centers[i % _centers.Length];
            _packed.NearestNeighbour(center.EnvelopeInternal, center, PointDistance.Instance, Fleet.Wanted);
        }

        return count;
    }

    public int UpdateQuad(int first, int count)
    {
        for (var i = first; i < first + count; i++)
        {
            var slot = i % _points.Length;
            Quad.Remove(_points[slot].EnvelopeInternal, _points[slot]);
            (_points[slot], _ahead[slot]) = (_ahead[slot], _points[slot]);
            Quad.Insert(_points[slot].EnvelopeInternal, _points[slot]);
        }

        return count;
    }

    public int NearestQuad(int first, int count, double radiusMeters)
    {
        for (var i = first; i < first + count; i++)
        {
            var center = _centers[i % _centers.Length];
            var envelope = center.EnvelopeInternal.Copy();
            envelope.ExpandBy(radiusMeters);
            var inside = Quad.Query(envelope).Where(point => point.Distance(center) <= radiusMeters);
            _ = inside.OrderBy(point => point.Distance(center)).Take(Fleet.Wanted).Count();
        }

        return count;
    }

    private static Point PointAt(GeoPoint place) => new(
        place.LongitudeDegrees * Earth.MetersPerDegree * Math.Cos(41.2 * Math.PI / 180), place.LatitudeDegrees * Earth.MetersPerDegree);

    private sealed class PointDistance : IItemDistance<Envelope, Point>
    {
        public static readonly PointDistance Instance = new();

        public double Distance(IBoundable<Envelope, Point> a, IBoundable<Envelope, Point> b)
        {
            double east = a.Item.X - b.Item.X, north = a.Item.Y - b.Item.Y;
            return Math.Sqrt((east * east) + (north * north));
        }
    }
}
