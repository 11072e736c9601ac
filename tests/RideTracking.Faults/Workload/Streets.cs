using RideTracking.V1;

namespace RideTracking.Faults.Workload;

/// <summary>A place on a flat piece of earth.</summary>
internal readonly record struct Place(double LatitudeDegrees, double LongitudeDegrees)
{
    private const double MetersPerDegree = 111_195;
    private const double TownMeters = 300;
    private static readonly double MetersPerDegreeEast = MetersPerDegree * Math.Cos(41.15 * Math.PI / 180);

    public Google.Type.LatLng OnWire => new() { Latitude = LatitudeDegrees, Longitude = LongitudeDegrees };

    public static Place Of(Waypoint waypoint) => new(waypoint.Location.Latitude, waypoint.Location.Longitude);

    public double MetersTo(Place other)
    {
        var (east, north) = OffsetTo(other);
        return Math.Sqrt((east * east) + (north * north));
    }

    /// <summary>So far on the way to another place, or there.</summary>
    public Place Towards(Place other, double meters)
    {
        var whole = MetersTo(other);
        var share = whole <= meters ? 1 : meters / whole;
        return new(LatitudeDegrees + ((other.LatitudeDegrees - LatitudeDegrees) * share), LongitudeDegrees + ((other.LongitudeDegrees - LongitudeDegrees) * share));
    }

    public double CourseTo(Place other)
    {
        var (east, north) = OffsetTo(other);
        return ((Math.Atan2(east, north) * 180 / Math.PI) + 360) % 360;
    }

    /// <summary>Anywhere in a town that is small enough to be crossed within half a minute.</summary>
    public static Place Any(Random random) =>
        new(41.15 + ((random.NextDouble() - 0.5) * TownMeters / MetersPerDegree), -8.61 + ((random.NextDouble() - 0.5) * TownMeters / MetersPerDegreeEast));

    private (double East, double North) OffsetTo(Place other) =>
        ((other.LongitudeDegrees - LongitudeDegrees) * MetersPerDegreeEast, (other.LatitudeDegrees - LatitudeDegrees) * MetersPerDegree);
}
