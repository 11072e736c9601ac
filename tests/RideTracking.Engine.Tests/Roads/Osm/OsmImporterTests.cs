using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads;
using RideTracking.Engine.Roads.Graph;
using RideTracking.Engine.Roads.Osm;
using RideTracking.Engine.Tests.Roads.Graph;

namespace RideTracking.Engine.Tests.Roads.Osm;

/// <summary>What becomes of small maps.</summary>
public class OsmImporterTests
{
    // A block a b c d of streets, way 1, from which further roads lead.
    private static OsmFileWriter Block(OsmFileWriter? file = null) => (file ?? new())
        .Node('a', 0, 0).Node('b', 300, 0).Node('c', 300, 300).Node('d', 0, 300).Way(1, "abcda", "highway=tertiary name=Ring_Road");

    // A cross: from a in the west over x to c in the east, s in the south, n in the north; ends joined by way 9 around.
    private static OsmFileWriter Cross() => new OsmFileWriter()
        .Node('a', -200, 0).Node('c', 200, 0).Node('n', 0, 200).Node('s', 0, -200).Node('x', 0, 0)
        .Way(1, "ax", "highway=residential").Way(2, "xc", "highway=residential").Way(3, "sx", "highway=residential")
        .Way(4, "xn", "highway=residential").Way(9, "ancsa", "highway=residential");

    [Theory]
    [InlineData(true, true, 100)]
    [InlineData(false, true, 100)]
    [InlineData(true, false, 100)]
    [InlineData(true, true, 1_000)]
    [InlineData(false, false, 10)]
    public void Reads_all_that_writers_write(bool dense, bool packed, int granularity)
    {
        RoadImport import = Block(new OsmFileWriter { Dense = dense, Packed = packed, Granularity = granularity })
            .Node('e', 400, 0).Way(2, "be", "highway=residential").Import();
        RoadGraph graph = import.Graph;
        Assert.Equal((2, 2), (import.Report.HighwayWays, import.Report.DrivableWays));
        Assert.Equal(1.3, import.Report.RoadKilometers, 0.001);
        Assert.Equal(100, graph.LengthMeters(graph.Edge("be")!.Value), 0.5);
        Assert.Equal("Ring Road", graph.NameOf(graph.Edge("ab") is { } edge ? edge >> 1 : -1));
        Assert.Equal(new GeoPoint(41, -8), graph.JunctionAt(graph.TailOf(graph.Edge("ab")!.Value)));
    }

    [Fact]
    public void Ways_are_cut_where_they_meet_and_only_there()
    {
        RoadGraph graph = Block().Node('e', 400, 0).Node('f', 500, 0).Way(2, "bef", "highway=residential").Import().Graph;
        Assert.Equal(200, graph.LengthMeters(graph.Edge("bf")!.Value), 0.5);
        Assert.Equal(3, graph.PointCount(graph.Edge("bf")!.Value >> 1));
        Assert.Null(graph.Edge("be"));
        // The ring is cut where it starts, at b, and nowhere else.
        Assert.Equal(3, graph.SegmentCount);
        Assert.Equal("af", graph.TurnsFrom("ab"));
    }

    [Fact]
    public void A_loop_is_two_segments()
    {
        RoadGraph graph = new OsmFileWriter().Node('a', 0, 0).Node('b', 100, 0).Node('c', 200, 50).Node('d', 200, -50)
            .Way(1, "ab", "highway=residential").Way(2, "bcdb", "highway=residential").Import().Graph;
        Assert.Equal(3, graph.SegmentCount);
        Assert.All(Enumerable.Range(0, 3), segment => Assert.NotEqual(graph.Segment(segment).FromJunction, graph.Segment(segment).ToJunction));
    }

