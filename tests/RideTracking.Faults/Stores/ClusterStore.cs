using System.Globalization;
using RideTracking.Faults.Processes;
using RideTracking.Faults.Schedule;
using RideTracking.Server.Areas;
using RideTracking.Server.Tests.Fixtures;

namespace RideTracking.Faults.Stores;

/// <summary>Redis Cluster of three masters with a replica each. Nodes are told by it where its servers are, so they have no links of their own to it.</summary>
internal sealed class ClusterStore(string folder) : SharedStore
{
    private const int Masters = 3;
    private const int Slots = 16384;

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(200);

    // What a master took in last may not have reached its replica yet.
    private static readonly TimeSpan OnTheWay = TimeSpan.FromSeconds(1);

    // One that is back in less time than this is not missed.
    private static readonly TimeSpan ShortestDown = TimeSpan.FromSeconds(6);

    private readonly int[] _busPorts = [.. Enumerable.Range(0, 2 * Masters).Select(_ => FreePort.Take())];
    private RedisServer[] _servers = [];

    public override IReadOnlyList<RedisServer> Servers => _servers;

    public override IReadOnlyList<FaultKind> Faults => [FaultKind.SlotMoved, FaultKind.MasterKilled, FaultKind.StoreFrozen, FaultKind.ScriptsFlushed];

    public override bool HasLinks => false;

    public override string Configuration => string.Join(',', _servers.Select(s => s.Endpoint));

    public override async Task StartAsync()
    {
        _servers = [.. _busPorts.Select((port, i) => new RedisServer($"redis-{i}", folder, "--cluster-enabled", "yes", "--cluster-port", $"{port}", "--cluster-node-timeout", "2000"))];
        await Task.WhenAll(_servers.Select(s => s.StartAsync()));
        for (var i = 0; i < Masters; i++)
        {
            await _servers[i].AskAsync("CLUSTER", "ADDSLOTSRANGE", $"{i * Slots / Masters}", $"{((i + 1) * Slots / Masters) - 1}");
        }

        for (var i = 1; i < _servers.Length; i++)
        {
            await _servers[0].AskAsync("CLUSTER", "MEET", "127.0.0.1", $"{_servers[i].Port}", $"{_busPorts[i]}");
        }

        await UntilAsync(async () => (await Task.WhenAll(_servers.Select(s => s.AskAsync("CLUSTER", "INFO")))).All(i => i.Contains($"cluster_known_nodes:{_servers.Length}", StringComparison.Ordinal)));
        for (var i = Masters; i < _servers.Length; i++)
        {
            await _servers[i].AskAsync("CLUSTER", "REPLICATE", await IdOfAsync(_servers[i - Masters]));
        }

        await WholeAsync();
    }

    public override async Task SufferAsync(FaultKind kind, TimeSpan length)
    {
        await WholeAsync();
        var owner = await OwnerAsync();
        switch (kind)
        {
            case FaultKind.SlotMoved:
                await MoveAsync(owner);
                break;
            case FaultKind.MasterKilled:
                owner.Kill();
                Forgotten.Add(new Forgotten(Now - OnTheWay, Now));
                await WaitAsync(length > ShortestDown ? length : ShortestDown);
                await owner.StartAsync();
                break;
            case FaultKind.StoreFrozen:
                owner.Freeze();
                var since = Now - OnTheWay;
                await WaitAsync(length);
                owner.Thaw();
                // For so long another may have taken its place, and it was the master to the end.
                Forgotten.Add(new Forgotten(since, Now));
                break;
            case FaultKind.ScriptsFlushed:
                await owner.AskAsync("SCRIPT", "FLUSH");
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, "A cluster does not suffer that.");
        }
    }

    // As resharding does, key by key, with all that is asked for meanwhile.
    private async Task MoveAsync(RedisServer owner)
    {
        var slot = await SlotAsync(owner);
        var masters = await MastersAsync();
        var target = masters.First(m => m != owner);
        var (from, to) = (await IdOfAsync(owner), await IdOfAsync(target));
        await target.AskAsync("CLUSTER", "SETSLOT", slot, "IMPORTING", from);
        await owner.AskAsync("CLUSTER", "SETSLOT", slot, "MIGRATING", to);
        while ((await owner.AskAsync("CLUSTER", "GETKEYSINSLOT", slot, "10")).Split('\n', StringSplitOptions.RemoveEmptyEntries) is { Length: > 0 } keys)
        {
            await owner.AskAsync(["MIGRATE", "127.0.0.1", $"{target.Port}", "", "0", "5000", "KEYS", .. keys]);
        }

        foreach (var master in masters.OrderBy(m => m != target))
        {
            await master.AskAsync("CLUSTER", "SETSLOT", slot, "NODE", to);
        }
    }

    private static Task<string> SlotAsync(RedisServer server) => server.AskAsync("CLUSTER", "KEYSLOT", (string)new StoreKeys("default").Log!);

    private async Task<RedisServer> OwnerAsync()
    {
        var slot = int.Parse(await SlotAsync(_servers.First(s => s.IsRunning)), CultureInfo.InvariantCulture);
        foreach (var line in (await _servers.First(s => s.IsRunning).AskAsync("CLUSTER", "NODES")).Split('\n'))
        {
            if (line.Split(' ') is [_, var address, var flags, _, _, _, _, _, .. var ranges] && flags.Contains("master", StringComparison.Ordinal) && ranges.Any(r => Holds(r, slot)))
            {
                return _servers.Single(s => address.StartsWith(s.Endpoint + "@", StringComparison.Ordinal));
            }
        }

        throw new InvalidOperationException($"Nobody serves the slot {slot}.");
    }

    private static bool Holds(string range, int slot) =>
        !range.StartsWith('[') && range.Split('-') is var ends && int.Parse(ends[0], CultureInfo.InvariantCulture) <= slot && slot <= int.Parse(ends[^1], CultureInfo.InvariantCulture);

    private async Task<RedisServer[]> MastersAsync()
    {
        var roles = await Task.WhenAll(_servers.Select(s => s.AskAsync("ROLE")));
        return [.. _servers.Where((_, i) => roles[i].StartsWith("master", StringComparison.Ordinal))];
    }

    private static Task<string> IdOfAsync(RedisServer server) => server.AskAsync("CLUSTER", "MYID");

    // All are there, all slots are served, and each master has its replica.
    private Task WholeAsync() => UntilAsync(async () =>
    {
        var nodes = await Task.WhenAll(_servers.Select(s => s.AskAsync("CLUSTER", "INFO")));
        var replication = await Task.WhenAll(_servers.Select(s => s.AskAsync("INFO", "replication")));
        return nodes.All(n => n.Contains("cluster_state:ok", StringComparison.Ordinal) && n.Contains("cluster_slots_ok:16384", StringComparison.Ordinal))
            && replication.Count(r => r.Contains("role:master", StringComparison.Ordinal) && r.Contains("connected_slaves:1", StringComparison.Ordinal)) == Masters
            && replication.Count(r => r.Contains("master_link_status:up", StringComparison.Ordinal)) == Masters;
    });

    private static async Task UntilAsync(Func<Task<bool>> isSo)
    {
        while (!await isSo())
        {
            await WaitAsync(LookEvery);
        }
    }
}
