using System.Globalization;
using RideTracking.Engine.Roads.Graph;
using RideTracking.Engine.Roads.Osm;
using RideTracking.Engine.Roads.Routing;

namespace RideTracking.Engine.Tests.Roads.Osm;

/// <summary>Roads and gates that are open at some hours only. 2026-06-03 is a Wednesday.</summary>
public class TimedRoadsTests
{
    private const string Morning = "2026-06-03 08:00", Noon = "2026-06-03 12:00";

    private static OsmFileWriter Block() => new OsmFileWriter()
        .Node('a', 0, 0).Node('b', 300, 0).Node('c', 300, 300).Node('d', 0, 300).Way(1, "abcda", "highway=tertiary");

    private static RoadImport With(params string[] tags) =>
        Block().Way(2, "bd", [.. tags.Select(each => each.Split('=', 2)).Select(each => (each[0], each[1]))]).Import();

    // Which directions of the road from b to d are open: "fb", "f", "b" or "".
    private static string OpenAt(RoadGraph graph, string time)
    {
        int[] closed = graph.TimedEdges.ClosedAt(DateTime.Parse(time, CultureInfo.InvariantCulture));
        return (IsOpen("bd") ? "f" : "") + (IsOpen("db") ? "b" : "");

        bool IsOpen(string nodes) => graph.Edge(nodes, way: 2) is { } edge && graph.KmhOf(edge) > 0 && !closed.Contains(edge);
    }

    [Theory]
    // Closed at some hours, or open.
    [InlineData("motor_vehicle:conditional=no @ (Mo-Fr 07:00-09:00)", "", "fb")]
    [InlineData("access:conditional=no @ 07:00-09:00", "", "fb")]
    [InlineData("motor_vehicle=no;motor_vehicle:conditional=yes @ (07:00-09:00)", "fb", "")]
    [InlineData("access=no;motorcar:conditional=yes @ (07:00-09:00)", "fb", "")]
    [InlineData("motor_vehicle:conditional=no @ (07:00-13:00); yes @ (11:30-13:00)", "", "fb")]
    [InlineData("motor_vehicle:forward:conditional=no @ (07:00-09:00)", "b", "fb")]
    [InlineData("opening_hours=07:00-09:00", "fb", "")]
    // A plain and more particular tag overrules; what is for others does not count.
    [InlineData("motorcar=yes;access:conditional=no @ (07:00-09:00)", "fb", "fb")]
    [InlineData("access=yes;motorcar:conditional=no @ (07:00-09:00)", "", "fb")]
    [InlineData("hgv:conditional=no @ (07:00-09:00)", "fb", "fb")]
    [InlineData("motor_vehicle:conditional=no @ (weight>7.5)", "fb", "fb")]
    [InlineData("motor_vehicle:conditional=no @ (weight<7.5)", "", "")]
    [InlineData("motor_vehicle:conditional=no @ (07:00-09:00 AND weight>7.5)", "fb", "fb")]
    // One-way at some hours, or one way after the other.
    [InlineData("oneway:conditional=yes @ (07:00-09:00)", "f", "fb")]
    [InlineData("oneway:conditional=-1 @ (07:00-09:00)", "b", "fb")]
    [InlineData("oneway=yes;oneway:conditional=no @ (07:00-09:00)", "fb", "f")]
    [InlineData("oneway=reversible;oneway:conditional=yes @ (07:00-09:00); -1 @ (11:00-13:00)", "f", "b")]
    [InlineData("oneway=reversible", "", "")]
    [InlineData("oneway:conditional=yes @ (weight<7.5)", "f", "f")]
    [InlineData("oneway:conditional=yes @ (weight>7.5)", "fb", "fb")]
    [InlineData("oneway=yes;motor_vehicle:conditional=no @ (11:00-13:00)", "f", "")]
    public void Hours_open_and_close_roads(string tags, string morning, string noon)
    {
        RoadGraph graph = With(["highway=residential", .. Split(tags)]).Graph;
        Assert.Equal((morning, noon), (OpenAt(graph, Morning), OpenAt(graph, Noon)));
    }