    [Theory]
    [InlineData("highway=residential", true, true)]
    [InlineData("highway=residential oneway=yes", true, false)]
    [InlineData("highway=residential oneway=1", true, false)]
    [InlineData("highway=residential oneway=-1", false, true)]
    [InlineData("highway=residential oneway=reversible", false, false)]
    [InlineData("highway=residential oneway=alternating", true, true)]
    [InlineData("highway=residential oneway=yes oneway:motorcar=no", true, true)]
    [InlineData("highway=residential oneway=no junction=roundabout", true, true)]
    [InlineData("highway=residential junction=roundabout", true, false)]
    [InlineData("highway=residential junction=circular", true, false)]
    [InlineData("highway=motorway", true, false)]
    [InlineData("highway=motorway oneway=no", true, true)]
    [InlineData("highway=motorway_link", true, true)]
    [InlineData("highway=residential oneway=yes oneway:bicycle=no", true, false)]
    [InlineData("highway=residential motor_vehicle:backward=no", true, false)]
    [InlineData("highway=residential vehicle:forward=no", false, true)]
    [InlineData("highway=footway", false, false)]
    [InlineData("highway=pedestrian", false, false)]
    [InlineData("highway=pedestrian motor_vehicle=yes", true, true)]
    [InlineData("highway=construction", false, false)]
    [InlineData("highway=busway", false, false)]
    [InlineData("highway=service service=emergency_access", false, false)]
    [InlineData("highway=residential area=yes", false, false)]
    [InlineData("highway=residential access=no", false, false)]
    [InlineData("highway=residential access=no motorcar=yes", true, true)]
    [InlineData("highway=residential motor_vehicle=no", false, false)]
    [InlineData("highway=residential vehicle=no motor_vehicle=destination", true, true)]
    [InlineData("highway=residential access=yes motorcar=no", false, false)]
    [InlineData("highway=residential access=bus;psv", false, false)]
    [InlineData("highway=residential access=permissive", true, true)]
    [InlineData("highway=track smoothness=impassable", false, false)]
    [InlineData("waterway=river", false, false)]
    public void Tags_decide_who_drives_where(string tags, bool forward, bool backward)
    {
        // The road joins two corners of the block, so that both ways are of use.
        RoadGraph graph = Block().Way(2, "bd", tags).Import().Graph;
        Assert.Equal((forward, backward), (graph.Kmh("bd", way: 2) > 0, graph.Kmh("db", way: 2) > 0));
    }

    [Theory]
    [InlineData("highway=residential access=private", true)]
    [InlineData("highway=residential access=destination", true)]
    [InlineData("highway=service access=customers", true)]
    [InlineData("highway=service service=driveway", true)]
    [InlineData("highway=service service=driveway access=yes", false)]
    [InlineData("highway=service service=alley", false)]
    [InlineData("highway=track", true)]
    [InlineData("highway=track tracktype=grade1", false)]
    [InlineData("highway=residential access=private motorcar=yes", false)]
    [InlineData("highway=pedestrian motor_vehicle=yes", true)]
    public void Roads_for_their_own_traffic_are_marked(string tags, bool isOwn) =>
        Assert.Equal(isOwn, Block().Way(2, "bd", tags).Import().Graph.Way(2)!.Value.Flags.HasFlag(RoadFlags.DestinationOnly));

    [Theory]
    [InlineData("highway=primary tunnel=yes", RoadFlags.Tunnel)]
    [InlineData("highway=primary tunnel=building_passage", RoadFlags.None)]
    [InlineData("highway=primary bridge=viaduct", RoadFlags.Bridge)]
    [InlineData("highway=primary bridge=no", RoadFlags.None)]
    [InlineData("highway=primary toll=yes", RoadFlags.Toll)]
    [InlineData("highway=primary_link", RoadFlags.Link)]
    [InlineData("highway=primary junction=roundabout", RoadFlags.Roundabout)]
    public void What_else_is_known_is_kept(string tags, RoadFlags flags)
    {
        RoadSegment road = Block().Way(2, "bd", tags).Import().Graph.Way(2)!.Value;
        Assert.Equal(flags | RoadFlags.Connected, road.Flags);
        Assert.Equal(RoadClass.Primary, road.Class);
    }

    [Theory]
    [InlineData("highway=primary", 68, 68)]
    [InlineData("highway=primary maxspeed=50", 45, 45)]
    [InlineData("highway=primary maxspeed=90", 72, 72)]
    [InlineData("highway=primary maxspeed:forward=90 maxspeed:backward=50", 72, 45)]
    [InlineData("highway=primary maxspeed=PT:urban", 45, 45)]
    [InlineData("highway=primary maxspeed=PT:rural", 72, 72)]
    [InlineData("highway=primary source:maxspeed=PT:urban", 45, 45)]
    [InlineData("highway=primary maxspeed=signals", 68, 68)]
    [InlineData("highway=residential zone:maxspeed=DE:30", 27, 27)]
    [InlineData("highway=motorway oneway=no maxspeed=none", 117, 117)]
    [InlineData("highway=residential maxspeed=none", 28, 28)]
    [InlineData("highway=primary maxspeed:lanes=90|50", 72, 72)]
    [InlineData("highway=residential maxspeed=walk", 6, 6)]
    [InlineData("highway=residential surface=cobblestone maxspeed=90", 30, 30)]
    [InlineData("highway=residential surface=mud", 10, 10)]
    [InlineData("highway=secondary maxspeed=90 junction=roundabout oneway=no", 30, 30)]
    [InlineData("highway=track tracktype=grade5", 10, 10)]
    [InlineData("highway=living_street", 10, 10)]
    public void Speeds_come_from_limits_classes_and_surfaces(string tags, int forward, int backward)
    {
        RoadGraph graph = Block().Way(2, "bd", tags).Import().Graph;
        Assert.Equal((forward, backward), (graph.Kmh("bd", way: 2), graph.Kmh("db", way: 2)));
    }

