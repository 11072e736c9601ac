using NetTopologySuite.Algorithm;
using NetTopologySuite.Geometries;
using NetTopologySuite.Operation.Valid;
using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Zones;

/// <summary>Makes a valid area of rings, or says which ring and point is wrong.</summary>
internal static class RingCheck
{
    // What tools that close a ring by reckoning are off: 11 cm.
    private const double ClosedWithinDegrees = 1e-6;

    private static readonly GeometryFactory Factory = new();

    public static ZoneGeometry Build(List<GivenPolygon> given, ZoneLimits limits)
    {
        if (given.Count == 0)
        {
            throw new ZoneGeometryException(ZoneGeometryFault.Empty, "There is no polygon in it.");
        }

        List<List<Coordinate[]>> polygons = [.. given.Select(Clean)];
        CheckIntricacy(polygons, limits.MaxCrossings);
        Polygon[] parts = [.. polygons.Select(rings => Factory.CreatePolygon(
            Factory.CreateLinearRing(rings[0]), [.. rings.Skip(1).Select(Factory.CreateLinearRing)]))];
        for (int part = 0; part < parts.Length; part++)
        {
            CheckTopology(parts[part], given[part]);
        }

        PolygonUnion.Require(parts, given);
        var geometry = new ZoneGeometry(Antimeridian.Join(parts));
        if (geometry.AreaSquareMeters > limits.MaxAreaSquareMeters)
        {
            throw new ZoneGeometryException(
                ZoneGeometryFault.AreaTooLarge,
                $"A zone may have {limits.MaxAreaSquareMeters / 1e6:0.##} km2; this one has {geometry.AreaSquareMeters / 1e6:0.##}.");
        }

        return geometry;
    }

    /// <summary>A polygon's rings in one frame, without what has no area: points twice, spikes, and holes that are nothing else.</summary>
    private static List<Coordinate[]> Clean(GivenPolygon given)
    {
        if (given.Rings.Count == 0)
        {
            throw new ZoneGeometryException(
                ZoneGeometryFault.Empty, "A polygon has a ring, its shell; there is one without.", feature: given.Feature);
        }

        List<Coordinate[]> clean = [];
        for (int ring = 0; ring < given.Rings.Count; ring++)
        {
            Coordinate[] points = given.Rings[ring];
            CheckRing(points, given, ring);
            bool jumps = points.Zip(points.Skip(1), (a, b) => Math.Abs(b.X - a.X) > 180).Contains(true);
            Antimeridian.Unroll(points);
            CheckWidth(points, given, ring);
            Antimeridian.Start(points, ring == 0 ? -180 : given.Rings[0].Min(point => point.X));
            Coordinate[] kept = Spikes.Without(points);
            if (kept.Length >= 4 && !AreOnOneLine(kept))
            {
                clean.Add(kept);
            }
            else if (ring == 0)
            {
                throw new ZoneGeometryException(
                    ZoneGeometryFault.NoArea,
                    "The ring has no area." + (jumps
                        ? " An edge of more than 180 degrees of longitude is taken as crossing the antimeridian: put points between."
                        : ""),
                    given.Index, ring, feature: given.Feature);
            }
        }

        return clean;
    }

    private static void CheckRing(Coordinate[] points, GivenPolygon given, int ring)
    {
        if (points.Length < 4)
        {
            throw new ZoneGeometryException(
                ZoneGeometryFault.TooFewPoints,
                $"A ring has four points or more, the first again at the end; this one has {points.Length}.",
                given.Index, ring, feature: given.Feature);
        }

        int last = points.Length - 1;
        if (Math.Abs(Earth.TurnDegrees(points[0].X, points[last].X)) > ClosedWithinDegrees
            || Math.Abs(points[0].Y - points[last].Y) > ClosedWithinDegrees)
        {
            throw new ZoneGeometryException(
                ZoneGeometryFault.RingNotClosed, "A ring ends with its first point; this one does not.",
                given.Index, ring, last, PlaceOf(points[last]), given.Feature);
        }

        points[last] = points[0].Copy();
        int pole = Array.FindIndex(points, point => Math.Abs(point.Y) == 90);
        if (pole >= 0)
        {
            throw new ZoneGeometryException(
                ZoneGeometryFault.ContainsPole, "A zone may come near to a pole, but not touch it.",
                given.Index, ring, pole, PlaceOf(points[pole]), given.Feature);
        }
    }

