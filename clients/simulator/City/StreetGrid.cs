using System.Globalization;

namespace RideTracking.Simulator.City;

/// <summary>A crossing, by its column from the west and its row from the south.</summary>
internal readonly record struct Crossing(int Column, int Row)
{
    public Crossing Towards(Heading heading) => new(Column + heading.Columns, Row + heading.Rows);

    /// <summary>Blocks to drive to another crossing.</summary>
    public int BlocksTo(Crossing other) => Math.Abs(other.Column - Column) + Math.Abs(other.Row - Row);
}

/// <summary>One of the four ways along the streets.</summary>
internal readonly record struct Heading(int Columns, int Rows)
{
    public static readonly Heading[] All = [new(0, 1), new(1, 0), new(0, -1), new(-1, 0)];

    public Heading Back => new(-Columns, -Rows);

    public bool IsNorthSouth => Rows != 0;
}

/// <summary>A place on earth, WGS 84.</summary>
internal readonly record struct Place(double LatitudeDegrees, double LongitudeDegrees)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{LatitudeDegrees},{LongitudeDegrees}");
}

/// <summary>
/// The streets of a made-up city: square blocks, a little turned against north, every fifth street an arterial with
/// lights and more speed.
/// </summary>
internal sealed class StreetGrid
{
    public const double BlockMeters = 110;
    private const int ArterialEvery = 5;
    private const double ArterialSpeed = 50 / 3.6;
    private const double StreetSpeed = 30 / 3.6;
    private const double MetersPerDegree = 111_195;
    private static readonly TimeSpan _lightCycle = TimeSpan.FromSeconds(60);

    private readonly Place _center;
    private readonly double _turnDegrees;
    private readonly double _cos, _sin, _metersPerDegreeEast;

    /// <param name="center">The middle of the city.</param>
    /// <param name="blocks">Blocks along each side.</param>
    /// <param name="turnDegrees">By how much the streets are turned clockwise.</param>
    public StreetGrid(Place center, int blocks = 60, double turnDegrees = 17)
    {
        (_center, Blocks, _turnDegrees) = (center, blocks, turnDegrees);
        (_sin, _cos) = Math.SinCos(turnDegrees * Math.PI / 180);
        _metersPerDegreeEast = MetersPerDegree * Math.Cos(center.LatitudeDegrees * Math.PI / 180);
    }

    /// <summary>Blocks along each side.</summary>
    public int Blocks { get; }

    public bool Contains(Crossing crossing) =>
        crossing.Column >= 0 && crossing.Row >= 0 && crossing.Column <= Blocks && crossing.Row <= Blocks;

    public Crossing RandomCrossing(Random random) => new(random.Next(Blocks + 1), random.Next(Blocks + 1));

    /// <summary>The street from a crossing on.</summary>
    public static bool IsArterial(Crossing from, Heading heading) => (heading.IsNorthSouth ? from.Column : from.Row) % ArterialEvery == 0;

    public static double SpeedLimit(Crossing from, Heading heading) => IsArterial(from, heading) ? ArterialSpeed : StreetSpeed;

    /// <summary>Whether a car that arrives with a heading may cross. Only arterials' crossings have lights.</summary>
    public static bool IsGreen(Crossing crossing, Heading heading, DateTimeOffset now)
    {
        if (crossing.Column % ArterialEvery != 0 || crossing.Row % ArterialEvery != 0)
            return true;
        // Neighbours change one after the other.
        var phase = (now.ToUnixTimeMilliseconds() / _lightCycle.TotalMilliseconds + (crossing.Column * 3 + crossing.Row * 7) / 16.0) % 1;
        return phase < 0.5 == heading.IsNorthSouth;
    }

    /// <summary>The course of a car that drives along a heading, in degrees from true north.</summary>
    public double CourseDegrees(Heading heading) =>
        (Math.Atan2(heading.Columns, heading.Rows) * 180 / Math.PI + _turnDegrees + 360) % 360;

    /// <summary>A point so many metres along the street from a crossing, moved by metres to the east and north.</summary>
    public Place At(Crossing from, Heading heading, double metersAlong, double eastMeters = 0, double northMeters = 0)
    {
        var x = (from.Column - Blocks / 2.0) * BlockMeters + heading.Columns * metersAlong;
        var y = (from.Row - Blocks / 2.0) * BlockMeters + heading.Rows * metersAlong;
        var east = x * _cos + y * _sin + eastMeters;
        var north = y * _cos - x * _sin + northMeters;
        return new Place(_center.LatitudeDegrees + north / MetersPerDegree, _center.LongitudeDegrees + east / _metersPerDegreeEast);
    }

    public Place At(Crossing crossing) => At(crossing, Heading.All[0], 0);

    /// <summary>The crossing nearest to a place; at the edge for a place outside the city.</summary>
    public Crossing Nearest(Place place)
    {
        var east = (place.LongitudeDegrees - _center.LongitudeDegrees) * _metersPerDegreeEast;
        var north = (place.LatitudeDegrees - _center.LatitudeDegrees) * MetersPerDegree;
        return new Crossing(Index(east * _cos - north * _sin), Index(north * _cos + east * _sin));

        int Index(double meters) => (int)Math.Clamp(Math.Round(meters / BlockMeters + Blocks / 2.0), 0, Blocks);
    }
}
