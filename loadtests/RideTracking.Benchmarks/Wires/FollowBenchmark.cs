using System.Globalization;
using System.Net.WebSockets;
using System.Text.Json;
using RideTracking.Benchmarks.Nodes;
using RideTracking.V1;

namespace RideTracking.Benchmarks.Wires;

/// <summary>What it costs riders, each with a connection of their own, to follow a car that moves once a second: told of each move, or asking once a second.</summary>
internal static class FollowBenchmark
{
    private static readonly TimeSpan AskEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(3);

    /// <summary>Tells when the car moved of which a rider now sees where it is.</summary>
    private delegate void Seen(int car, DateTimeOffset movedAt);

    private delegate Task Follow(WireClient client, int car, Seen seen, CancellationToken end);

    public static async Task<int> RunAsync(Options options)
    {
        var (rounds, seconds, riders) = (options.Count("--rounds", 3), TimeSpan.FromSeconds(options.Number("--seconds", 10)), options.Count("--riders", 500));
        (string Name, Follow Follow)[] ways =
        [
            ("pushed, gRPC stream", PushedByGrpcAsync), ("pushed, JSON over WebSocket", PushedBySocketAsync),
            ("asked for, gRPC unary", (client, car, seen, end) => AskAsync(Position(client, car), car, seen, end)),
            ("asked for, REST/JSON", (client, car, seen, end) => AskAsync(PositionByRest(client, car), car, seen, end)),
        ];
        var figures = ways.ToDictionary(way => way.Name, _ => new FollowFigures());
        Console.WriteLine($"{riders} riders, {seconds.TotalSeconds} s; load average {CpuWatch.LoadAverage}");
        for (var round = 0; round < rounds; round++)
        {
            foreach (var (name, follow) in ways)
            {
                await MeasureAsync(follow, figures[name], riders, seconds);
            }
        }

        Console.WriteLine($"{"",-30}{FollowFigures.Heading}");
        foreach (var (name, figure) in figures)
        {
            Console.WriteLine($"{name,-30}{figure}");
        }

        return 0;
    }

    private static async Task MeasureAsync(Follow follow, FollowFigures figures, int riders, TimeSpan seconds)
    {
        await using var server = await WireProcess.StartAsync();
        var traffic = new Traffic();
        var (lastMoved, delays) = (new DateTimeOffset[riders], new List<double>());
        var isCounted = false;
        using var end = new CancellationTokenSource();
        var clients = Enumerable.Range(0, riders).Select(_ => new WireClient(server, traffic)).ToArray();
        var following = clients.Select((client, car) => follow(client, car, Saw, end.Token)).ToArray();
        await Task.Delay(Settling);
        var (bytes, cpu) = (traffic.Up + traffic.Down, server.CpuTime);
        Volatile.Write(ref isCounted, true);
        await Task.Delay(seconds);
        Volatile.Write(ref isCounted, false);
        figures.Add((traffic.Up + traffic.Down - bytes) / (riders * seconds.TotalSeconds), (server.CpuTime - cpu).TotalMicroseconds / (riders * seconds.TotalSeconds), delays);
        // Who has ended before all are told to has failed, and the figures with them.
        foreach (var ended in following.Where(f => f.IsCompleted))
        {
            await ended;
        }

        await end.CancelAsync();
        await ((Task)Task.WhenAll(following)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }

        void Saw(int car, DateTimeOffset movedAt)
        {
            if (lastMoved[car] == movedAt)
            {
                return;
            }

            lastMoved[car] = movedAt;
            if (Volatile.Read(ref isCounted))
            {
                lock (delays)
                {
                    delays.Add((TimeProvider.System.GetUtcNow() - movedAt).TotalMilliseconds);
                }
            }
        }
    }

    private static async Task PushedByGrpcAsync(WireClient client, int car, Seen seen, CancellationToken end)
    {
        using var watch = client.Rider().WatchTrip(Trip(car), client.Headers, cancellationToken: end);
        while (await watch.ResponseStream.MoveNext(end))
        {
            seen(car, watch.ResponseStream.Current.Position.FixedAt.ToDateTimeOffset());
        }
    }

    private static async Task PushedBySocketAsync(WireClient client, int car, Seen seen, CancellationToken end)
    {
        var socket = await client.SocketAsync($"/socket/cars/{car}");
        var buffer = new byte[1 << 10];
        while (await socket.ReceiveAsync(buffer.AsMemory(), end) is { MessageType: WebSocketMessageType.Text, Count: var length })
        {
            seen(car, MovedAt(JsonSerializer.Deserialize(buffer.AsSpan(0, length), PlainJson.Default.CarPosition)!));
        }
    }

    private static async Task AskAsync(Func<Task<DateTimeOffset>> ask, int car, Seen seen, CancellationToken end)
    {
        // Riders do not ask all at once, nor when their cars move.
        await Task.Delay(TimeSpan.FromMilliseconds(car * 61 % 1_000), end);
        using var ticks = new PeriodicTimer(AskEvery);
        do
        {
            seen(car, await ask());
        }
        while (await ticks.WaitForNextTickAsync(end));
    }

    private static Func<Task<DateTimeOffset>> Position(WireClient client, int car)
    {
        var position = new WatchTripResponse();
        var call = client.GrpcUnary(() => Trip(car), WireMethods.Position, answer => position = answer);
        return async () =>
        {
            await call();
            return position.Position.FixedAt.ToDateTimeOffset();
        };
    }

    private static Func<Task<DateTimeOffset>> PositionByRest(WireClient client, int car)
    {
        var get = client.Get(client.RestOverHttp1, $"/rest/cars/{car}/position");
        return async () => MovedAt(JsonSerializer.Deserialize(await get(), PlainJson.Default.CarPosition)!);
    }

    private static WatchTripRequest Trip(int car) => new() { TripId = car.ToString(CultureInfo.InvariantCulture) };

    private static DateTimeOffset MovedAt(CarPosition position) => DateTimeOffset.FromUnixTimeMilliseconds(position.FixedAtUnixMs);

    private sealed class FollowFigures
    {
        private readonly Rounds _bytes = new();
        private readonly Rounds _cpu = new();
        private readonly Rounds _median = new();
        private readonly Rounds _p99 = new();

        public static string Heading { get; } = $"{"bytes/s of a rider",20}{"server CPU, us/s of a rider",42}{"seen after, ms p50",20}{"p99",10}";

        public void Add(double bytes, double cpu, List<double> delays)
        {
            delays.Sort();
            _bytes.Add(bytes);
            _cpu.Add(cpu);
            _median.Add(delays[delays.Count / 2]);
            _p99.Add(delays[delays.Count * 99 / 100]);
        }

        public override string ToString() => $"{_bytes.Median,20:f0}{_cpu.ToString(),42}{_median.Median,20:f1}{_p99.Median,10:f1}";
    }
}
