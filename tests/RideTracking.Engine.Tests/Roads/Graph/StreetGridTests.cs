using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads.Graph;

namespace RideTracking.Engine.Tests.Roads.Graph;

/// <summary>The made-up city has what it promises.</summary>
public class StreetGridTests(ITestOutputHelper output)
{
    private static readonly StreetGridPlan Plan = new() { Center = Places.Porto };

    [Fact]
    public void Has_all_kinds_of_roads_and_is_connected()
    {
        RoadGraph city = StreetGrid.Build(Plan);
        RoadSegment[] segments = [.. Enumerable.Range(0, city.SegmentCount).Select(segment => city.Segment(segment))];
        output.WriteLine($"{city.JunctionCount} junctions, {city.SegmentCount} segments, {city.StateCount} states, {city.TurnCount} turns.");
        Assert.InRange(segments.Length, 6_000, 8_000);
        Assert.InRange(segments.Count(each => each.Flags.HasFlag(RoadFlags.Bridge)), 3, 10);
        Assert.InRange(segments.Count(each => each.Flags.HasFlag(RoadFlags.Tunnel)), 1, 10);
        Assert.InRange(segments.Count(each => each.Flags.HasFlag(RoadFlags.DestinationOnly)), 50, 300);
        Assert.Equal(4, segments.Count(each => each.Flags.HasFlag(RoadFlags.Roundabout)));
        Assert.InRange(segments.Count(each => each.Class == RoadClass.Primary), 20, 60);
        Assert.InRange(segments.Count(each => each.BackwardKmh == 0), 4_000, 6_500);
        Assert.True(segments.Count(each => each.Flags.HasFlag(RoadFlags.Connected)) > 0.98 * segments.Length);
        int start = Array.FindIndex(segments, each => each.Flags.HasFlag(RoadFlags.Roundabout));
        PlainWays ways = PlainWays.From(city, 2 * start);
        for (int edge = 0; edge < city.EdgeCount; edge++)
        {
            Assert.True(ways.Reaches(edge) || city.KmhOf(edge) == 0 || !segments[edge >> 1].Flags.HasFlag(RoadFlags.Connected));
        }
    }

    [Fact]
    public void Lies_where_it_is_asked_for()
    {
        RoadGraph city = StreetGrid.Build(Plan with { WidthMeters = 3_000, HeightMeters = 2_000, TurnDegrees = 0 });
        GeoPoint[] points = [.. Enumerable.Range(0, city.JunctionCount).Select(city.JunctionAt)];
        double north = Earth.MetersPerDegree * (points.Max(point => point.LatitudeDegrees) - points.Min(point => point.LatitudeDegrees));
        Assert.InRange(north, 1_850, 2_150);
        Assert.All(points, point => Assert.True(Earth.DistanceMeters(point, Plan.Center) < 1_950));
    }

    [Fact]
    public void The_same_seed_makes_the_same_city_and_another_seed_another()
    {
        int[] shape = StreetGrid.Build(Plan).Parts.Shape;
        Assert.Equal(shape, StreetGrid.Build(Plan).Parts.Shape);
        Assert.NotEqual(shape, StreetGrid.Build(Plan with { Seed = 2 }).Parts.Shape);
    }

    [Theory]
    [InlineData(500, 500)]
    [InlineData(500, 9_000)]
    [InlineData(9_000, 500)]
    public void Small_and_narrow_cities_are_connected_too(double width, double height)
    {
        RoadGraph city = StreetGrid.Build(Plan with { WidthMeters = width, HeightMeters = height });
        int connected = Enumerable.Range(0, city.SegmentCount).Count(each => city.Segment(each).Flags.HasFlag(RoadFlags.Connected));
        Assert.True(connected > 0.9 * city.SegmentCount, $"{connected} of {city.SegmentCount}");
    }

    [Fact]
    public void Lengths_out_of_range_are_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => StreetGrid.Build(Plan with { WidthMeters = 61_000 }));
}
