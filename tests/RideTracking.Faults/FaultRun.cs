using RideTracking.Faults.Checking;
using RideTracking.Faults.Processes;
using RideTracking.Faults.Schedule;
using RideTracking.Faults.Stores;
using RideTracking.Faults.Told;
using RideTracking.Faults.Workload;
using StackExchange.Redis;

namespace RideTracking.Faults;

/// <summary>One run: a town on several nodes over one store, faults as the seed says, then quiet, and the look at what came of it.</summary>
internal sealed class FaultRun
{
    private static readonly TimeSpan EventsCatchUp = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan UsedAnew = TimeSpan.FromSeconds(5);

    private readonly RigOptions _options;
    private readonly string _folder = Directory.CreateTempSubdirectory("ride-tracking-faults-").FullName;
    private readonly Record _record = new();
    private readonly SufferedFaults _suffered = new();
    private readonly Violations _violations;

    private FaultRun(RigOptions options) => (_options, _violations) = (options, new Violations(options.Seed));

    /// <summary>Runs it from its beginning to its end.</summary>
    public static async Task<RunReport> RunAsync(RigOptions options)
    {
        var run = new FaultRun(options);
        RunReport? report = null;
        try
        {
            return report = await run.RunAsync();
        }
        finally
        {
            if (report is { Violations.Total: 0 } && !options.Keep)
            {
                Directory.Delete(run._folder, recursive: true);
            }
            else
            {
                options.Say($"What processes wrote is in {run._folder}");
            }
        }
    }

    private async Task<RunReport> RunAsync()
    {
        using var store = SharedStore.Of(_options, _folder);
        await store.StartAsync();
        var nodes = NewNodes(store);
        try
        {
            await Task.WhenAll(nodes.Select(n => n.StartAsync()));
            using var town = new Town(_folder, [.. nodes.Select(n => n.Address)], _options, _record);
            store.OnEmptied = town.BeginAnewAsync;
            await town.OpenAsync();
            await SufferAsync(store, nodes);
            return await SettleAsync(store, nodes, town);
        }
        finally
        {
            nodes.ForEach(n => n.Dispose());
        }
    }

    private List<NodeProcess> NewNodes(SharedStore store)
    {
        var clocks = new Random(_options.Seed);
        var nodes = new List<NodeProcess>();
        for (var i = 0; i < _options.Nodes; i++)
        {
            var links = store.NewLinks();
            nodes.Add(new NodeProcess(
                $"node-{i}", _folder, links, store.ConfigurationOver(links), _options, _options.ClockOffset * ((2 * clocks.NextDouble()) - 1)));
        }

        return nodes;
    }

    private async Task SufferAsync(SharedStore store, List<NodeProcess> nodes)
    {
        var begin = Record.Now;
        FaultKind[] ofStore = [.. store.Faults.Where(k => _options.Only.Count == 0 || _options.Only.Contains(k))];
        var schedule = FaultSchedule.Of(_options.Seed, _options.Lasts, _options.LongestFault, nodes.Count, ofStore, store.HasLinks, _options.Only);
        async Task RowAsync(IEnumerable<PlannedFault> faults)
        {
            foreach (var fault in faults)
            {
                if (fault.At - (Record.Now - begin) is { } wait && wait > TimeSpan.Zero)
                {
                    await Task.Delay(wait, TimeProvider.System);
                }

                _options.Say(fault.ToString());
                var began = Record.Now;
                await (fault.HitsNode ? NodeFaults.SufferAsync(nodes[fault.Node], fault, _options.Upgrades) : store.SufferAsync(fault.Kind, fault.Length));
                _suffered.Add(fault.Kind, began, Record.Now);
            }
        }

        await Task.WhenAll(RowAsync(schedule.Where(f => f.HitsNode)), RowAsync(schedule.Where(f => !f.HitsNode)));
        if (_options.Lasts - (Record.Now - begin) is { } rest && rest > TimeSpan.Zero)
        {
            await Task.Delay(rest, TimeProvider.System);
        }

        if (_options.Upgrades)
        {
            await UpgradeAsync(nodes);
        }
    }

