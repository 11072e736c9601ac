using System.Diagnostics;
using StackExchange.Redis;

namespace RideTracking.Server.Tests.Fixtures;

/// <summary>A redis-server of the test's own, on a free port of 127.0.0.1; can be killed and started again.</summary>
public sealed class RedisProcess : IAsyncDisposable
{
    private const string Filler = "filler";
    private const string Password = "secret";

    private readonly bool _durable;
    private readonly bool _inCluster;
    private readonly string _folder = Directory.CreateTempSubdirectory("redis-").FullName;
    private Process? _process;

    private RedisProcess(bool durable, bool inCluster) => (_durable, _inCluster) = (durable, inCluster);

    private string SnapshotFile => Path.Combine(_folder, "dump.rdb");

    public int Port { get; } = FreePort.Take();

    public bool IsRunning => _process is not null;

    public string Endpoint => $"127.0.0.1:{Port}";

    /// <summary>
    /// Starts a server; with <paramref name="durable"/>, one that writes each command to disk before it answers; with
    /// <paramref name="inCluster"/>, one that is a cluster's only node.
    /// </summary>
    public static async Task<RedisProcess> StartAsync(bool durable = false, bool inCluster = false)
    {
        var redis = new RedisProcess(durable, inCluster);
        await redis.StartAgainAsync();
        if (inCluster)
        {
            await redis.RelentAsync(StoreRefusal.ClusterDown);
        }

        return redis;
    }

    /// <summary>Kills the process as a machine that loses power would.</summary>
    public void Kill()
    {
        _process!.Kill();
        _process.WaitForExit();
        _process.Dispose();
        _process = null;
    }

    /// <summary>The process stands still, until <see cref="GoOn"/>.</summary>
    public void Hold() => Signal("STOP");

    public void GoOn() => Signal("CONT");

    public Task StartAgainAsync() => StartAgainAsync("Ready to accept connections");

    public async Task<ConnectionMultiplexer> ConnectAsync() => await ConnectionMultiplexer.ConnectAsync($"{Endpoint},allowAdmin=true");

