using RideTracking.Engine.Geo;
using RideTracking.Engine.Ingest;
using RideTracking.Engine.Roads.Graph;
using RideTracking.Engine.Roads.Matching;
using RideTracking.Engine.Roads.Routing;

namespace RideTracking.Engine.Tests.Roads.Matching;

/// <summary>
/// The metres told for a trip against those driven, by its length: fast ways through Porto, with waits at both ends and on the way, errors that go about slowly,
/// and a fix in a hundred that is far off; believed as the gate does, with roads and without. Skipped where the map is absent.
/// </summary>
public class DrivenMetersTests(ITestOutputHelper output)
{
    private const int Drives = 100;
    private const double WildMeters = 300;

    private static readonly GateLimits Limits = new();
    private static readonly Lazy<(RoadRouter Router, RoadIndex Index)> Porto = new(() =>
    {
        RoadGraph graph = SharedData.Porto!.Graph;
        return (new RoadRouter(RoadHierarchy.Build(graph), RoadMetric.FreeFlow(graph)), new RoadIndex(graph));
    });

    // The error as a share of the way: of half of the trips, and of nine in ten.
    [Theory]
    [InlineData(1, 0.02, 0.08)]
    [InlineData(4, 0.015, 0.07)]
    [InlineData(15, 0.015, 0.10)]
    [InlineData(30, 0.025, 0.16)]
    public void The_metres_told_are_those_driven(double interval, double median, double ninth)
    {
        Assert.SkipWhen(SharedData.Porto is null, "The map is not beside the repository.");
        var matcher = new MapMatcher(Porto.Value.Index);
        foreach (double kilometers in (ReadOnlySpan<double>)[0.5, 1, 3, 10, 20])
        {
            var errors = new List<(double Roads, double Straight)>();
            var bridged = 0.0;
            for (int seed = 0; seed < Drives; seed++)
            {
                KnownDrive drive = Drive(seed, kilometers, interval);
                List<Fix> believed = BelievedFixes.Of(drive.Fixes, Limits);
                MatchedDrive matched = matcher.Match([.. believed]);
                GeoPoint[] places = StraightDrive.Places([.. believed], new MatchingLimits());
                double straight = places.Zip(places.Skip(1), Earth.DistanceMeters).Sum();
                errors.Add((Error(matched.DistanceMeters, drive), Error(straight, drive)));
                bridged += matched.BridgedMeters / drive.Meters;
            }

            double[] roads = [.. errors.Select(each => each.Roads).Order()], lines = [.. errors.Select(each => each.Straight).Order()];
            output.WriteLine($"each {interval} s, {kilometers} km: {Of(roads, 0.5):P1}, {Of(roads, 0.9):P1}; straight lines {Of(lines, 0.5):P1}, {Of(lines, 0.9):P1}; bridged {bridged / Drives:P2}");
            // What goes wrong are single places, whatever the length of the way.
            double length = kilometers < 3 ? 1 : 0.35;
            Assert.True(Of(roads, 0.5) <= median * length);
            Assert.True(Of(roads, 0.9) <= ninth * length);
            Assert.True(Of(lines, 0.5) <= 0.2);
        }
    }

    // As long as it happens to be, not below half of it.
    private static KnownDrive Drive(int seed, double kilometers, double interval)
    {
        (RoadRouter router, RoadIndex index) = Porto.Value;
        RoadGraph graph = index.Graph;
        var random = new Random(seed);
        Span<RoadCandidate> near = stackalloc RoadCandidate[1];
        while (true)
        {
            RoadPosition from = new(random.Next(graph.EdgeCount), 0.5);
            GeoPoint to = Earth.Destination(EdgeShape.PointAt(graph, from), random.NextDouble() * 360, 750 * kilometers);
            if (!IsDriven(graph, from) || index.Nearest(to, 100, near) == 0 || !IsDriven(graph, near[0].Position)
                || router.FindPath([from], [near[0].Position]) is not { Edges.Length: > 2 } path)
            {
                continue;
            }

            var drive = new KnownDrive(graph, seed) { SecondsBetweenFixes = interval, NoiseMeters = 3, Drift = new Drift(random, 6, 30), TellsCourse = seed % 2 == 0 };
            drive.From(path.Start).Stand(30).Along(path.Edges.AsSpan(1, path.Edges.Length / 2)).Stand(120);
            drive.Along(path.Edges.AsSpan()[(1 + path.Edges.Length / 2)..^1]).From(path.End with { Fraction = 0 }).DriveTo(path.End.Fraction).Stand(30);
            for (int i = 0; i < drive.Fixes.Count; i++)
            {
                if (random.Next(100) == 0)
                {
                    drive.Displace(i, WildMeters * random.Normal(), WildMeters * random.Normal());
                }
            }

            return drive;
        }
    }

    private static bool IsDriven(RoadGraph graph, RoadPosition position) =>
        graph.KmhOf(position.Edge) > 0 && (graph.Segment(position.Segment).Flags & RoadFlags.Connected) != 0;

    private static double Error(double meters, KnownDrive drive) => Math.Abs(meters / drive.Meters - 1);

    private static double Of(double[] sorted, double share) => sorted[(int)(share * sorted.Length)];
}