    [Fact]
    public void Streets_make_a_town_and_towns_are_slower()
    {
        OsmFileWriter file = new OsmFileWriter().Node('p', 0, -50).Node('q', 600, -50).Node('r', 9_000, -50)
            .Way(1, "pq", "highway=primary").Way(2, "qr", "highway=primary");
        for (int street = 0; street < 8; street++)
        {
            char from = (char)(1_000 + street), to = (char)(2_000 + street);
            file.Node(from, 0, 80 * street).Node(to, 600, 80 * street).Way(100 + street, $"{from}{to}", "highway=residential");
        }

        RoadGraph graph = file.Import().Graph;
        Assert.True(graph.Way(1)!.Value.Flags.HasFlag(RoadFlags.Urban));
        Assert.False(graph.Way(2)!.Value.Flags.HasFlag(RoadFlags.Urban));
        Assert.Equal((42, 68), (graph.Kmh("pq"), graph.Kmh("qr")));
    }

    [Theory]
    [InlineData("barrier=bollard", true)]
    [InlineData("access=no", true)]
    [InlineData("barrier=gate", false)]
    [InlineData("highway=crossing", false)]
    public void Barriers_stop_cars(string tags, bool isStopped)
    {
        RoadImport import = Block().Node('e', 150, 150, tags).Way(2, "bed", "highway=residential").Import();
        Assert.Equal(isStopped ? 1 : 0, import.Report.BlockingBarriers);
        RoadGraph graph = import.Graph;
        if (isStopped)
        {
            // Two dead ends, one from each side.
            Assert.Equal("b", graph.TurnsFrom("be"));
            Assert.Equal("d", graph.TurnsFrom("de"));
        }
        else
        {
            Assert.NotNull(graph.Edge("bd", way: 2));
        }
    }

    [Fact]
    public void A_private_gate_is_passed_to_and_from_what_lies_behind()
    {
        // A shortcut b e f d with a gate at each end, and a yard y in between.
        RoadImport import = Block().Node('e', 100, 100, "barrier=gate access=private").Node('f', 200, 200, "barrier=lift_gate access=private")
            .Node('m', 150, 150).Node('y', 160, 140).Way(2, "bemfd", "highway=residential").Way(3, "my", "highway=service").Import();
        Assert.Equal((0, 2), (import.Report.BlockingBarriers, import.Report.OwnTrafficGates));
        RoadGraph graph = import.Graph;
        PlainWays fromStreet = PlainWays.From(graph, graph.Edge("ab")!.Value), fromYard = PlainWays.From(graph, graph.Edge("ym")!.Value);
        Assert.True(fromStreet.Reaches(graph.Edge("my")!.Value));
        Assert.True(fromYard.Reaches(graph.Edge("fd")!.Value));
        Assert.DoesNotContain(graph.Edge("em")!.Value, fromStreet.To(graph.Edge("da")!.Value)!);
        Assert.False(graph.Way(2)!.Value.Flags.HasFlag(RoadFlags.DestinationOnly));
    }

    [Theory]
    [InlineData("highway=residential maxwidth=1.5", false)]
    [InlineData("highway=residential maxwidth=2.5", true)]
    [InlineData("highway=residential maxheight=1.8", false)]
    [InlineData("highway=residential maxheight=3", true)]
    public void Roads_too_small_for_a_car_are_none(string tags, bool isDriven) =>
        Assert.Equal(isDriven, Block().Way(2, "bd", tags).Import().Graph.Way(2) is not null);

