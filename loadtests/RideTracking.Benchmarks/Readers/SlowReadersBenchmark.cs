using System.Collections.Concurrent;
using Google.Protobuf;
using RideTracking.Benchmarks.Fixes;
using RideTracking.Benchmarks.Nodes;
using RideTracking.Server.Access;
using RideTracking.V1;

namespace RideTracking.Benchmarks.Readers;

/// <summary>
/// Streams of every kind whose callers do not read, each opened again when it has been ended, beside drivers who drive and an ordinary watcher: what the node holds
/// for them, when it ends them, and how late the watcher sees fixes with and without them.
/// </summary>
internal static class SlowReadersBenchmark
{
    private const int Cars = 500;
    private const int Trips = 50;
    private const int ProbeLatitudeE7 = 420_000_000;
    private const int ProbeLongitudeE7 = -86_000_000;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Apart = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Sample = TimeSpan.FromSeconds(30);

    public static async Task<int> RunAsync(Options options)
    {
        var (readers, seconds) = (options.Count("--readers", 1_000), options.Count("--seconds", 240));
        Console.WriteLine(
            $"{Cars + Trips} drivers with a fix a second, {Trips} of them with a trip; {readers:n0} streams that nobody reads, for {seconds} s; {Environment.ProcessorCount} cores; load average {CpuWatch.LoadAverage}");
        await using var cluster = await NodeCluster.StartAsync(1, "--Fleet:ShortestFrameInterval", "00:00:00.010");
        var node = cluster.Nodes[0];
        using var client = new NodeClient(node, cluster.Folder);
        using var flood = new Flood();
        var random = new Random(1);
        await flood.OpenAsync(Enumerable.Range(0, Cars).Select(i => new Car($"car-{i}", Interval, random)), node, "slow", segmentBytes: 1);
        using var ending = new CancellationTokenSource();
        var driving = DriveAsync(flood, ending.Token);
        NodePhone[] phones = [.. await Task.WhenAll(Enumerable.Range(0, Trips).Select(i => NodePhone.ConnectAsync(client, $"slow-{i}", (412_000_000 + (i * 10_000), -86_000_000))))];
        var kinds = await KindsAsync(client, cluster.Folder);
        var followed = ReportAsync(phones, ending.Token);
        await using var probe = await LagProbe.StartAsync(client, "probe", (ProbeLatitudeE7, ProbeLongitudeE7));
        await Task.Delay(Apart);
        probe.Take();
        await Task.Delay(Apart);
        Console.WriteLine($"  without them: {probe.Take()}; {await MemoryAsync(node)}");

        using var stopping = new CancellationTokenSource();
        var lasted = new ConcurrentDictionary<string, ConcurrentBag<double>>();
        var reading = Task.WhenAll(Enumerable.Range(0, readers).Select(i => ReadAsync(node.Port, kinds[i % kinds.Count], i, lasted, stopping.Token)));
        for (var passed = TimeSpan.Zero; passed < TimeSpan.FromSeconds(seconds); passed += Sample)
        {
            await Task.Delay(Sample);
            Console.WriteLine($"  with them, {(passed + Sample).TotalSeconds,4:f0} s: {probe.Take()}; {await MemoryAsync(node)}; ended {lasted.Sum(l => l.Value.Count):n0}");
        }

        Console.WriteLine($"  broken off as slow, by the node's own count: {await node.MetricAsync("ridetracking_streams_closed_total", "slow_reader"):n0}");
        foreach (var (name, times) in lasted.OrderBy(l => l.Key))
        {
            Console.WriteLine($"    {name}: {times.Count:n0} ended, after {times.Order().ElementAt(times.Count / 2):f0} s (median)");
        }

        await stopping.CancelAsync();
        await reading;
        probe.Take();
        await Task.Delay(Apart);
        Console.WriteLine($"  after them: {probe.Take()}; {await MemoryAsync(node)}");
        await ending.CancelAsync();
        await Task.WhenAll(driving, followed);
        Array.ForEach(phones, phone => phone.Dispose());
        return 0;
    }

