using System.Globalization;
using RideTracking.Faults.Links;
using RideTracking.Faults.Processes;
using RideTracking.Faults.Schedule;
using StackExchange.Redis;

namespace RideTracking.Faults.Stores;

/// <summary>A master and a replica, both named to the nodes; somebody outside makes the replica the master when the master is gone.</summary>
internal sealed class ReplicatedStore : SharedStore
{
    private static readonly TimeSpan LongestForgotten = TimeSpan.FromSeconds(3);

    // What the master took in last may not have reached the replica yet.
    private static readonly TimeSpan OnTheWay = TimeSpan.FromSeconds(1);

    private readonly RedisServer[] _servers;
    private readonly FaultyLink[] _replication;
    private int _master;

    private readonly bool _isWaitedFor;

    public ReplicatedStore(string folder, RigOptions options)
    {
        _isWaitedFor = options.WaitsForReplica;
        _servers = [new RedisServer("redis-a", folder), new RedisServer("redis-b", folder)];
        _replication = [.. _servers.Select(s => new FaultyLink(s.Port))];
    }

    public override IReadOnlyList<RedisServer> Servers => _servers;

    public override IReadOnlyList<FaultKind> Faults =>
        [FaultKind.FailedOver, FaultKind.MasterKilled, FaultKind.FailedOverForgetting, FaultKind.StoreFrozen, FaultKind.ScriptsFlushed];

    public override string Configuration => Master.Endpoint;

    private RedisServer Master => _servers[_master];

    private RedisServer Replica => _servers[1 - _master];

    public override async Task StartAsync()
    {
        await Master.StartAsync();
        await FollowAsync();
    }

    public override async Task SufferAsync(FaultKind kind, TimeSpan length)
    {
        await SyncedAsync();
        switch (kind)
        {
            case FaultKind.FailedOver:
                await Master.AdministerAsync(null, ["FAILOVER", "TIMEOUT", "10000"]);
                await UntilAsync(Replica, "role:master");
                _master = 1 - _master;
                await Replica.AdministerAsync(null, ["REPLICAOF", "127.0.0.1", $"{_replication[_master].Port}"]);
                break;
            case FaultKind.MasterKilled:
                await ReplaceAsync(Now - OnTheWay, length);
                break;
            case FaultKind.FailedOverForgetting:
                var since = Now - OnTheWay;
                _replication[_master].Become(LinkState.Broken);
                await WaitAsync(length < LongestForgotten ? length : LongestForgotten);
                await ReplaceAsync(since, TimeSpan.FromSeconds(1));
                break;
            case FaultKind.StoreFrozen:
                Master.Freeze();
                await WaitAsync(length);
                Master.Thaw();
                break;
            case FaultKind.ScriptsFlushed:
                await Master.AdministerAsync(null, ["SCRIPT", "FLUSH"]);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, "A Redis with a replica does not suffer that.");
        }
    }

    private async Task ReplaceAsync(DateTimeOffset since, TimeSpan without)
    {
        Master.Kill();
        Forgotten.Add(new Forgotten(since, Now, IsUnanswered: _isWaitedFor));
        await WaitAsync(without);
        await Replica.AdministerAsync(null, ["REPLICAOF", "NO", "ONE"]);
        _master = 1 - _master;
        _replication[1 - _master].Become(LinkState.Whole);
        await FollowAsync();
    }

    // It is never there as a master that it was: it would take writes for a moment.
    private Task FollowAsync() => Replica.StartAsync("Ready to accept connections", "--replicaof", "127.0.0.1", $"{_replication[_master].Port}");

    // A replica whose link has just come up has a copy of some seconds ago, and lacks what the master has taken in since.
    private async Task SyncedAsync()
    {
        await UntilAsync(Replica, "master_link_status:up");
        await using var master = await Master.ConnectAsync();
        var offset = OffsetOf(await ReplicationAsync(master, Master), "master_repl_offset:");
        await UntilAsync(Replica, info => OffsetOf(info, "slave_repl_offset:") >= offset);
    }

    private static Task UntilAsync(RedisServer server, string says) => UntilAsync(server, info => info.Contains(says, StringComparison.Ordinal));

    private static async Task UntilAsync(RedisServer server, Func<string, bool> isSo)
    {
        await using var admin = await server.ConnectAsync();
        while (!isSo(await ReplicationAsync(admin, server)))
        {
            await WaitAsync(TimeSpan.FromMilliseconds(100));
        }
    }

    private static async Task<string> ReplicationAsync(ConnectionMultiplexer admin, RedisServer server) => (string)(await admin.GetServer(server.Endpoint).ExecuteAsync("INFO", "replication"))!;

    private static long OffsetOf(string info, string name) =>
        long.Parse(info.Split('\n').First(line => line.StartsWith(name, StringComparison.Ordinal))[name.Length..].TrimEnd('\r'), CultureInfo.InvariantCulture);
}