    // At the semicolons before a key.
    private static List<string> Split(string tags)
    {
        var parts = new List<string>();
        foreach (string part in tags.Split(';'))
        {
            if (part.Contains('=', StringComparison.Ordinal))
            {
                parts.Add(part);
            }
            else
            {
                parts[^1] += ";" + part;
            }
        }

        return parts;
    }

    [Fact]
    public void Delivery_hours_open_a_street_for_pedestrians_to_its_own_traffic()
    {
        RoadGraph graph = With("highway=pedestrian", "motor_vehicle:conditional=delivery @ (07:00-09:00)").Graph;
        Assert.Equal(("fb", ""), (OpenAt(graph, Morning), OpenAt(graph, Noon)));
        Assert.True(graph.Way(2)!.Value.Flags.HasFlag(RoadFlags.DestinationOnly));
        Assert.Null(With("highway=pedestrian", "bicycle:conditional=yes @ (07:00-09:00)").Graph.Way(2));
    }

    [Theory]
    [InlineData("motor_vehicle:conditional=destination @ (07:00-09:00)", "access: own traffic at some hours")]
    [InlineData("motor_vehicle:conditional=no @ (wet)", "access: under conditions not known here")]
    [InlineData("motor_vehicle:conditional=no @ (sunset-sunrise)", "access: under conditions not known here")]
    [InlineData("motor_vehicle:conditional=no", "access: under conditions not known here")]
    [InlineData("oneway:conditional=yes @ (snow)", "one-way: under conditions not known here")]
    [InlineData("oneway:conditional=maybe @ (Mo)", "one-way: under conditions not known here")]
    [InlineData("opening_hours=dawn-dusk", "opening hours not read")]
    [InlineData("maxspeed:conditional=30 @ (22:00-06:00)", "speed limit")]
    [InlineData("maxspeed:forward:conditional=30 @ (wet)", "speed limit")]
    [InlineData("maxspeed:lanes:conditional=50|30 @ (22:00-06:00)", "speed limit")]
    [InlineData("access:lanes:conditional=no|yes @ (07:00-09:00)", "access: of lanes, under conditions")]
    [InlineData("motor_vehicle:lanes:forward:conditional=no|yes @ (snow)", "access: of lanes, under conditions")]
    [InlineData("vehicle:lanes:conditional=no|no @ (weight>7.5)", "")]
    [InlineData("hgv:lanes:conditional=no|yes @ (07:00-09:00)", "")]
    [InlineData("maxspeed:hgv:conditional=30 @ (22:00-06:00)", "")]
    [InlineData("maxspeed:conditional=60 @ (weight>7.5)", "")]
    [InlineData("motor_vehicle:conditional=no @ (07:00-09:00)", "")]
    public void What_is_not_honoured_is_counted_by_kind(string tag, string kind)
    {
        RoadImport import = With("highway=residential", tag);
        Assert.Equal(kind.Length > 0 ? new Dictionary<string, int> { [kind] = 1 } : [], import.Report.ConditionsLeftOut);
        Assert.Equal("fb", OpenAt(import.Graph, Noon));
    }

    [Theory]
    [InlineData("", "access", "no @ (22:00-06:00)", 1)]
    [InlineData("", "motor_vehicle", "no @ snow", 1)]
    [InlineData("", "motor_vehicle", "no @ (weight>7.5)", 0)]
    [InlineData("", "hgv", "no @ (22:00-06:00)", 0)]
    [InlineData("highway=crossing", "access", "no @ (22:00-06:00)", 0)] // the crossing's, for who walks
    [InlineData("barrier=gate", "access", "no @ (22:00-06:00)", 0)] // honoured
    public void Conditions_of_a_node_without_a_barrier_are_counted(string thing, string mode, string condition, int told)
    {
        (string, string)[] tags = [($"{mode}:conditional", condition), .. thing.Length > 0 ? [(thing[..thing.IndexOf('=', StringComparison.Ordinal)], thing[(thing.IndexOf('=', StringComparison.Ordinal) + 1)..])] : Array.Empty<(string, string)>()];
        RoadImport import = new OsmFileWriter().Node('a', 0, 0).Node('b', 100, 0, tags).Node('c', 200, 0).Way(1, "abc", "highway=residential").Import();
        Assert.Equal(told, import.Report.ConditionsLeftOut.GetValueOrDefault("access: of a node without a barrier, under conditions"));
    }

