using RideTracking.Engine.Roads.Graph;
using RideTracking.Engine.Roads.Osm;

namespace RideTracking.Engine.Tests.Roads.Osm;

/// <summary>What is open to a taxi and not to any car, and the other way round.</summary>
public class TaxiTests
{
    private static OsmFileWriter Block() => new OsmFileWriter()
        .Node('a', 0, 0).Node('b', 300, 0).Node('c', 300, 300).Node('d', 0, 300).Way(1, "abcda", "highway=tertiary");

    [Theory]
    // Who drives there, forward and backward: neither, a car, a taxi, both (n, c, t, b).
    [InlineData("highway=residential", "b", "b")]
    // Access: taxi before psv before motorcar and the rest.
    [InlineData("highway=residential motor_vehicle=no taxi=yes", "t", "t")]
    [InlineData("highway=residential access=no psv=yes", "t", "t")]
    [InlineData("highway=residential access=no psv=yes taxi=no", "n", "n")]
    [InlineData("highway=residential psv=no taxi=designated", "b", "b")]
    [InlineData("highway=residential taxi=no", "c", "c")]
    [InlineData("highway=residential access=no bus=yes", "n", "n")]
    [InlineData("highway=residential motor_vehicle=psv", "t", "t")]
    [InlineData("highway=residential access=bus;taxi", "t", "t")]
    [InlineData("highway=residential access=bus;hgv", "n", "n")]
    [InlineData("highway=pedestrian taxi=yes", "t", "t")]
    [InlineData("highway=pedestrian psv=no motor_vehicle=yes", "c", "c")]
    // Roads for buses, where taxis are let in.
    [InlineData("highway=busway", "n", "n")]
    [InlineData("highway=busway psv=designated", "t", "t")]
    [InlineData("highway=busway bus=designated", "n", "n")]
    [InlineData("highway=service service=bus taxi=yes", "t", "t")]
    [InlineData("highway=service service=bus", "n", "n")]
    // Against the stream.
    [InlineData("highway=residential oneway=yes", "b", "n")]
    [InlineData("highway=residential oneway=yes oneway:psv=no", "b", "t")]
    [InlineData("highway=residential oneway=yes oneway:taxi=no", "b", "t")]
    [InlineData("highway=residential oneway=-1 oneway:taxi=no", "t", "b")]
    [InlineData("highway=residential oneway=yes oneway:psv=no oneway:taxi=yes", "b", "n")]
    [InlineData("highway=residential oneway=yes oneway:bus=no", "b", "n")]
    [InlineData("highway=residential oneway=yes psv:backward=designated", "b", "t")]
    [InlineData("highway=residential oneway=yes psv:lanes:backward=designated", "b", "t")]
    [InlineData("highway=residential oneway=yes bus:backward=designated", "b", "n")]
    [InlineData("highway=residential motor_vehicle=no psv:forward=yes", "t", "n")]
    [InlineData("highway=residential vehicle:backward=no taxi:backward=yes", "b", "t")]
    // Lanes: one that is open opens the road, all closed close it.
    [InlineData("highway=residential access:lanes=no|yes", "b", "b")]
    [InlineData("highway=residential motor_vehicle:lanes=no|no", "n", "n")]
    [InlineData("highway=residential motor_vehicle:lanes=no|", "b", "b")]
    [InlineData("highway=residential access:lanes=no|no psv:lanes=designated|designated", "t", "t")]
    [InlineData("highway=residential access=no psv:lanes=|designated", "t", "t")]
    [InlineData("highway=residential access=no bus:lanes=designated|designated", "n", "n")]
    public void Tags_decide_for_each_who_drives_where(string tags, string forward, string backward)
    {
        // The road joins two corners of the block, so that both ways are of use.
        RoadGraph car = Block().Way(2, "bd", tags).Import().Graph, taxi = Block().Way(2, "bd", tags).Import(RoadUser.Taxi).Graph;
        Assert.Equal((forward, backward), (Who("bd"), Who("db")));

        string Who(string nodes) => (car.Kmh(nodes, way: 2) > 0, taxi.Kmh(nodes, way: 2) > 0) switch
        {
            (true, true) => "b",
            (true, false) => "c",
            (false, true) => "t",
            _ => "n",
        };
    }

    [Theory]
    [InlineData("barrier=bollard taxi=yes", "Closed", "Open")]
    [InlineData("barrier=gate access=private psv=yes", "OwnTraffic", "Open")]
    [InlineData("barrier=lift_gate motor_vehicle=yes taxi=no", "Open", "Closed")]
    [InlineData("barrier=bus_trap", "Closed", "Closed")]
    [InlineData("barrier=gate bus=no", "Open", "Open")]
    public void Gates_open_to_taxis_are_open_to_them_alone(string tags, string car, string taxi)
    {
        Assert.Equal(car, new CarBarriers(new CarProfile(RoadUser.Car)).PassageOf(MadeTags.Of(tags)).Passage.ToString());
        Assert.Equal(taxi, new CarBarriers(new CarProfile(RoadUser.Taxi)).PassageOf(MadeTags.Of(tags)).Passage.ToString());
    }

    [Theory]
    [InlineData("restriction=no_left_turn", true, true)]
    [InlineData("restriction=no_left_turn except=psv", true, false)]
    [InlineData("restriction=no_left_turn except=bus;taxi", true, false)]
    [InlineData("restriction=no_left_turn except=bus", true, true)]
    [InlineData("restriction=no_left_turn except=motorcar", false, false)]
    [InlineData("restriction:taxi=no_left_turn", false, true)]
    [InlineData("restriction:psv=no_left_turn", false, true)]
    [InlineData("restriction:bus=no_left_turn", false, false)]
    public void Turns_open_to_taxis_are_open_to_them_alone(string tags, bool bindsCars, bool bindsTaxis)
    {
        OsmFileWriter file = Block().Node('x', 450, 0).Way(2, "bx", "highway=residential")
            .Node('y', 450, 100).Way(3, "yb", "highway=residential")
            .Relation($"type=restriction {tags}", "way 2 from", "node b via", "way 3 to");
        Assert.Equal(bindsCars, !file.Import().Graph.TurnsFrom("xb").Contains('y', StringComparison.Ordinal));
        RoadImport taxis = file.Import(RoadUser.Taxi);
        Assert.Equal(bindsTaxis, !taxis.Graph.TurnsFrom("xb").Contains('y', StringComparison.Ordinal));
        Assert.Equal(RoadUser.Taxi, taxis.Report.User);
    }
}
