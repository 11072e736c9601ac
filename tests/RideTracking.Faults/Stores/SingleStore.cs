using RideTracking.Faults.Processes;
using RideTracking.Faults.Schedule;

namespace RideTracking.Faults.Stores;

/// <summary>One Redis that writes each command to disk before it answers: whatever it suffers, it forgets nothing. Or, each second, the last two.</summary>
internal sealed class SingleStore(string folder, RigOptions options) : SharedStore
{
    private const string Password = "another";

    private static readonly TimeSpan LongestDown = TimeSpan.FromSeconds(10);

    // Redis puts writing off for as long while the disk is busy.
    private static readonly TimeSpan NotWritten = TimeSpan.FromSeconds(2);

    private readonly RedisServer _redis = new("redis", folder, options.IsEverySecond ? ["--appendfsync", "everysec"] : []);

    public override IReadOnlyList<RedisServer> Servers => [_redis];

    public override IReadOnlyList<FaultKind> Faults =>
    [
        FaultKind.StoreKilled, FaultKind.StoreFrozen, FaultKind.StoreFull, FaultKind.StoreReadOnly, FaultKind.StorePassword, FaultKind.StoreNoReplicas,
        FaultKind.StoreLoading, FaultKind.ScriptsFlushed, .. options.IsEmptied ? [FaultKind.StoreEmptied] : Array.Empty<FaultKind>(),
    ];

    public override string Configuration => _redis.Endpoint;

    public override Task StartAsync() => _redis.StartAsync();

    public override async Task SufferAsync(FaultKind kind, TimeSpan length)
    {
        switch (kind)
        {
            case FaultKind.StoreKilled:
                Kill();
                await WaitAsync(Min(length, LongestDown));
                await _redis.StartAsync();
                break;
            case FaultKind.StoreLoading:
                Kill();
                // So long for each thousand commands that it kept, during which it answers that it is loading.
                await _redis.StartAsync("Server initialized", "--key-load-delay", "100", "--loading-process-events-interval-bytes", "1024");
                await WaitAsync(Min(length, LongestDown));
                await _redis.AdministerAsync(null, ["CONFIG", "SET", "key-load-delay", "0"]);
                break;
            case FaultKind.StoreFrozen:
                _redis.Freeze();
                await WaitAsync(length);
                _redis.Thaw();
                break;
            case FaultKind.StoreFull:
                await _redis.AdministerAsync(null, ["CONFIG", "SET", "maxmemory", "1"]);
                await WaitAsync(length);
                await _redis.AdministerAsync(null, ["CONFIG", "SET", "maxmemory", "0"]);
                break;
            case FaultKind.StoreReadOnly:
                await _redis.AdministerAsync(null, ["REPLICAOF", "127.0.0.1", "1"]);
                await WaitAsync(length);
                await _redis.AdministerAsync(null, ["REPLICAOF", "NO", "ONE"]);
                break;
            case FaultKind.StoreNoReplicas:
                await _redis.AdministerAsync(null, ["CONFIG", "SET", "min-replicas-to-write", "1"]);
                await WaitAsync(length);
                await _redis.AdministerAsync(null, ["CONFIG", "SET", "min-replicas-to-write", "0"]);
                break;
            case FaultKind.StorePassword:
                // Who is in would stay in.
                await _redis.AdministerAsync(null, ["CONFIG", "SET", "requirepass", Password], ["CLIENT", "KILL", "TYPE", "pubsub"], ["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
                await WaitAsync(length);
                await _redis.AdministerAsync(Password, ["CONFIG", "SET", "requirepass", ""]);
                break;
            case FaultKind.ScriptsFlushed:
                await _redis.AdministerAsync(null, ["SCRIPT", "FLUSH"]);
                break;
            case FaultKind.StoreEmptied:
                await _redis.AdministerAsync(null, ["FLUSHALL"]);
                Forgotten.Add(new Forgotten(DateTimeOffset.UnixEpoch, Now));
                await OnEmptied();
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, "A Redis alone does not suffer that.");
        }
    }

    private void Kill()
    {
        _redis.Kill();
        if (options.IsEverySecond)
        {
            Forgotten.Add(new Forgotten(Now - NotWritten, Now));
        }
    }

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
