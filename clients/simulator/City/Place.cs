using System.Globalization;

namespace RideTracking.Simulator.City;

/// <summary>A place on earth, WGS 84. Distances and courses are those of a flat map: right within a city.</summary>
internal readonly record struct Place(double LatitudeDegrees, double LongitudeDegrees)
{
    private const double MetersPerDegree = 111_195;

    private double MetersPerDegreeEast => MetersPerDegree * Math.Cos(LatitudeDegrees * Math.PI / 180);

    public double MetersTo(Place other)
    {
        var (east, north) = OffsetTo(other);
        return Math.Sqrt(east * east + north * north);
    }

    /// <summary>Degrees clockwise from true north, 0 to 360.</summary>
    public double CourseTo(Place other)
    {
        var (east, north) = OffsetTo(other);
        return (Math.Atan2(east, north) * 180 / Math.PI + 360) % 360;
    }

    public Place Moved(double eastMeters, double northMeters) =>
        new(LatitudeDegrees + northMeters / MetersPerDegree, LongitudeDegrees + eastMeters / MetersPerDegreeEast);

    /// <summary>So many metres away in a direction.</summary>
    public Place Ahead(double courseDegrees, double meters)
    {
        var (sin, cos) = Math.SinCos(courseDegrees * Math.PI / 180);
        return Moved(sin * meters, cos * meters);
    }

    /// <summary>The place that far on the way to another; 0 is here, 1 is there.</summary>
    public Place Towards(Place other, double share) =>
        new(LatitudeDegrees + (other.LatitudeDegrees - LatitudeDegrees) * share, LongitudeDegrees + (other.LongitudeDegrees - LongitudeDegrees) * share);

    /// <summary>The share of the way from <paramref name="from"/> to <paramref name="to"/> that is nearest to here, 0 to 1.</summary>
    public double ShareOfWay(Place from, Place to)
    {
        var (east, north) = from.OffsetTo(to);
        var (hereEast, hereNorth) = from.OffsetTo(this);
        var squared = east * east + north * north;
        return squared == 0 ? 0 : Math.Clamp((hereEast * east + hereNorth * north) / squared, 0, 1);
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{LatitudeDegrees:F5},{LongitudeDegrees:F5}");

    private (double East, double North) OffsetTo(Place other) =>
        ((other.LongitudeDegrees - LongitudeDegrees) * MetersPerDegreeEast, (other.LatitudeDegrees - LatitudeDegrees) * MetersPerDegree);
}
