using System.Diagnostics;
using System.Globalization;
using Grpc.Core;
using RideTracking.V1;

namespace RideTracking.Benchmarks.Nodes.Begin;

/// <summary>
/// How long a node takes until it serves a large city whose other nodes go on taking fixes and trips, beside the start on an empty store;
/// and whether it then has what a node has that was there all the time.
/// </summary>
internal static class NodesBeginBenchmark
{
    // Far from where trips go on to be driven, so that nobody of these is asked.
    private const int SouthE7 = 400_000_000;
    private const int WestE7 = -86_100_000;
    private const int SpacingE7 = 5_000;
    private const int Columns = 400;
    private const int TripsNorthE7 = 20_000_000;
    private const int RequestsAtOnce = 16;

    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    public static async Task<int> RunAsync(Options options)
    {
        var (drivers, trips, rounds) = (options.Count("--drivers", 100_000), options.Count("--trips", 20_000), options.Count("--rounds", 3));
        Console.WriteLine($"{drivers:n0} drivers, {trips:n0} open trips; {rounds} rounds; load average {CpuWatch.LoadAverage}");
        var (empty, ready, whole) = (new Rounds(), new Rounds(), new Rounds());
        var (emptyCpu, cpu, emptyMegabytes, megabytes) = (new Rounds(), new Rounds(), new Rounds(), new Rounds());
        await using var cluster = await NodeCluster.StartAsync(1, "--Fleet:CountsInterval", "00:00:00.100");
        await using var none = await NodeCluster.StartAsync(0);
        await using var carrier = await CarrierNode.StartAsync(cluster);
        using var here = new NodeClient(cluster.Nodes[0], cluster.Folder);
        await FillAsync(here, carrier, drivers, trips);
        using var busy = await BusyCity.OpenAsync(cluster, 4);
        var isRight = true;
        for (var round = 1; round <= rounds; round++)
        {
            var started = Stopwatch.GetTimestamp();
            var alone = await none.AddAsync();
            empty.Add(Stopwatch.GetElapsedTime(started).TotalSeconds);
            emptyCpu.Add(alone.Process.CpuTime.TotalSeconds);
            emptyMegabytes.Add(alone.Process.ResidentBytes / (double)(1 << 20));
            await none.KillLastAsync();

            using var stopping = new CancellationTokenSource();
            var (driving, riding) = (carrier.DriveAsync(stopping.Token), busy.RideAsync(stopping.Token));
            started = Stopwatch.GetTimestamp();
            var added = await cluster.AddAsync();
            ready.Add(Stopwatch.GetElapsedTime(started).TotalSeconds);
            using var there = new NodeClient(added, cluster.Folder);
            await UntilAsync(there, counts => counts.Tracked >= drivers && counts.Connected >= drivers);
            whole.Add(Stopwatch.GetElapsedTime(started).TotalSeconds);
            cpu.Add(added.Process.CpuTime.TotalSeconds);
            megabytes.Add(added.Process.ResidentBytes / (double)(1 << 20));
            await stopping.CancelAsync();
            var (fixes, rides) = (await driving, await riding);
            await Task.Delay(Settling);
            if (carrier.HasLostLease)
            {
                Console.WriteLine($"  {round}: the machine was too busy, a lease ran out: nothing that can be compared (load average {CpuWatch.LoadAverage})");
                return 1;
            }

            isRight &= await CompareAsync(round, here, there, drivers, fixes, rides);
            await cluster.KillLastAsync();
        }

        Console.WriteLine($"medians (smallest to largest), s; load average {CpuWatch.LoadAverage}");
        Console.WriteLine($"  start on an empty store: {empty}; CPU time {emptyCpu}");
        Console.WriteLine($"  start on this one, to where it takes calls: {ready}: {ready.Median / empty.Median:f2} x");
        Console.WriteLine($"  … to where it shows all drivers: {whole}: {whole.Median / empty.Median:f2} x; CPU time until then {cpu}: {cpu.Median / emptyCpu.Median:f2} x");
        Console.WriteLine($"  memory then, MB: {megabytes}, on an empty store {emptyMegabytes}: {(megabytes.Median - emptyMegabytes.Median) * (1 << 20) / drivers:f0} bytes a driver with {(double)trips / drivers:f1} trips");
        Console.WriteLine(isRight ? "  nothing was missed, and nothing made up" : "  NOT the same on both nodes");
        return isRight ? 0 : 1;
    }

