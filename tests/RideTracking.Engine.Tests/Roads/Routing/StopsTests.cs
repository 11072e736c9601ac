using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads;
using RideTracking.Engine.Roads.Graph;
using RideTracking.Engine.Roads.Osm;
using RideTracking.Engine.Roads.Routing;

namespace RideTracking.Engine.Tests.Roads.Routing;

/// <summary>Where somebody gets in or out is the same place, whether a way begins or ends there. Skipped where the map is absent.</summary>
public class StopsTests(ITestOutputHelper output)
{
    private const int Places = 3_000;

    [Fact]
    public void A_pick_up_in_Monaco_is_where_a_way_to_it_ends_and_in_no_tunnel()
    {
        string? path = SharedData.Find("monaco/monaco.osm.pbf");
        Assert.SkipWhen(path is null, "The map of Monaco is not beside the repository.");
        RoadImport import = SharedData.Import(path);
        var index = new RoadIndex(import.Graph);
        var router = new RoadNetworkRouter(index, new RoadRouter(RoadHierarchy.Build(import.Graph), RoadMetric.FreeFlow(import.Graph)), new StraightLineRouter(8));
        var random = new Random(1);
        int differ = 0, inTunnels = 0, carsInTunnels = 0;
        GeoPoint before = Near(import.Graph, random);
        for (int i = 0; i < Places; i++)
        {
            GeoPoint here = Near(import.Graph, random), next = Near(import.Graph, random);
            Route to = router.Through(RouteStart.Stop(before), [here]), from = router.Through(RouteStart.Stop(here), [next]);
            if (to.Source != RouteSource.Roads || from.Source != RouteSource.Roads)
            {
                continue;
            }

            GeoPoint start = EncodedPolyline.Decode(from.EncodedPolyline)[0];
            differ += Earth.DistanceMeters(EncodedPolyline.Decode(to.EncodedPolyline)[^1], start) > 2 ? 1 : 0;
            inTunnels += IsInTunnel(index, start) ? 1 : 0;
            carsInTunnels += IsInTunnel(index, EncodedPolyline.Decode(router.Through(RouteStart.Car(here), [next]).EncodedPolyline)[0]) ? 1 : 0;
            before = here;
        }

        output.WriteLine($"Of {Places} places {differ} are another as a start than as an end, {inTunnels} starts are in tunnels; of cars {carsInTunnels}.");
        Assert.Equal((0, 0), (differ, inTunnels));
        Assert.True(carsInTunnels > 0, "A car itself may be in a tunnel.");
    }

    private static bool IsInTunnel(RoadIndex index, GeoPoint point) =>
        index.TryNearest(point, null, 5, out RoadCandidate any)
        && (index.Graph.Segment(any.Position.Edge >> 1).Flags & RoadFlags.Tunnel) != 0
        && !(index.TryNearest(point, null, 5, out RoadCandidate stop, mayStop: true) && stop.DistanceMeters <= any.DistanceMeters + 1);

    private static GeoPoint Near(RoadGraph graph, Random random)
    {
        int segment = random.Next(graph.SegmentCount);
        return Earth.Destination(graph.PointOf(segment, random.Next(graph.PointCount(segment))), random.NextDouble() * 360, 30 * random.NextDouble());
    }
}
