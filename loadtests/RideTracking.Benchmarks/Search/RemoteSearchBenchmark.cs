using System.Diagnostics;
using Google.Type;
using Grpc.Core;
using Grpc.Net.Client;
using RideTracking.Benchmarks.Processes;
using RideTracking.Engine.Geo;
using RideTracking.V1;

namespace RideTracking.Benchmarks.Search;

/// <summary>
/// The ten nearest over the network: <c>SearchDrivers</c> through gRPC, token check and all, against GEOSEARCH through
/// StackExchange.Redis. Per second of the server's CPU, and of the client's.
/// </summary>
internal static class RemoteSearchBenchmark
{
    private const int AtOnce = 16;
    private const int ReportsAtOnce = 512;

    private static readonly double[] Radii = [2_000, 500];
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(12);

    public static async Task<int> RunAsync(Options options)
    {
        var drivers = options.Count("--drivers", 100_000);
        var rounds = options.Count("--rounds", 3);
        var seconds = TimeSpan.FromSeconds(options.Number("--seconds", 4));
        var city = new City(CityLayout.Clustered, new Random(1));
        var places = Enumerable.Range(0, drivers).Select(_ => city.Place()).ToArray();
        var ids = Enumerable.Range(0, drivers).Select(i => $"driver-{i}").ToArray();
        var centers = Enumerable.Range(0, 10_000).Select(_ => city.Place()).ToArray();
        Console.WriteLine($"{drivers:n0} drivers, clustered; ten nearest; {AtOnce} questions at once; {rounds} rounds of {seconds.TotalSeconds} s");

        await using var geo = await RedisGeo.StartAsync();
        await geo.AddAsync(ids, places);
        await using var redis = await RedisServer.StartAsync();
        // Their positions come once and must stay.
        await using var server = await DriverServer.StartRealAsync(redis, "--Streams:StaleAfterSilences", "100");
        using var channel = GrpcChannel.ForAddress($"http://127.0.0.1:{server.Port}");
        var token = new Metadata { { "authorization", "Bearer " + server.Token } };
        await ReportAsync(new DriverService.DriverServiceClient(channel), token, ids, places);

        var dispatch = new DispatchService.DispatchServiceClient(channel);
        // Until the JIT has compiled for good.
        await AskAsync(dispatch, token, server.Process, centers, Radii[0], WarmUp);
        foreach (var radius in Radii)
        {
            var overGrpc = new List<(double PerServer, double PerClient)>();
            var overRedis = new List<(double PerServer, double PerClient)>();
            for (var round = 0; round < rounds; round++)
            {
                overGrpc.Add(await AskAsync(dispatch, token, server.Process, centers, radius, seconds));
                var client = Environment.CpuUsage.TotalTime;
                var asked = geo.Searches;
                var perServer = await geo.SearchAsync(centers, radius, seconds / 2);
                overRedis.Add((perServer, (geo.Searches - asked) / (Environment.CpuUsage.TotalTime - client).TotalSeconds));
            }

            var (grpc, redisGeo) = (Median(overGrpc), Median(overRedis));
            Console.WriteLine(
                $"within {radius:n0} m: SearchDrivers {grpc.PerServer:n0} per server-CPU second ({grpc.PerClient:n0} per client-CPU second), " +
                $"GEOSEARCH {redisGeo.PerServer:n0} ({redisGeo.PerClient:n0}): {grpc.PerServer / redisGeo.PerServer:f1} x ({grpc.PerClient / redisGeo.PerClient:f2} x)");
        }

        return 0;
    }

    private static Task ReportAsync(DriverService.DriverServiceClient client, Metadata token, string[] ids, GeoPoint[] places)
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        return Parallel.ForAsync(0, ids.Length, new ParallelOptions { MaxDegreeOfParallelism = ReportsAtOnce }, async (i, stop) =>
        {
            var request = new ReportLocationsRequest { DriverId = ids[i], SessionId = "s", Locations = new LocationBatch { SentAtUnixMs = now } };
            request.Locations.Fixes.Add(new V1.Fix
            {
                Sequence = 1,
                SensorTimeUnixMs = now,
                LatitudeE7 = (int)(places[i].LatitudeDegrees * 1e7),
                LongitudeE7 = (int)(places[i].LongitudeDegrees * 1e7),
            });
            await client.ReportLocationsAsync(request, token, cancellationToken: stop);
        });
    }

    private static async Task<(double PerServer, double PerClient)> AskAsync(
        DispatchService.DispatchServiceClient client, Metadata token, ChildProcess server, GeoPoint[] centers, double radius, TimeSpan duration)
    {
        long asked = 0;
        var (serverBefore, clientBefore, started) = (server.CpuTime, Environment.CpuUsage.TotalTime, Stopwatch.GetTimestamp());
        await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => Task.Run(async () =>
        {
            var request = new SearchDriversRequest { Center = new LatLng(), RadiusMeters = radius, MaxResults = Fleet.Wanted };
            while (Stopwatch.GetElapsedTime(started) < duration)
            {
                var center = centers[Interlocked.Increment(ref asked) % centers.Length];
                (request.Center.Latitude, request.Center.Longitude) = (center.LatitudeDegrees, center.LongitudeDegrees);
                await client.SearchDriversAsync(request, token);
            }
        })));
        return (asked / (server.CpuTime - serverBefore).TotalSeconds, asked / (Environment.CpuUsage.TotalTime - clientBefore).TotalSeconds);
    }

    private static (double PerServer, double PerClient) Median(List<(double PerServer, double PerClient)> rounds) =>
        rounds.OrderBy(r => r.PerServer).ElementAt(rounds.Count / 2);
}