    private static async Task FillAsync(NodeClient node, CarrierNode carrier, int drivers, int trips)
    {
        var started = Stopwatch.GetTimestamp();
        var rowsInside = Math.Max(1, drivers / Columns / 10);
        await node.Fleet.UpsertZoneAsync(
            new UpsertZoneRequest { Zone = new Zone { ZoneId = "inside", DisplayName = "inside", Kind = ZoneKind.Geofence, GeoJson = Rows(rowsInside) } }, node.Ops);
        await Task.Delay(Settling);
        await carrier.HoldAsync([.. Enumerable.Range(0, drivers).Select(i => ($"held-{i}", SouthE7 + (i / Columns * SpacingE7), WestE7 + (i % Columns * SpacingE7)))]);
        await UntilAsync(node, counts => counts.AvailableIdle >= drivers);
        Console.WriteLine($"  {carrier.ClaimsPerSecond:f0} claims a second, {carrier.ClaimsPerCpuSecond:f0} a second of this node's CPU, 64 at a time");
        Console.WriteLine($"  {drivers:n0} drivers after {Stopwatch.GetElapsedTime(started).TotalSeconds:f0} s");
        await Parallel.ForEachAsync(Enumerable.Range(0, trips), new ParallelOptions { MaxDegreeOfParallelism = RequestsAtOnce }, async (i, _) => await AssignAsync(node, i));
        Console.WriteLine($"  {trips:n0} trips after {Stopwatch.GetElapsedTime(started).TotalSeconds:f0} s");
    }

    private static async Task AssignAsync(NodeClient node, int number)
    {
        double latitude = (SouthE7 + (number / Columns * SpacingE7) + TripsNorthE7) / 1e7, longitude = (WestE7 + (number % Columns * SpacingE7)) / 1e7;
        await node.GiveTripAsync($"begin-{number}", $"held-{number}", (latitude, longitude), (latitude + 0.02, longitude));
    }

    // As wide as the city and what they drive, and half the spacing around the first rows.
    private static string Rows(int rows)
    {
        double south = (SouthE7 - (SpacingE7 / 2)) / 1e7, north = (SouthE7 + ((rows - 0.5) * SpacingE7)) / 1e7;
        double west = (WestE7 - 100_000) / 1e7, east = (WestE7 + (Columns * SpacingE7) + 100_000) / 1e7;
        return string.Create(
            CultureInfo.InvariantCulture, $$"""{"type":"Polygon","coordinates":[[[{{west}},{{south}}],[{{east}},{{south}}],[{{east}},{{north}}],[{{west}},{{north}}],[{{west}},{{south}}]]]}""");
    }

    private static async Task UntilAsync(NodeClient node, Func<FleetCounts, bool> isSo)
    {
        var started = Stopwatch.GetTimestamp();
        while (await NodePresent.CountsAsync(node) is var counts && !isSo(counts))
        {
            if (Stopwatch.GetElapsedTime(started) > Patience)
            {
                throw new TimeoutException($"A node still counts {counts}.");
            }
        }
    }

    private static async Task<bool> CompareAsync(int round, NodeClient here, NodeClient there, int drivers, long fixes, int rides)
    {
        var (one, other) = (await NodePresent.OfAsync(here), await NodePresent.OfAsync(there));
        var (ofDrivers, ofTrips) = one.DifferentFrom(other);
        var inside = Math.Max(1, drivers / Columns / 10) * Math.Min(Columns, drivers);
        var (enters, exits) = await ZoneEventsAsync(there, inside);
        Console.WriteLine(
            $"  {round}: {fixes:n0} fixes and {rides:n0} rides meanwhile; drivers {one.Drivers.Count:n0} and {other.Drivers.Count:n0}, {ofDrivers} of them different; " +
            $"open trips {one.Trips.Count:n0} and {other.Trips.Count:n0}, {ofTrips} of them different; {enters:n0} of {inside:n0} entered the zone, {exits} left it");
        return ofDrivers == 0 && ofTrips == 0 && exits == 0 && enters == inside;
    }

    private static async Task<(int Enters, int Exits)> ZoneEventsAsync(NodeClient node, int inside)
    {
        var (enters, exits) = (0, 0);
        using var patience = new CancellationTokenSource(Patience);
        using var watch = node.Fleet.WatchZoneEvents(new WatchZoneEventsRequest { AfterCursor = "", ZoneIds = { "inside" } }, node.Ops, cancellationToken: patience.Token);
        try
        {
            while (await watch.ResponseStream.MoveNext(CancellationToken.None))
            {
                enters += watch.ResponseStream.Current.Events.Count(e => e.Kind == ZoneEventKind.Enter);
                exits += watch.ResponseStream.Current.Events.Count(e => e.Kind == ZoneEventKind.Exit);
                if (enters == inside)
                {
                    // What is more than that comes soon.
                    patience.CancelAfter(Settling);
                }
            }
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.Cancelled)
        {
            // Nothing more came.
        }

        return (enters, exits);
    }
}