    [Fact]
    public void Signals_and_signs_cost_who_drives_to_them()
    {
        RoadGraph graph = Block()
            .Node('s', 30, 30, "highway=stop").Way(2, "asc", "highway=residential")
            .Node('t', 0, 280, "highway=traffic_signals traffic_signals:direction=backward").Node('e', 0, 100).Way(3, "etd", "highway=residential")
            .Way(4, "ea", "highway=residential").Import().Graph;
        int Delay(string edge, string next, long? way = null) =>
            graph.TurnDelaysFrom(graph.Edge(edge, way)!.Value)[graph.TurnsFrom(graph.Edge(edge, way)!.Value).IndexOf(graph.Edge(next)!.Value)];
        Assert.Equal(0, Delay("ae", "ed"));
        Assert.Equal(30, Delay("de", "ea"));
        Assert.True(Delay("ca", "ae", way: 2) >= 30);
    }

    [Theory]
    [InlineData("no_left_turn", "node x via", "cs")]
    [InlineData("only_left_turn", "node x via", "n")]
    [InlineData("no_u_turn", "node x via", "cs")]
    public void Restrictions_over_a_node_are_kept(string kind, string via, string left)
    {
        RoadImport import = Cross().Restriction(kind, "way 1 from", via, "way 4 to").Import();
        Assert.Equal((1, 1), (import.Report.Restrictions, import.Report.RestrictionsApplied));
        Assert.Equal(left, import.Graph.TurnsFrom("ax"));
        Assert.Equal("acs".Replace("s", "", StringComparison.Ordinal) + "n", import.Graph.TurnsFrom("sx"));
    }

    [Fact]
    public void Restrictions_over_ways_are_kept_in_any_order_of_their_members()
    {
        RoadImport import = Cross().Node('m', 0, 300).Node('o', 0, 400).Node('w', -100, 300).Way(5, "nm", "highway=residential").Way(6, "mo", "highway=residential")
            .Way(7, "mw", "highway=residential")
            .Restriction("no_left_turn", "way 1 from", "way 5 via", "way 4 via", "way 7 to").Import();
        Assert.Equal((1, 1), (import.Report.RestrictionsApplied, import.Report.RestrictionsOverWays));
        RoadGraph graph = import.Graph;
        PlainWays ways = PlainWays.From(graph, graph.Edge("ax")!.Value);
        int[] straight = ways.To(graph.Edge("mo")!.Value)!;
        Assert.Equal(graph.Edge("xn"), straight[1]);
        Assert.NotEqual(graph.Edge("xn"), ways.To(graph.Edge("mw")!.Value)![1]);
        Assert.Equal(graph.Edge("xn"), PlainWays.From(graph, graph.Edge("sx")!.Value).To(graph.Edge("mw")!.Value)![1]);
    }

    [Theory]
    [InlineData("type=restriction restriction=no_left_turn except=motorcar;bicycle", "not for cars")]
    [InlineData("type=restriction restriction=no_left_turn except=psv", null)]
    [InlineData("type=restriction restriction=no_left_turn except=psv;motor_vehicle", "not for cars")]
    [InlineData("type=restriction restriction=no_left_turn;no_u_turn", null)]
    [InlineData("type=restriction restriction=no_right_turn_on_red;no_left_turn", null)]
    [InlineData("type=restriction:motorcar restriction=no_left_turn", null)]
    [InlineData("type=restriction restriction:motor_vehicle=no_left_turn restriction:hgv=no_u_turn", null)]
    [InlineData("type=restriction restriction:conditional=no_left_turn@(weight>3.5)", "for other vehicles")]
    [InlineData("type=restriction restriction:conditional=no_left_turn@(weight<3.5)", null)]
    [InlineData("type=restriction restriction:conditional=no_left_turn@(length>12);no_left_turn@07:00-09:00", "at some hours only")]
    [InlineData("type=restriction restriction:conditional=no_left_turn@snow", "under conditions not known here")]
    [InlineData("type=restriction restriction:hgv:conditional=no_left_turn@(Mo)", "for other vehicles")]
    [InlineData("type=restriction restriction:motorcar:conditional=no_left_turn@(Mo-Fr)", "at some hours only")]
    [InlineData("type=restriction restriction:motorcar=no_left_turn", null)]
    [InlineData("type=restriction restriction:hgv=no_left_turn", "for other vehicles")]
    [InlineData("type=restriction:hgv restriction=no_left_turn", "for other vehicles")]
    [InlineData("type=restriction restriction:conditional=no_left_turn@(Mo)", "at some hours only")]
    [InlineData("type=restriction restriction=no_left_turn hour_on=07:00", "at some hours only")]
    [InlineData("type=restriction restriction=no_right_turn_on_red", "unknown kind")]
    [InlineData("type=restriction", "kind not told")]
    [InlineData("type=multipolygon", "")]
    public void Only_restrictions_for_cars_at_all_hours_count(string tags, string? ignored)
    {
        RoadImportReport report = Cross().Relation(tags, "way 1 from", "node x via", "way 4 to").Import().Report;
        Assert.Equal(ignored is null ? 1 : 0, report.RestrictionsApplied);
        Assert.Equal(ignored is null or "" ? [] : new Dictionary<string, int> { [ignored] = 1 }, report.RestrictionsIgnored);
    }

