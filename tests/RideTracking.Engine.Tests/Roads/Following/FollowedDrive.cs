using System.Collections.Immutable;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Ingest;
using RideTracking.Engine.Roads;
using RideTracking.Engine.Roads.Following;

namespace RideTracking.Engine.Tests.Roads.Following;

/// <summary>A driver on a plane of metres around Porto who follows, or does not follow, a route.</summary>
internal sealed class FollowedDrive
{
    private readonly Random? _noise;
    private readonly double _noiseMeters;
    private long _now = 1_750_000_000_000;
    private (double East, double North) _at;

    /// <summary>Noise is the standard deviation of fixes to the east and to the north.</summary>
    public FollowedDrive(Route route, int seed = 0, double noiseMeters = 0)
    {
        Follower = new RouteFollower(route);
        _noiseMeters = noiseMeters;
        _noise = noiseMeters > 0 ? new Random(seed) : null;
    }

    public RouteFollower Follower { get; }

    /// <summary>After each fix so far.</summary>
    public List<RouteProgress> Seen { get; } = [];

    public RouteProgress Last => Seen[^1];

    /// <summary>Whether fixes tell speed and course.</summary>
    public bool TellsCourse { get; init; } = true;

    public double MetersPerSecond { get; init; } = 10;

    public double SecondsBetweenFixes { get; init; } = 1;

    /// <summary>A route over roads through corners in metres; a leg ends at each corner named, at 10 m/s.</summary>
    public static Route Along((double East, double North)[] corners, params int[] legEnds) => Route(RouteSource.Roads, corners, legEnds);

    public static Route Straight(params (double East, double North)[] corners) =>
        Route(RouteSource.StraightLine, corners, [.. Enumerable.Range(1, corners.Length - 1)]);

    /// <summary>Drives from where the driver is, or starts there.</summary>
    public FollowedDrive Through(params (double East, double North)[] corners)
    {
        foreach ((double East, double North) corner in corners)
        {
            if (Seen.Count == 0)
            {
                _at = corner;
                Send(0, 0);
                continue;
            }

            double east = corner.East - _at.East, north = corner.North - _at.North;
            double left = Math.Sqrt(east * east + north * north), step = MetersPerSecond * SecondsBetweenFixes;
            double course = (Math.Atan2(east, north) * 180 / Math.PI + 360) % 360;
            (east, north) = (east / left, north / left);
            for (; left > 0; left -= step)
            {
                double go = Math.Min(step, left);
                _at = (_at.East + east * go, _at.North + north * go);
                Send(MetersPerSecond, course);
            }
        }

        return this;
    }

    public FollowedDrive Stand(int fixes)
    {
        for (int i = 0; i < fixes; i++)
        {
            Send(0, double.NaN);
        }

        return this;
    }

    /// <summary>Sends no fixes for a while, during which the driver gets somewhere else.</summary>
    public FollowedDrive Silently(double seconds, (double East, double North) to)
    {
        _now += (long)(seconds * 1_000);
        _at = to;
        return this;
    }

    /// <summary>One fix somewhere else, without going there.</summary>
    public FollowedDrive Outlier((double East, double North) at)
    {
        (double, double) really = _at;
        _at = at;
        Send(MetersPerSecond, double.NaN);
        _at = really;
        return this;
    }

    public static GeoPoint Point((double East, double North) at) => new(
        Places.Porto.LatitudeDegrees + at.North / Earth.MetersPerDegree,
        Places.Porto.LongitudeDegrees
            + at.East / Earth.MetersPerDegree / Math.Cos(Places.Porto.LatitudeDegrees * Math.PI / 180));

    public Fix FixAt((double East, double North) at, long atUnixMs, double speed, double course)
    {
        GeoPoint point = Point((at.East + Noise(), at.North + Noise()));
        return new Fix
        {
            FixedAtUnixMs = atUnixMs,
            LatitudeE7 = (int)Math.Round(point.LatitudeDegrees * 1e7),
            LongitudeE7 = (int)Math.Round(point.LongitudeDegrees * 1e7),
            HorizontalAccuracyMeters = (float)Math.Max(5, 1.5 * _noiseMeters),
            SpeedMetersPerSecond = TellsCourse ? (float)speed : float.NaN,
            CourseDegrees = TellsCourse ? (float)course : float.NaN,
        };
    }

    private static Route Route(RouteSource source, (double East, double North)[] corners, int[] legEnds)
    {
        GeoPoint[] points = [.. corners.Select(Point)];
        var legs = ImmutableArray.CreateBuilder<RouteLeg>();
        int start = 0;
        foreach (int end in legEnds)
        {
            double meters = Enumerable.Range(start + 1, end - start).Sum(i => Earth.DistanceMeters(points[i - 1], points[i]));
            legs.Add(new RouteLeg(meters, TimeSpan.FromSeconds(meters / 10)));
            start = end;
        }

        return new Route(EncodedPolyline.Encode(points), legs.ToImmutable(), source);
    }

    private void Send(double speed, double course)
    {
        _now += (long)(SecondsBetweenFixes * 1_000);
        Seen.Add(Follower.Observe(FixAt(_at, _now, speed, course)));
    }

    private double Noise() => _noise is null ? 0 : _noiseMeters * _noise.Normal();
}
