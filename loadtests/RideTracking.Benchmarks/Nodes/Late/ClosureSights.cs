using System.Diagnostics;
using RideTracking.Engine.Geo;
using RideTracking.Server.Protocol;
using RideTracking.V1;

namespace RideTracking.Benchmarks.Nodes.Late;

/// <summary>A road is closed, and ways avoid it. The other nodes look each second.</summary>
internal static class ClosureSights
{
    // Through the middle of Monaco.
    private static readonly GeoPoint From = new(43.7316, 7.4149);
    private static readonly GeoPoint To = new(43.7420, 7.4300);

    public static async Task MeasureAsync(string monaco, int times, List<Lateness> table)
    {
        var closed = new Lateness("road closed, ways avoid it");
        table.Add(closed);
        await using var cluster = await NodeCluster.StartAsync(2, "--roads", monaco);
        using var city = new LateCity(cluster);
        foreach (var node in new[] { city.Here, city.There })
        {
            await LateCity.WhenAsync(async () => (await EstimateAsync(node)).Route.Source == RouteSource.Roads);
        }

        var open = await EstimateAsync(city.Here);
        var path = EncodedPolyline.Decode(open.Route.EncodedPolyline);
        var middle = path.Length / 2;
        var closure = new RoadClosure { ClosureId = "closed", BothDirections = true, Path = { path[middle - 1].ToLatLng(), path[middle].ToLatLng() } };
        var random = new Random(1);
        for (var i = 0; i < times; i++)
        {
            await Task.Delay(random.Next(1_000));
            var started = Stopwatch.GetTimestamp();
            await city.Here.Dispatch.SetRoadClosuresAsync(new SetRoadClosuresRequest { Closures = { closure } }, city.Here.Service);
            await closed.AddAsync(started, WhenAsync(city.Here, isOpen: false), WhenAsync(city.There, isOpen: false));
            await city.Here.Dispatch.SetRoadClosuresAsync(new SetRoadClosuresRequest(), city.Here.Service);
            await Task.WhenAll(WhenAsync(city.Here, isOpen: true), WhenAsync(city.There, isOpen: true));
        }

        Task<long> WhenAsync(NodeClient node, bool isOpen) =>
            LateCity.WhenAsync(async () => (await EstimateAsync(node)).Route.EncodedPolyline == open.Route.EncodedPolyline == isOpen);
    }

    private static async Task<EstimateTripResponse> EstimateAsync(NodeClient node)
    {
        var request = new EstimateTripRequest();
        request.Waypoints.Add(new Waypoint { Kind = WaypointKind.Pickup, Location = From.ToLatLng(), Label = "from" });
        request.Waypoints.Add(new Waypoint { Kind = WaypointKind.Dropoff, Location = To.ToLatLng(), Label = "to" });
        return await node.Riders.EstimateTripAsync(request, node.Service);
    }

}