    [Theory]
    [InlineData("way 1 from", "node x via", "", "has no from, via or to")]
    [InlineData("way 1 from", "way 4 to", "", "has no from, via or to")]
    [InlineData("way 77 from", "node x via", "way 4 to", "a member is not in the file")]
    [InlineData("way 1 from", "way 77 via", "way 4 to", "a member is not in the file")]
    [InlineData("way 1 from", "node x via", "way 77 to", "a member is not in the file")]
    [InlineData("way 1 from", "node z via", "way 4 to", "a member is not in the file")]
    [InlineData("way 6 from", "node x via", "way 4 to", "a member is no road for cars")]
    [InlineData("way 1 from", "way 6 via", "way 4 to", "a member is no road for cars")]
    [InlineData("way 7 from", "node x via", "way 4 to", "a member is no road for cars")]
    [InlineData("way 1 from", "node n via", "way 4 to", "members do not meet")]
    [InlineData("way 1 from", "way 2 via", "way 4 to", "members do not meet")]
    [InlineData("way 9 from", "node a via", "way 1 to", "more than one turn meant")]
    [InlineData("way 8 from", "node x via", "way 4 to", "cannot be driven anyway")]
    public void What_cannot_be_kept_is_counted_by_reason(string first, string second, string third, string reason)
    {
        OsmFileWriter file = Cross().Node('y', 100, 100).Way(8, "xyc", "highway=residential oneway=yes")
            .Way(6, "ax", "highway=footway").Way(7, "xs", "building=yes");
        RoadImportReport report = file.Restriction("no_left_turn", [.. new[] { first, second, third }.Where(each => each.Length > 0)]).Import().Report;
        Assert.Equal(new Dictionary<string, int> { [reason] = 1 }, report.RestrictionsIgnored);
    }

    [Theory]
    [InlineData("highway=residential oneway=yes", "way 1 from", "node b via", "way 2 to", null)] // one comes along the way but one way
    [InlineData("highway=residential", "way 1 from", "node b via", "way 2 to", "more than one turn meant")]
    [InlineData("highway=residential", "way 2 from", "node b via", "way 1 to", "more than one turn meant")]
    [InlineData("highway=residential", "way 1 from", "node m via", "way 3 to", "members do not meet")] // no other road there
    [InlineData("highway=residential", "way 1 from", "node m via", "way 1 to", "members do not meet")]
    public void A_restriction_in_the_middle_of_a_way_that_is_not_split_there_is_kept_or_counted(string tags, string from, string via, string to, string? ignored)
    {
        RoadImport import = new OsmFileWriter().Node('a', 0, 0).Node('m', 50, 0).Node('b', 100, 0).Node('c', 200, 0).Node('d', 100, 100).Node('e', 300, 0)
            .Way(1, "ambc", tags).Way(2, "bd", "highway=residential").Way(3, "ce", "highway=residential").Restriction("no_left_turn", from, via, to).Import();
        Assert.Equal(ignored is null ? [] : new Dictionary<string, int> { [ignored] = 1 }, import.Report.RestrictionsIgnored);
        Assert.Equal(ignored is null ? 1 : 0, import.Report.RestrictionsApplied);
        Assert.Equal(ignored is null ? "c" : "cd", new string([.. import.Graph.TurnsFrom("ab").Order()]));
    }