    [Fact]
    public void What_might_open_a_closed_road_is_counted_too()
    {
        RoadImport import = With("highway=residential", "motor_vehicle=no", "motor_vehicle:conditional=yes @ (sunset-sunrise)");
        Assert.Null(import.Graph.Way(2));
        Assert.Equal(new Dictionary<string, int> { ["access: under conditions not known here"] = 1 }, import.Report.ConditionsLeftOut);
    }

    [Theory]
    [InlineData("restriction=no_left_turn restriction:conditional=none@(Mo)", 1)]
    [InlineData("restriction=no_left_turn restriction:conditional=none@(weight>7.5)", 0)]
    [InlineData("restriction=no_left_turn", 0)]
    public void A_turn_restriction_with_exceptions_at_hours_is_kept_and_that_is_told(string tags, int told)
    {
        RoadImport import = Block().Node('x', 450, 0).Way(2, "bx", "highway=residential").Node('y', 450, 100).Way(3, "yb", "highway=residential")
            .Relation($"type=restriction {tags}", "way 2 from", "node b via", "way 3 to").Import();
        Assert.Equal((1, told), (import.Report.RestrictionsApplied, import.Report.ConditionsLeftOut.GetValueOrDefault("turn restriction kept at all hours")));
    }

    [Theory]
    [InlineData("barrier=gate", "opening_hours=07:00-09:00", true, false)]
    [InlineData("barrier=gate", "access:conditional=no @ (11:00-13:00)", true, false)]
    [InlineData("barrier=bollard", "motor_vehicle:conditional=yes @ (07:00-09:00)", true, false)]
    [InlineData("barrier=bollard", "opening_hours=07:00-09:00", false, false)]
    [InlineData("amenity=cafe", "opening_hours=07:00-09:00", true, true)]
    public void A_gate_is_passed_at_its_hours(string tag, string hours, bool inTheMorning, bool atNoon)
    {
        RoadImport import = Block().Node('g', 150, 150, Pair(tag), Pair(hours)).Way(2, "bgd", "highway=primary").Import();
        Assert.Equal(inTheMorning != atNoon ? 1 : 0, import.Report.TimedGates);
        Assert.Equal((inTheMorning, atNoon), (Passes(Morning), Passes(Noon)));

        bool Passes(string time)
        {
            RoadGraph graph = import.Graph;
            int from = graph.Edge("ab")!.Value, to = graph.Edge("da")!.Value;
            RoadMetric metric = RoadMetric.FreeFlow(graph).With(
                graph, graph.TimedEdges.ClosedAt(DateTime.Parse(time, CultureInfo.InvariantCulture)).Select(RoadChange.Closed));
            var router = new RoadRouter(RoadHierarchy.Build(graph), metric);
            return router.FindPath([new RoadPosition(from, 0.5)], [new RoadPosition(to, 0.5)])!.Edges.Any(edge => graph.Segment(edge >> 1).WayId == 2);
        }

        static (string, string) Pair(string text) => (text.Split('=', 2)[0], text.Split('=', 2)[1]);
    }

    [Fact]
    public void Hours_come_back_from_a_graphs_file()
    {
        RoadGraph graph = With("highway=residential", "motor_vehicle:conditional=no @ (07:00-09:00)").Graph;
        var file = new MemoryStream();
        var source = RoadSource.Of(new MemoryStream([1]));
        RoadGraphFile.Write(file, graph, source);
        file.Position = 0;
        RoadGraph read = RoadGraphFile.Read(file, source);
        Assert.Equal(("", "fb"), (OpenAt(read, Morning), OpenAt(read, Noon)));
        Assert.False(read.TimedEdges.AreNone);
    }

    [Fact]
    public void A_report_counts_the_roads_with_hours()
    {
        RoadImportReport report = With("highway=residential", "motor_vehicle:conditional=no @ (07:00-09:00)").Report;
        Assert.Equal((1, 0), (report.TimedWays, report.TimedGates));
        Assert.Equal(0, With("highway=residential").Report.TimedWays);
        Assert.True(With("highway=residential").Graph.TimedEdges.AreNone);
    }
}
