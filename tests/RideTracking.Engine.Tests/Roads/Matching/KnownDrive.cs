using RideTracking.Engine.Geo;
using RideTracking.Engine.Ingest;
using RideTracking.Engine.Roads.Graph;
using RideTracking.Engine.Roads.Matching;

namespace RideTracking.Engine.Tests.Roads.Matching;

/// <summary>A drive of which everything is known: the edges, where the car was at each moment, and the fixes it sent.</summary>
internal sealed class KnownDrive
{
    public const long Start = 1_750_000_000_000;

    private readonly RoadGraph _graph;
    private readonly Random _random;
    private readonly List<(int Edge, double From, double To)> _stretches = [];
    private readonly List<Fix> _fixes = [];
    private double _seconds;
    private double _nextFix;

    public KnownDrive(RoadGraph graph, int seed)
    {
        _graph = graph;
        _random = new Random(seed);
    }

    /// <summary>Standard deviation of a fix to the east and to the north.</summary>
    public double NoiseMeters { get; init; } = 5;

    /// <summary>How far the errors of fixes go about slowly, for seconds, beside those that are new with each fix; none by default.</summary>
    public Drift? Drift { get; init; }

    public double SecondsBetweenFixes { get; init; } = 1;

    public bool TellsCourse { get; init; } = true;

    public bool MayDriveAgainstOneWays { get; init; }

    /// <summary>Where no fixes are sent.</summary>
    public Func<int, bool> IsSilent { get; set; } = _ => false;

    /// <summary>Time over free flow, by edge.</summary>
    public Func<int, double> Slowness { get; init; } = _ => 1;

    public IReadOnlyList<(int Edge, double From, double To)> Stretches => _stretches;

    public double Meters => _stretches.Sum(each => (each.To - each.From) * _graph.LengthMeters(each.Edge));

    public double Seconds => _seconds;

    public List<Fix> Fixes => _fixes;

    public RoadPosition At { get; private set; }

    /// <summary>Somewhere on a road that is connected.</summary>
    public KnownDrive FromAnywhere()
    {
        int edge;
        do
        {
            edge = _random.Next(_graph.EdgeCount);
        }
        while (_graph.KmhOf(edge) == 0 || !_graph.Segment(edge >> 1).Flags.HasFlag(RoadFlags.Connected));
        return From(new RoadPosition(edge, 0.5));
    }

    public KnownDrive From(RoadPosition position)
    {
        At = position;
        _nextFix = _seconds;
        return this;
    }

    /// <summary>Turns as it comes, mostly straight on, without turning round.</summary>
    public KnownDrive Wander(double meters)
    {
        for (double until = Meters + meters; Meters < until;)
        {
            DriveTo(1);
            int[] nexts = [.. _graph.TurnsFrom(At.Edge).ToArray().Select(_graph.EdgeOfState).Where(next => next != (At.Edge ^ 1) && _graph.TurnsFrom(next).Length > 0)];
            if (nexts.Length == 0)
            {
                nexts = [At.Edge ^ 1];
            }

            double course = EdgeShape.CourseAt(_graph, new RoadPosition(At.Edge, 1));
            int next = _random.Next(10) < 7
                ? nexts.MaxBy(each => Math.Cos((EdgeShape.CourseAt(_graph, new RoadPosition(each, 0)) - course) * Math.PI / 180))
                : nexts[_random.Next(nexts.Length)];
            At = new RoadPosition(next, 0);
        }

        return this;
    }

    /// <summary>Along edges, the first of which follows the present one.</summary>
    public KnownDrive Along(params ReadOnlySpan<int> edges)
    {
        foreach (int edge in edges)
        {
            DriveTo(1);
            At = new RoadPosition(edge, 0);
        }

        DriveTo(1);
        return this;
    }

    public KnownDrive DriveTo(double fraction)
    {
        double meters = (fraction - At.Fraction) * _graph.LengthMeters(At.Edge);
        Assert.True(MayDriveAgainstOneWays || _graph.KmhOf(At.Edge) > 0, $"Nobody may drive on edge {At.Edge}.");
        double speed = Math.Max(_graph.KmhOf(At.Edge), _graph.KmhOf(At.Edge ^ 1)) / 3.6 / Slowness(At.Edge);
        double start = _seconds, end = _seconds + meters / speed;
        RoadPosition origin = At;
        for (; _nextFix < end; _nextFix += SecondsBetweenFixes)
        {
            _seconds = _nextFix;
            At = origin with { Fraction = origin.Fraction + (fraction - origin.Fraction) * (_nextFix - start) / (end - start) };
            Send(speed);
        }

        _stretches.Add((origin.Edge, origin.Fraction, fraction));
        (_seconds, At) = (end, origin with { Fraction = fraction });
        return this;
    }