    private static void CheckWidth(Coordinate[] points, GivenPolygon given, int ring)
    {
        if (points[0].X != points[^1].X)
        {
            throw new ZoneGeometryException(
                ZoneGeometryFault.ContainsPole,
                "The ring goes once around the earth, so it holds a pole; zones with a pole are not supported.",
                given.Index, ring, feature: given.Feature);
        }

        if (points.Max(point => point.X) - points.Min(point => point.X) > 360)
        {
            throw new ZoneGeometryException(
                ZoneGeometryFault.CoordinateOutOfRange, "The ring is wider than the earth is round.", given.Index, ring, feature: given.Feature);
        }
    }

    // Before anything that would take long just for that.
    private static void CheckIntricacy(List<List<Coordinate[]>> polygons, double most)
    {
        IEnumerable<Coordinate[]> rings = polygons.SelectMany(each => each);
        double crossings = Intricacy.Crossings(rings);
        if (crossings > most)
        {
            throw TooIntricate($"A line across a zone may meet its border {most:0.##} times on the average (MaxCrossings); across this one it does so {crossings:0} times.");
        }

        if (Intricacy.BoxesBeside(rings, most) > most)
        {
            throw TooIntricate($"The box around an edge may hold parts of {most:0.##} others on the average (MaxCrossings); here it holds more.");
        }
    }

    private static ZoneGeometryException TooIntricate(FormattableString problem) =>
        new(ZoneGeometryFault.TooIntricate, FormattableString.Invariant(problem));

    private static bool AreOnOneLine(Coordinate[] points)
    {
        Coordinate farthest = points.MaxBy(point => point.Distance(points[0]))!;
        return Array.TrueForAll(points, point => Orientation.Index(points[0], farthest, point) == OrientationIndex.Collinear);
    }

    private static void CheckTopology(Polygon part, GivenPolygon given)
    {
        if (new IsValidOp(part).ValidationError is not { } error)
        {
            return;
        }

        (ZoneGeometryFault fault, string problem) = error.ErrorType switch
        {
            TopologyValidationErrors.HoleOutsideShell =>
                (ZoneGeometryFault.HoleOutsideShell, "A hole lies outside of its shell."),
            TopologyValidationErrors.NestedHoles or TopologyValidationErrors.DisconnectedInteriors =>
                (ZoneGeometryFault.HolesOverlap, "A hole lies in another one, or holes cut the inside in two."),
            _ => (ZoneGeometryFault.SelfCrossing, "Borders cross or touch themselves or each other."),
        };
        (int ring, int point) = Nearest(given.Rings, error.Coordinate, fault);
        throw new ZoneGeometryException(fault, problem, given.Index, ring, point, PlaceOf(error.Coordinate), given.Feature);
    }

    /// <summary>The edge, by its first point, that a place found by the check lies on; of a hole, when it is about one.</summary>
    private static (int Ring, int Point) Nearest(List<Coordinate[]> rings, Coordinate place, ZoneGeometryFault fault)
    {
        bool holesOnly = fault is ZoneGeometryFault.HoleOutsideShell or ZoneGeometryFault.HolesOverlap;
        (int, int) found = default;
        double nearest = double.MaxValue;
        for (int ring = holesOnly ? 1 : 0; ring < rings.Count; ring++)
        {
            Coordinate[] points = rings[ring];
            for (int point = 0; point < points.Length - 1; point++)
            {
                double distance = DistanceComputer.PointToSegment(place, points[point], points[point + 1]);
                if (distance < nearest)
                {
                    (nearest, found) = (distance, (ring, point));
                }
            }
        }

        return found;
    }

    private static GeoPoint PlaceOf(Coordinate at) => new(at.Y, Earth.WrapLongitude(at.X));
}
