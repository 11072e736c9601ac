using System.Diagnostics;
using System.Globalization;
using RideTracking.Benchmarks.Nodes;
using RideTracking.Engine.Geo;
using RideTracking.V1;

namespace RideTracking.Benchmarks.Wires;

/// <summary>What HTTP/2 brings: many streams on one connection, headers that are sent once, and readers that hold up their own stream and nothing else.</summary>
internal static class Http2Benchmark
{
    private const int Calls = 100;

    private static readonly TimeSpan Still = TimeSpan.FromSeconds(1);

    public static async Task<int> RunAsync(Options options)
    {
        var (streams, seconds, unread) = (options.Count("--streams", 1_000), TimeSpan.FromSeconds(options.Number("--seconds", 10)), options.Count("--unread", 100));
        Console.WriteLine($"load average {CpuWatch.LoadAverage}\n\n{streams} streams that are told a position a second");
        await MultiplexAsync("on one connection", streams, seconds, isOne: true);
        await MultiplexAsync("on a connection each", streams, seconds, isOne: false);
        Console.WriteLine($"\nheaders of a call, bytes of their frames ({WireClient.TokenBytes} B of it the bearer token)");
        await using (var server = await WireProcess.StartAsync())
        {
            var (first, last) = await HeaderBytes.OfCallsAsync(server.GrpcPort, Calls);
            Console.WriteLine($"a client that compresses: up {first.Up} in the 1st call, {last.Up} in the {Calls}th; down {first.Down} and {last.Down}");
        }

        Console.WriteLine($"\n{unread} streams that nobody reads, of a server that writes as fast as it may");
        await UnreadAsync("gRPC, all on one connection", unread, OpenFloodsAsync);
        await UnreadAsync("WebSocket, a connection each", unread, OpenSocketsAsync);
        return 0;
    }

    private static async Task MultiplexAsync(string name, int streams, TimeSpan seconds, bool isOne)
    {
        await using var server = await WireProcess.StartAsync();
        var (traffic, clients) = (new Traffic(), new List<WireClient>());
        // What the first call of a process costs is none of a stream's.
        await using var first = new WireClient(server, new Traffic());
        await OpenAsync(first, 0);
        var resident = await server.SweptResidentAsync();
        var (cpu, started) = (server.CpuTime, Stopwatch.GetTimestamp());
        for (var i = 0; i < (isOne ? 1 : streams); i++)
        {
            clients.Add(new WireClient(server, traffic));
        }

        await Task.WhenAll(Enumerable.Range(0, streams).Select(i => OpenAsync(clients[isOne ? 0 : i], i)));
        var (took, used, opening) = (Stopwatch.GetElapsedTime(started), server.CpuTime - cpu, traffic.Up + traffic.Down);
        var grown = await server.SweptResidentAsync() - resident;
        (cpu, var bytes) = (server.CpuTime, traffic.Up + traffic.Down);
        await Task.Delay(seconds);
        Console.WriteLine(
            $"{name,-22} {traffic.Connections,5} connections, open after {took.TotalMilliseconds:f0} ms; of each stream: {used.TotalMicroseconds / streams:f0} us of server CPU to open, "
            + $"{opening / streams} B to open, {grown / 1024.0 / streams:f1} KB resident in the server, "
            + $"{(server.CpuTime - cpu).TotalMicroseconds / (streams * seconds.TotalSeconds):f0} us of CPU and {(traffic.Up + traffic.Down - bytes) / (streams * seconds.TotalSeconds):f0} B a second");
        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }
    }

    // Open when the first position has come; it is read on until the client is gone.
    private static async Task OpenAsync(WireClient client, int car)
    {
        var watch = client.Rider().WatchTrip(new WatchTripRequest { TripId = car.ToString(CultureInfo.InvariantCulture) }, client.Headers);
        await watch.ResponseStream.MoveNext(default);
        _ = ReadOnAsync();

        async Task ReadOnAsync()
        {
            try
            {
                while (await watch.ResponseStream.MoveNext(default))
                {
                    // Read, and no more.
                }
            }
            catch (Grpc.Core.RpcException)
            {
                // The client is gone.
            }
        }
    }

    private static async Task UnreadAsync(string name, int streams, Func<WireClient, Task> openAsync)
    {
        await using var server = await WireProcess.StartAsync();
        await using var client = new WireClient(server, new Traffic());
        var call = client.GrpcUnary(
            () => WireData.Search(new GeoPoint(41.15, -8.61)), (request, headers) => client.Dispatch().SearchDriversAsync(request, headers));
        await MedianAsync(call);
        var (before, resident) = (await MedianAsync(call), await server.SweptResidentAsync());
        await Task.WhenAll(Enumerable.Range(0, streams).Select(_ => openAsync(client)));
        long poured;
        do
        {
            poured = await server.PouredAsync();
            await Task.Delay(Still);
        }
        while (await server.PouredAsync() != poured);

        Console.WriteLine(
            $"{name,-30} held up after {poured / 1024.0 / streams:f0} KB each; {(await server.SweptResidentAsync() - resident) / 1024.0 / streams:f0} KB each resident in the server; "
            + $"a call over the gRPC connection takes {await MedianAsync(call):f2} ms, {before:f2} before");
    }

    private static Task OpenFloodsAsync(WireClient client)
    {
        client.Open(WireMethods.Flood, new WatchTripRequest());
        return Task.CompletedTask;
    }

    private static Task OpenSocketsAsync(WireClient client) => client.SocketAsync("/socket/flood");

    private static async Task<double> MedianAsync(Call call)
    {
        var took = new List<double>();
        for (var i = 0; i < Calls * 2; i++)
        {
            var started = Stopwatch.GetTimestamp();
            await call();
            took.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }

        return Search.Rate.Median(took);
    }
}
