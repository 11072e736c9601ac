using NetTopologySuite.Algorithm;
using NetTopologySuite.Geometries;
using NetTopologySuite.Operation.Valid;
using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Zones;

/// <summary>Makes a valid area of rings, or says which ring and point is wrong.</summary>
internal static class RingCheck
{
    private static readonly GeometryFactory Factory = new();

    public static ZoneGeometry Build(List<List<Coordinate[]>> polygons, ZoneLimits limits)
    {
        if (polygons.Count == 0 || polygons.Exists(rings => rings.Count == 0))
        {
            throw new ZoneGeometryException(ZoneGeometryFault.Empty, "There is no polygon in it, or one without a ring.");
        }

        for (int polygon = 0; polygon < polygons.Count; polygon++)
        {
            for (int ring = 0; ring < polygons[polygon].Count; ring++)
            {
                CheckRing(polygons[polygon][ring], polygon, ring);
                Antimeridian.Start(
                    polygons[polygon][ring], ring == 0 ? -180 : polygons[polygon][0].Min(point => point.X));
            }
        }

        CheckIntricacy(polygons, limits.MaxCrossings);
        Polygon[] parts = [.. polygons.Select(rings => Factory.CreatePolygon(
            Factory.CreateLinearRing(rings[0]), [.. rings.Skip(1).Select(Factory.CreateLinearRing)]))];
        CheckTopology(parts, polygons);
        var geometry = new ZoneGeometry(Antimeridian.Join(parts));
        if (geometry.AreaSquareMeters > limits.MaxAreaSquareMeters)
        {
            throw new ZoneGeometryException(
                ZoneGeometryFault.AreaTooLarge,
                $"A zone may have {limits.MaxAreaSquareMeters / 1e6:0.##} km2; this one has {geometry.AreaSquareMeters / 1e6:0.##}.");
        }

        return geometry;
    }

    private static void CheckRing(Coordinate[] points, int polygon, int ring)
    {
        if (points.Length < 4)
        {
            throw new ZoneGeometryException(
                ZoneGeometryFault.TooFewPoints,
                $"A ring has four points or more, the first again at the end; this one has {points.Length}.", polygon, ring);
        }

        int last = points.Length - 1;
        if (points[0].X != points[last].X || points[0].Y != points[last].Y)
        {
            throw new ZoneGeometryException(
                ZoneGeometryFault.RingNotClosed, "A ring ends with its first point; this one does not.",
                polygon, ring, last, PlaceOf(points[last]));
        }

        int pole = Array.FindIndex(points, point => Math.Abs(point.Y) == 90);
        if (pole >= 0)
        {
            throw new ZoneGeometryException(
                ZoneGeometryFault.ContainsPole, "A zone may come near to a pole, but not touch it.",
                polygon, ring, pole, PlaceOf(points[pole]));
        }

        bool jumps = points.Zip(points.Skip(1), (a, b) => Math.Abs(b.X - a.X) > 180).Contains(true);
        Antimeridian.Unroll(points);
        if (points[0].X != points[last].X)
        {
            throw new ZoneGeometryException(
                ZoneGeometryFault.ContainsPole,
                "The ring goes once around the earth, so it holds a pole; zones with a pole are not supported.", polygon, ring);
        }

        if (points.Max(point => point.X) - points.Min(point => point.X) > 360)
        {
            throw new ZoneGeometryException(
                ZoneGeometryFault.CoordinateOutOfRange, "The ring is wider than the earth is round.", polygon, ring);
        }

        if (AreOnOneLine(points))
        {
            throw new ZoneGeometryException(
                ZoneGeometryFault.NoArea,
                "The ring has no area." + (jumps
                    ? " An edge of more than 180 degrees of longitude is taken as crossing the antimeridian: put points between."
                    : ""),
                polygon, ring);
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

    private static void CheckTopology(Polygon[] parts, List<List<Coordinate[]>> polygons)
    {
        var check = new IsValidOp(parts.Length == 1 ? parts[0] : Factory.CreateMultiPolygon(parts));
        if (check.ValidationError is not { } error)
        {
            return;
        }

        (ZoneGeometryFault fault, string problem) = error.ErrorType switch
        {
            TopologyValidationErrors.HoleOutsideShell =>
                (ZoneGeometryFault.HoleOutsideShell, "A hole lies outside of its shell."),
            TopologyValidationErrors.NestedHoles or TopologyValidationErrors.DisconnectedInteriors =>
                (ZoneGeometryFault.HolesOverlap, "A hole lies in another one, or holes cut the inside in two."),
            TopologyValidationErrors.NestedShells =>
                (ZoneGeometryFault.SelfCrossing, "A polygon lies inside another one."),
            _ => (ZoneGeometryFault.SelfCrossing, "Borders cross or touch themselves or each other."),
        };
        (int polygon, int ring, int point) = Nearest(polygons, error.Coordinate, fault);
        throw new ZoneGeometryException(fault, problem, polygon, ring, point, PlaceOf(error.Coordinate));
    }

    /// <summary>The edge, by its first point, that a place found by the check lies on; of a hole, when it is about one.</summary>
    private static (int Polygon, int Ring, int Point) Nearest(
        List<List<Coordinate[]>> polygons, Coordinate place, ZoneGeometryFault fault)
    {
        bool holesOnly = fault is ZoneGeometryFault.HoleOutsideShell or ZoneGeometryFault.HolesOverlap;
        (int, int, int) found = default;
        double nearest = double.MaxValue;
        for (int polygon = 0; polygon < polygons.Count; polygon++)
        {
            for (int ring = holesOnly ? 1 : 0; ring < polygons[polygon].Count; ring++)
            {
                Coordinate[] points = polygons[polygon][ring];
                for (int point = 0; point < points.Length - 1; point++)
                {
                    double distance = DistanceComputer.PointToSegment(
                        place, points[point], points[point + 1]);
                    if (distance < nearest)
                    {
                        (nearest, found) = (distance, (polygon, ring, point));
                    }
                }
            }
        }

        return found;
    }

    private static GeoPoint PlaceOf(Coordinate at) => new(at.Y, Earth.WrapLongitude(at.X));
}
