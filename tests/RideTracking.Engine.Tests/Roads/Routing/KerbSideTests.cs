using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads;
using RideTracking.Engine.Roads.Graph;
using RideTracking.Engine.Roads.Routing;
using RideTracking.Engine.Tests.Roads.Osm;

namespace RideTracking.Engine.Tests.Roads.Routing;

/// <summary>On a main road the car comes to the side of the door, where that is asked for. The road runs from west to east.</summary>
public class KerbSideTests
{
    private static readonly GeoPoint West = new(41, -8.62), Middle = new(41, -8.61), East = new(41, -8.60);

    [Theory]
    [InlineData("primary", false, 15, true)] // the house lies to the north, where who drives on the right drives west
    [InlineData("primary", false, -15, false)]
    [InlineData("primary", false, 2, false)] // on the road itself
    [InlineData("secondary", false, 15, true)]
    [InlineData("tertiary", false, 15, false)] // crossed on foot
    [InlineData("residential", false, 15, false)]
    [InlineData("primary", true, 15, false)]
    [InlineData("primary", true, -15, true)]
    public void A_car_from_the_west_turns_round_for_a_house_on_the_other_side(string kind, bool drivesOnLeft, double metersNorth, bool turns)
    {
        RoadGraph graph = Road(kind, drivesOnLeft);
        Assert.Equal(drivesOnLeft, graph.DrivesOnLeft);
        var index = new RoadIndex(graph);
        var roads = new RoadRouter(RoadHierarchy.Build(graph), RoadMetric.FreeFlow(graph));
        GeoPoint door = Earth.Destination(Middle, 0, metersNorth), car = West.Toward(East, 0.25);
        double straight = Earth.DistanceMeters(car, Middle), round = straight + 2 * Earth.DistanceMeters(Middle, East);

        Route any = new RoadNetworkRouter(index, roads, new StraightLineRouter(8)).Through(RouteStart.Car(car, 90), [door]);
        Route kerb = new RoadNetworkRouter(index, roads, new StraightLineRouter(8), stopsAtKerbSide: true).Through(RouteStart.Car(car, 90), [door]);

        Assert.Equal(straight, any.DistanceMeters, 5.0);
        Assert.Equal(turns ? round : straight, kerb.DistanceMeters, 120.0);
    }

    [Fact]
    public void Who_cannot_come_to_that_side_comes_to_the_other()
    {
        RoadGraph graph = Road("primary", drivesOnLeft: false);
        var index = new RoadIndex(graph);
        GeoPoint door = Earth.Destination(Middle, 0, 15), car = West.Toward(East, 0.25);
        Assert.True(index.TryNearest(door, null, 100, out RoadCandidate nearest, mayStop: true));
        var metric = RoadMetric.FreeFlow(graph);
        var roads = new RoadRouter(RoadHierarchy.Build(graph), metric.With(graph, [RoadChange.Closed(nearest.Position.Edge)]));

        Route route = new RoadNetworkRouter(index, roads, new StraightLineRouter(8), stopsAtKerbSide: true).Through(RouteStart.Car(car, 90), [door]);

        Assert.Equal(RouteSource.Roads, route.Source);
        Assert.Equal(Earth.DistanceMeters(car, Middle), route.DistanceMeters, 5.0);
    }

    // A roundabout at its east end, which tells the side one drives on, and a dead end in the west.
    private static RoadGraph Road(string kind, bool drivesOnLeft)
    {
        GeoPoint end = Earth.Destination(East, 90, 15);
        return new OsmFileWriter()
            .Node('a', West).Node('b', East)
            .Node('n', Earth.Destination(end, 0, 15)).Node('e', Earth.Destination(end, 90, 15)).Node('s', Earth.Destination(end, 180, 15))
            .Way(1, "ab", ("highway", kind))
            .Way(2, drivesOnLeft ? "bnesb" : "bsenb", ("highway", kind), ("junction", "roundabout")).Import().Graph;
    }
}
