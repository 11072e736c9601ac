using RideTracking.Engine.Roads.Graph;
using RideTracking.Engine.Roads.Osm;

namespace RideTracking.Engine.Tests.Roads.Osm;

/// <summary>Ferries and car trains: who is taken along, and how long it takes.</summary>
public class FerryTests
{
    // Two shores a-b-c and e-f; 3 km of water from b to e, with a buoy m in its middle.
    private static OsmFileWriter Shores() => new OsmFileWriter()
        .Node('a', -300, 0).Node('b', 0, 0).Node('c', -300, 300).Node('m', 1_500, 0).Node('e', 3_000, 0).Node('f', 3_300, 0)
        .Node('d', -600, 0).Way(1, "abca", "highway=tertiary").Way(8, "ad", "highway=residential").Way(9, "ef", "highway=residential");

    [Theory]
    [InlineData("route=ferry", false)]
    [InlineData("route=ferry motor_vehicle=yes", true)]
    [InlineData("route=ferry motorcar=designated", true)]
    [InlineData("route=ferry motor_vehicle=no foot=yes", false)]
    [InlineData("route=ferry access=yes", false)]
    [InlineData("route=ferry ferry=primary", true)]
    [InlineData("route=ferry ferry=primary motor_vehicle=no", false)]
    [InlineData("route=ferry highway=secondary", true)]
    [InlineData("route=ferry highway=secondary motor_vehicle=no", false)]
    [InlineData("route=ferry highway=footway", false)]
    [InlineData("route=shuttle_train railway=rail", true)]
    [InlineData("route=shuttle_train railway=rail motor_vehicle=no", false)]
    [InlineData("route=train railway=rail motor_vehicle=yes", false)]
    public void A_ferry_takes_cars_where_something_says_so(string tags, bool takesCars)
    {
        RoadGraph graph = Shores().Way(2, "be", tags).Import().Graph;
        Assert.Equal(takesCars ? RoadClass.Ferry : null, graph.Way(2)?.Class);
    }

    [Theory]
    // 3 km and 5 minutes at the pier.
    [InlineData("route=ferry motorcar=yes duration=00:13", 10)]
    [InlineData("route=ferry motorcar=yes duration=13", 10)]
    [InlineData("route=ferry motorcar=yes duration=PT13M", 10)]
    [InlineData("route=ferry motorcar=yes duration=00:13 highway=secondary maxspeed=90", 10)]
    [InlineData("route=ferry highway=secondary", 11)] // 15 km/h
    [InlineData("route=ferry motorcar=yes duration=soon", 11)]
    [InlineData("route=shuttle_train railway=rail", 21)] // 50 km/h
    [InlineData("route=shuttle_train railway=rail duration=00:01", 30)]
    public void A_ferry_takes_its_time_and_a_wait(string tags, int kmh)
    {
        RoadGraph graph = Shores().Way(2, "be", tags).Import().Graph;
        Assert.Equal((kmh, kmh), (graph.Kmh("be"), graph.Kmh("eb")));
        Assert.True(graph.Way(9)!.Value.Flags.HasFlag(RoadFlags.Connected));
    }

    [Theory]
    // The relation stands in for what the ways do not say, and its duration is that of them all.
    [InlineData("", "", "motor_vehicle=yes duration=00:13", 10)]
    [InlineData("route=ferry", "", "motor_vehicle=yes duration=00:13", 10)]
    [InlineData("route=ferry motor_vehicle=yes", "route=ferry motor_vehicle=yes", "duration=00:13", 10)]
    [InlineData("source=survey", "name=Half", "motor_vehicle=yes duration=00:13", 10)]
    [InlineData("", "", "motor_vehicle=yes", 11)]
    [InlineData("", "", "duration=00:13", 0)]
    [InlineData("motor_vehicle=no", "", "motor_vehicle=yes duration=00:13", 0)]
    public void A_ferry_by_relation_is_one_passage(string first, string second, string relation, int kmh)
    {
        RoadImport import = Shores().Way(2, "bm", first).Way(3, "me", second)
            .Relation($"type=route route=ferry {relation}", "way 2 member", "way 3 member").Import();
        RoadGraph graph = import.Graph;
        Assert.Equal(kmh, graph.Kmh("bm", way: 2));
        Assert.Equal(kmh > 0 ? RoadClass.Ferry : null, graph.Way(2)?.Class);
        Assert.Equal(kmh > 0, graph.Way(9)!.Value.Flags.HasFlag(RoadFlags.Connected) && graph.Way(1)!.Value.Flags.HasFlag(RoadFlags.Connected));
    }

    [Fact]
    public void A_way_with_a_duration_of_its_own_keeps_it()
    {
        RoadGraph graph = Shores().Way(2, "bm", "route=ferry duration=00:10").Way(3, "me", "")
            .Relation("type=route route=ferry motor_vehicle=yes duration=00:13", "way 2 member", "way 3 member").Import().Graph;
        Assert.Equal((6, 5), (graph.Kmh("bm"), graph.Kmh("me")));
    }

    [Fact]
    public void Piers_and_roads_among_the_members_stay_what_they_are()
    {
        RoadGraph graph = Shores().Way(2, "be", "").Node('p', 10, 10).Way(3, "bp", "highway=footway").Way(4, "bp", "man_made=pier")
            .Relation("type=route route=ferry motor_vehicle=yes", "way 2 member", "way 3 member", "way 4 member", "way 9 member").Import().Graph;
        Assert.Equal((RoadClass.Ferry, RoadClass.Residential), (graph.Way(2)!.Value.Class, graph.Way(9)!.Value.Class));
        Assert.Null(graph.Way(3));
        Assert.Null(graph.Way(4));
    }

    [Theory]
    [InlineData("20", 20)]
    [InlineData("0:20", 20)]
    [InlineData("01:30", 90)]
    [InlineData("00:20:30", 20.5)]
    [InlineData("PT20M", 20)]
    [InlineData("pt1h30m", 90)]
    [InlineData("20 min", 20)]
    [InlineData("20 minutes", 20)]
    [InlineData("1 h 30 min", 90)]
    [InlineData("1h30min", 90)]
    [InlineData("PTxM", 0)]
    [InlineData("PT999999H", 0)]
    [InlineData("soon", 0)]
    [InlineData("20 knots", 0)]
    [InlineData("", 0)]
    [InlineData("0", 0)]
    [InlineData("00:00", 0)]
    [InlineData("-20", 0)]
    [InlineData("999999999999999999999", 0)]
    [InlineData("1:2:3:4", 0)]
    public void Durations_are_read_in_all_their_forms(string text, double minutes) =>
        Assert.Equal(minutes, FerryDuration.Parse(text).TotalMinutes, 0.001);
}