    /// <summary>Makes the server refuse what is written, for a reason of its own, until <see cref="RelentAsync"/>.</summary>
    public async Task RefuseAsync(StoreRefusal refusal)
    {
        if (refusal == StoreRefusal.Loading)
        {
            await using (var much = await ConnectAsync())
            {
                await Task.WhenAll(Enumerable.Range(0, 300_000).Select(i => much.GetDatabase().StringSetAsync($"much:{i}", i)));
                // What it reads of a log it answers nobody during a thousand commands, a second; of a snapshot, seventy keys.
                await much.GetDatabase().ExecuteAsync("BGREWRITEAOF");
                await UntilAsync(much.GetDatabase(), "INFO", "persistence", "aof_rewrite_in_progress:0");
            }

            Kill();
            // Five minutes or more, longer than what is tried meanwhile takes on a busy machine; and it answers in between.
            await StartAgainAsync("Server initialized", "--key-load-delay", "1000", "--loading-process-events-interval-bytes", "1024");
            return;
        }

        await using var admin = await ConnectAsync();
        var database = admin.GetDatabase();
        switch (refusal)
        {
            case StoreRefusal.OutOfMemory:
                await database.StringSetAsync(Filler, new byte[8 << 20]);
                await database.ExecuteAsync("CONFIG", "SET", "maxmemory", "1mb");
                break;
            case StoreRefusal.ReadOnly:
                await database.ExecuteAsync("REPLICAOF", "127.0.0.1", "1");
                break;
            case StoreRefusal.NoReplicas:
                await database.ExecuteAsync("CONFIG", "SET", "min-replicas-to-write", "1");
                break;
            case StoreRefusal.CannotSave:
                // Where the file should be, is a folder.
                Directory.CreateDirectory(SnapshotFile);
                await database.ExecuteAsync("CONFIG", "SET", "save", "3600 1000000");
                await database.ExecuteAsync("BGSAVE");
                await UntilAsync(database, "INFO", "persistence", "rdb_last_bgsave_status:err");
                break;
            case StoreRefusal.ClusterDown:
                await database.ExecuteAsync("CLUSTER", "DELSLOTSRANGE", 0, 16383);
                await UntilAsync(database, "CLUSTER", "INFO", "cluster_state:fail");
                break;
            default:
                await database.ExecuteAsync("CONFIG", "SET", "requirepass", Password);
                // Who is in stays in.
                await database.ExecuteAsync("CLIENT", "KILL", "TYPE", "pubsub");
                await database.ExecuteAsync("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
                break;
        }
    }

    /// <summary>Takes everything again.</summary>
    public async Task RelentAsync(StoreRefusal refusal)
    {
        await using var admin = await ConnectionMultiplexer.ConnectAsync(
            $"{Endpoint},allowAdmin=true" + (refusal == StoreRefusal.Password ? $",password={Password}" : ""));
        var database = admin.GetDatabase();
        switch (refusal)
        {
            case StoreRefusal.OutOfMemory:
                await database.ExecuteAsync("CONFIG", "SET", "maxmemory", "0");
                await database.KeyDeleteAsync(Filler);
                break;
            case StoreRefusal.ReadOnly:
                await database.ExecuteAsync("REPLICAOF", "NO", "ONE");
                break;
            case StoreRefusal.NoReplicas:
                await database.ExecuteAsync("CONFIG", "SET", "min-replicas-to-write", "0");
                break;
            case StoreRefusal.CannotSave:
                await database.ExecuteAsync("CONFIG", "SET", "save", "");
                Directory.Delete(SnapshotFile);
                break;
            case StoreRefusal.Loading:
                await database.ExecuteAsync("CONFIG", "SET", "key-load-delay", "0");
                break;
            case StoreRefusal.ClusterDown:
                await database.ExecuteAsync("CLUSTER", "ADDSLOTSRANGE", 0, 16383);
                await UntilAsync(database, "CLUSTER", "INFO", "cluster_state:ok");
                break;
            default:
                await database.ExecuteAsync("CONFIG", "SET", "requirepass", "");
                break;
        }
    }

    public ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            Kill();
        }

        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    private void Signal(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", $"{_process!.Id}"]);
        kill.WaitForExit();
    }

    private static async Task UntilAsync(IDatabase database, string command, string section, string says)
    {
        while (!((string)(await database.ExecuteAsync(command, section))!).Contains(says, StringComparison.Ordinal))
        {
        }
    }

    private async Task StartAgainAsync(string until, params string[] more)
    {
        var start = new ProcessStartInfo("redis-server") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])
        [
            "--bind", "127.0.0.1", "--port", $"{Port}", "--dir", _folder, "--save", "",
            "--appendonly", _durable ? "yes" : "no", "--appendfsync", "always", "--cluster-enabled", _inCluster ? "yes" : "no", .. more,
        ])
        {
            start.ArgumentList.Add(argument);
        }

        _process = Process.Start(start)!;
        string? line;
        do
        {
            line = await _process.StandardOutput.ReadLineAsync()
                ?? throw new InvalidOperationException("redis-server ended before it was ready: " + await _process.StandardError.ReadToEndAsync());
        }
        while (!line.Contains(until, StringComparison.Ordinal));
        _ = _process.StandardOutput.ReadToEndAsync();
    }
}

/// <summary>Why a Redis that is there does not take what is written.</summary>
public enum StoreRefusal
{
    /// <summary>OOM.</summary>
    OutOfMemory,

    /// <summary>READONLY: it was made a replica.</summary>
    ReadOnly,

    /// <summary>NOREPLICAS.</summary>
    NoReplicas,

    /// <summary>MISCONF: it could not save its data.</summary>
    CannotSave,

    /// <summary>NOAUTH: it has a password now, and connections begin anew.</summary>
    Password,

    /// <summary>LOADING: it started again and reads its data.</summary>
    Loading,

    /// <summary>CLUSTERDOWN: nobody in its cluster serves the keys.</summary>
    ClusterDown,
}