    public KnownDrive TurnRound()
    {
        At = At.Reversed;
        return this;
    }

    public KnownDrive Stand(double seconds)
    {
        for (double until = _seconds + seconds; _nextFix < until; _nextFix += SecondsBetweenFixes)
        {
            _seconds = _nextFix;
            Send(0);
        }

        _seconds = _nextFix;
        return this;
    }

    /// <summary>Moves one fix somewhere else.</summary>
    public KnownDrive Displace(int fix, double eastMeters, double northMeters)
    {
        _fixes[fix] = Moved(_fixes[fix], eastMeters, northMeters);
        return this;
    }

    public MatchedDrive Match(MapMatcher matcher) => matcher.Match([.. _fixes]);

    /// <summary>How much of the way driven was found, and how much was found that was not driven; shares of the way driven.</summary>
    public (double Found, double Made) Compare(MatchedDrive matched)
    {
        Dictionary<int, double> driven = Sums(_stretches), told = Sums(
            matched.Pieces.SelectMany(piece => piece.Edges).Select(each => (each.Edge, each.From, each.To)));
        double both = driven.Sum(each => Math.Min(each.Value, told.GetValueOrDefault(each.Key)));
        return (both / Meters, (told.Values.Sum() - both) / Meters);
    }

    /// <summary>Metres told against one-ways.</summary>
    public static double AgainstOneWays(RoadGraph graph, MatchedDrive matched) => matched.Pieces.SelectMany(piece => piece.Edges)
        .Where(each => graph.KmhOf(each.Edge) == 0).Sum(each => (each.To - each.From) * graph.LengthMeters(each.Edge));

    /// <summary>Whether each edge goes on where the one before ends.</summary>
    public static void AssertUnbroken(RoadGraph graph, MatchedDrive matched)
    {
        foreach (DrivenPiece piece in matched.Pieces)
        {
            double length = 0;
            for (int i = 0; i < piece.Edges.Length; i++)
            {
                DrivenEdge edge = piece.Edges[i];
                Assert.InRange(edge.From, 0, 1);
                Assert.InRange(edge.To, edge.From, 1);
                Assert.True(graph.KmhOf(edge.Edge) > 0 || graph.KmhOf(edge.Edge ^ 1) > 0);
                length += (edge.To - edge.From) * graph.LengthMeters(edge.Edge);
                if (i > 0)
                {
                    DrivenEdge before = piece.Edges[i - 1];
                    bool turned = before.Edge == (edge.Edge ^ 1) && Math.Abs(before.To - (1 - edge.From)) < 1e-9;
                    Assert.True(
                        turned || before.To == 1 && edge.From == 0 && graph.HeadOf(before.Edge) == graph.TailOf(edge.Edge),
                        $"{before} and then {edge}");
                }
            }

            Assert.Equal(length, piece.LengthMeters, 0.01);
        }
    }

    private Dictionary<int, double> Sums(IEnumerable<(int Edge, double From, double To)> stretches) =>
        stretches.GroupBy(each => each.Edge).ToDictionary(
            group => group.Key, group => group.Sum(each => (each.To - each.From) * _graph.LengthMeters(group.Key)));

    private void Send(double speed)
    {
        if (IsSilent(At.Edge))
        {
            return;
        }

        GeoPoint point = EdgeShape.PointAt(_graph, At);
        (double driftEast, double driftNorth) = Drift?.At(_seconds) ?? default;
        _fixes.Add(Moved(
            new Fix
            {
                Sequence = (ulong)_fixes.Count + 1,
                FixedAtUnixMs = Start + (long)(_seconds * 1_000),
                LatitudeE7 = (int)Math.Round(point.LatitudeDegrees * 1e7),
                LongitudeE7 = (int)Math.Round(point.LongitudeDegrees * 1e7),
                HorizontalAccuracyMeters = (float)Math.Max(3, 1.51 * NoiseMeters),
                SpeedMetersPerSecond = TellsCourse ? (float)speed : float.NaN,
                CourseDegrees = TellsCourse && speed > 0 ? (float)EdgeShape.CourseAt(_graph, At) : float.NaN,
            },
            driftEast + Noise(),
            driftNorth + Noise()));
    }

    private static Fix Moved(Fix fix, double eastMeters, double northMeters)
    {
        double scale = Math.Cos(fix.Point.LatitudeDegrees * Math.PI / 180);
        fix.LatitudeE7 += (int)Math.Round(northMeters / Earth.MetersPerDegree * 1e7);
        fix.LongitudeE7 += (int)Math.Round(eastMeters / Earth.MetersPerDegree / scale * 1e7);
        return fix;
    }

    private double Noise() => NoiseMeters * _random.Normal();
}