    // One after the other, while everybody goes on.
    private async Task UpgradeAsync(List<NodeProcess> nodes)
    {
        foreach (var node in nodes)
        {
            _options.Say($"{node.Name} becomes the newer version for good");
            node.Version = NodeVersion.Newer;
            await node.StopAsync();
            await node.StartAsync();
            await Task.Delay(UsedAnew, TimeProvider.System);
        }
    }

    private async Task<RunReport> SettleAsync(SharedStore store, List<NodeProcess> nodes, Town town)
    {
        _options.Say("Quiet");
        var since = Record.Now;
        var ridersEnd = await town.CloseAsync(_options.Settles);
        _violations.Require(ridersEnd, Broken.NotSettled, Record.Now, $"some riders' trips have not ended {_options.Settles.TotalSeconds:F0} s after the last fault");
        await using var connection = await ConnectionMultiplexer.ConnectAsync(store.Configuration);
        var database = connection.GetDatabase();
        await UntilAsync(async () => await StoreContents.CountOpenAsync(database) == 0, ridersEnd ? _options.Settles : TimeSpan.Zero);
        var flushed = await town.FlushAsync(_options.Settles);
        _violations.Require(flushed, Broken.NotSettled, Record.Now, $"phones still owe {town.Waiting} fixes and actions {_options.Settles.TotalSeconds:F0} s after the last fault");
        await UntilAsync(async () => await StoreContents.CountWaitingAsync(database, town.DriverIds) == 0, EventsCatchUp);
        foreach (var failure in town.Failures)
        {
            _violations.Require(false, Broken.NotSettled, Record.Now, $"an app was refused for good: {failure}");
        }

        _violations.Require(
            _record.Fixes.Count == _record.Reported || !flushed, Broken.FixLost, Record.Now, $"{_record.Reported} fixes were reported, and {_record.Fixes.Count} acknowledged");
        _options.Say($"Settled after {(Record.Now - since).TotalSeconds:F0} s");
        var contents = await StoreContents.ReadAsync(store.Configuration, _folder, town.DriverIds);
        var lastVersions = contents.Trips.Values.Sum(t => (long)t.Version);
        await UntilAsync(() => Task.FromResult(_record.Events.Select(e => (e.Event.TripId, e.Event.Event.Version)).Distinct().LongCount() >= lastVersions), EventsCatchUp);

        var agreement = new AgreementCheck(_violations, contents, town.DriverIds, town.OpsToken);
        await Task.WhenAll(nodes.Zip(town.Channels, (node, channel) => agreement.CheckAsync(node.Name, channel)));
        await town.EndAsync();

        var legal = new Legal(store.Forgotten, _suffered);
        var (fixes, trips, events) = (new FixCheck(_violations, legal), new TripCheck(_violations, legal), new EventCheck(_violations, legal));
        fixes.Check(_record, contents);
        trips.Check(_record, contents);
        events.Check(_record, contents);
        new CommandCheck(_violations, legal).Check(_record, contents);
        new ActionCheck(_violations, legal).Check(_record, contents);
        foreach (var node in nodes)
        {
            foreach (var error in await node.ErrorsAsync())
            {
                _violations.Require(false, Broken.ErrorLogged, Record.Now, $"{node.Name}: {error}");
            }
        }

        return new RunReport(_options, _suffered, _record, contents, _violations, fixes, trips, events);
    }

    // What does not come is found by the checks.
    private static async Task UntilAsync(Func<Task<bool>> isSo, TimeSpan patience)
    {
        using var time = new CancellationTokenSource(patience);
        using var looks = new PeriodicTimer(TimeSpan.FromMilliseconds(300));
        try
        {
            while (!await isSo())
            {
                await looks.WaitForNextTickAsync(time.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // It has not come.
        }
    }
}