    [Theory]
    [InlineData("no_left_turn;no_u_turn", "cs")]
    [InlineData("only_straight_on;no_left_turn", "c")]
    [InlineData("no_u_turn;only_straight_on", "c")]
    public void Several_kinds_of_one_restriction_are_about_its_one_turn(string kinds, string left)
    {
        string to = kinds.Contains("only", StringComparison.Ordinal) ? "way 2 to" : "way 4 to";
        Assert.Equal(left, Cross().Restriction(kinds, "way 1 from", "node x via", to).Import().Graph.TurnsFrom("ax"));
    }

    [Fact]
    public void Members_named_twice_are_one()
    {
        RoadImport import = Cross().Restriction(
            "no_left_turn", "way 1 from", "node x via", "way 1 from", "node x via", "way 4 to", "way 4 to").Import();
        Assert.Equal((1, 0), (import.Report.RestrictionsApplied, import.Report.RestrictionsAppliedInPart));
        Assert.Equal("cs", import.Graph.TurnsFrom("ax"));
    }

    [Fact]
    public void Of_several_members_those_in_the_file_are_kept_and_the_others_told()
    {
        RoadImport import = Cross().Restriction("no_exit", "way 1 from", "node x via", "way 3 to", "way 4 to", "way 77 to").Import();
        Assert.Equal((1, 1), (import.Report.RestrictionsApplied, import.Report.RestrictionsAppliedInPart));
        Assert.Equal("c", import.Graph.TurnsFrom("ax"));
    }

    [Fact]
    public void No_entry_and_no_exit_hold_for_all_their_members()
    {
        RoadGraph graph = Cross().Restriction("no_entry", "way 1 from", "way 3 from", "node x via", "way 4 to").Import().Graph;
        Assert.Equal(("cs", "ac"), (graph.TurnsFrom("ax"), graph.TurnsFrom("sx")));
        Assert.Equal("ans", graph.TurnsFrom("cx"));
    }

    [Fact]
    public void Roundabouts_tell_on_which_side_one_drives()
    {
        Assert.False(Block().Way(2, "abcda", "highway=tertiary junction=roundabout").Import().Graph.DrivesOnLeft);
        Assert.True(Block().Way(2, "adcba", "highway=tertiary junction=roundabout").Import().Graph.DrivesOnLeft);
    }

    [Fact]
    public void Roads_are_cut_where_the_extract_ends()
    {
        RoadImport import = Block().Node('e', 400, 0).Way(2, "bzze", "highway=residential").Way(3, "cz", "highway=residential").Import();
        Assert.Equal(1, import.Report.MissingNodes);
        Assert.Null(import.Graph.Way(2));
        Assert.Null(import.Graph.Way(3));
    }

    [Fact]
    public void A_file_without_roads_is_refused()
    {
        Assert.Contains("no roads for cars", Assert.Throws<RoadFileException>(
            () => new OsmFileWriter().Node('a', 0, 0).Node('b', 9, 9).Way(1, "ab", "highway=footway").Import()).Message, StringComparison.Ordinal);
        Assert.Contains("not the nodes", Assert.Throws<RoadFileException>(
            () => new OsmFileWriter().Way(1, "ab", "highway=residential").Import()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Progress_only_grows_and_a_cancelled_import_ends()
    {
        var told = new List<RoadImportProgress>();
        var file = new MemoryStream(Block().ToBytes());
        OsmImporter.Import(file, RoadUser.Car, progress: new Collecting(told.Add), cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(told.OrderBy(each => each.Fraction).ThenBy(each => each.Stage), told);
        Assert.Equal(new RoadImportProgress(RoadImportStage.BuildingGraph, 1), told[^1]);
        file.Position = 0;
        told.Clear();
        var everywhere = new GeoPolygon(new NetTopologySuite.Geometries.GeometryFactory().ToGeometry(new NetTopologySuite.Geometries.Envelope(-179, 179, -89, 89)));
        OsmImporter.Import(file, RoadUser.Car, everywhere, new Collecting(told.Add), TestContext.Current.CancellationToken);
        Assert.Equal(told.OrderBy(each => each.Fraction).ThenBy(each => each.Stage), told);
        Assert.Equal(Enum.GetValues<RoadImportStage>(), told.Select(each => each.Stage).Distinct());
        file.Position = 0;
        using var stopped = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => OsmImporter.Import(file, RoadUser.Car, progress: new Collecting(_ => stopped.Cancel()), cancellation: stopped.Token));
    }

    private sealed class Collecting(Action<RoadImportProgress> take) : IProgress<RoadImportProgress>
    {
        public void Report(RoadImportProgress value) => take(value);
    }
}