    private static async Task ReportAsync(NodePhone[] phones, CancellationToken ending)
    {
        using var timer = new PeriodicTimer(Interval);
        for (var i = 0; !ending.IsCancellationRequested; i++)
        {
            foreach (var phone in phones)
            {
                await phone.ReportAsync((phone.PlaceE7.Latitude + (i % 2 == 0 ? 900 : -900), phone.PlaceE7.Longitude), Interval);
            }

            await timer.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    private static async Task ReadAsync(int port, Kind kind, int number, ConcurrentDictionary<string, ConcurrentBag<double>> lasted, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            if (await UnreadStream.LastAsync(port, kind.Path, kind.Token(number), kind.Request(number), kind.IsOpenEnded, stop) is { } time)
            {
                lasted.GetOrAdd(kind.Path, _ => []).Add(time.TotalSeconds);
                await Task.Delay(Interval, CancellationToken.None);
            }
        }
    }

    private static async Task DriveAsync(Flood flood, CancellationToken ending)
    {
        while (!ending.IsCancellationRequested)
        {
            await flood.PaceAsync(Interval, Interval);
        }
    }

    private static async Task<List<Kind>> KindsAsync(NodeClient client, string folder)
    {
        var (trips, links) = (new List<string>(), new List<string>());
        for (var i = 0; i < Trips; i++)
        {
            var trip = await client.GiveTripAsync($"slow-{i}", $"slow-{i}", (45, -8.6), (45.1, -8.6));
            trips.Add(trip);
            links.Add((await client.Riders.CreateShareLinkAsync(new CreateShareLinkRequest { RequestId = $"slow-link-{i}", TripId = trip }, client.Service)).Token);
        }

        using var key = DevelopmentKey.Open(folder, new AccessOptions().Audience, TimeProvider.System);
        string Signed(Role role, params string[] ids) => key.Sign(role, ids, TimeSpan.FromHours(2)).Token;
        var (service, ops) = (Signed(Role.Service, "slow"), Signed(Role.Ops, "slow-ops"));
        string[] riders = [.. Enumerable.Range(0, 500).Select(i => Signed(Role.Rider, $"slow-rider-{i}"))];
        return
        [
            new("/ridetracking.v1.FleetService/WatchFleet", _ => ops, _ => new WatchFleetRequest { Viewport = new Viewport { South = 41, North = 41.5, West = -9, East = -8 } }),
            new("/ridetracking.v1.RiderService/WatchTrip", _ => service, i => new WatchTripRequest { TripId = trips[i % Trips] }),
            new("/ridetracking.v1.RiderService/WatchNearbyDrivers", i => riders[i % riders.Length], _ => new WatchNearbyDriversRequest { Center = new Google.Type.LatLng { Latitude = 41.2, Longitude = -8.57 }, RadiusMeters = 3_000 }),
            new("/ridetracking.v1.RiderService/WatchSharedTrip", _ => null, i => new WatchSharedTripRequest { Token = links[i % links.Count] }),
            new("/ridetracking.v1.FleetService/WatchFleet", _ => ops, _ => new WatchFleetRequest { Viewport = new Viewport { South = 41.1, North = 41.2, West = -8.7, East = -8.5 } }),
            new("/ridetracking.v1.DispatchService/WatchIncidents", _ => ops, _ => new WatchIncidentsRequest()),
            new("/ridetracking.v1.DriverService/Connect", _ => service, i => new ConnectRequest { Hello = new Hello { ProtocolVersion = 1, DriverId = $"car-unread-{i}", SessionId = "s" } }, IsOpenEnded: true),
            new("/ridetracking.v1.RiderService/WatchTrip", _ => service, i => new WatchTripRequest { TripId = trips[i % Trips] }),
            new("/ridetracking.v1.DispatchService/WatchTripEvents", _ => service, _ => new WatchTripEventsRequest { AfterCursor = "" }),
            new("/ridetracking.v1.FleetService/WatchZoneEvents", _ => ops, _ => new WatchZoneEventsRequest { AfterCursor = "" }),
        ];
    }

    private static async Task<string> MemoryAsync(Processes.DriverServer node) =>
        $"{node.Process.ResidentBytes / (1 << 20):n0} MB resident, {await node.MetricAsync("dotnet_gc_last_collection_heap_size_bytes") / (1 << 20):n0} MB of the heap in use";

    /// <summary>One kind of stream.</summary>
    private sealed record Kind(string Path, Func<int, string?> Token, Func<int, IMessage> Request, bool IsOpenEnded = false);
}
