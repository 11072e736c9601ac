using System.Reflection;
using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using System.Text;
using RideTracking.Server.Store;
using RideTracking.Simulation.Bugs;
using RideTracking.Simulation.Time;
using StackExchange.Redis;

namespace RideTracking.Simulation.Store;

/// <summary>
/// The real store behind the simulated way to it. What arrives is run at once, while nothing else happens; when it arrives is
/// the simulation's to say.
/// </summary>
internal sealed class SharedStore
{
    private readonly IDatabase _database;
    private readonly StoreWatch _watch;
    private readonly bool _isEmbedded;
    // What a feed's writer adds behind a script's own keys and arguments, which the embedded store's scripts do not know.
    private const int FeedKeys = 2;
    private const int FeedArguments = 2;

    private readonly Dictionary<string, (StoreScript? Script, LoadedScript Run)> _scripts = [];
    private readonly HashSet<RedisKey> _touched = [];
    private readonly EventQueue _queue;
    private readonly PlantedBug? _planted;
    private TimeSpan _clockError;
    private int _server;
    private Dictionary<RedisKey, byte[]> _kept = [];

    /// <param name="database">The real one.</param>
    /// <param name="isEmbedded">Whether that is the server's own; nodes ask for a Redis in any case.</param>
    /// <param name="watch">Sees what every script leaves behind.</param>
    /// <param name="queue">What time it is.</param>
    /// <param name="planted">Changes scripts; to show that the checker finds it.</param>
    public SharedStore(IDatabase database, bool isEmbedded, StoreWatch watch, EventQueue queue, PlantedBug? planted)
    {
        (_database, _isEmbedded, _watch, _queue, _planted) = (database, isEmbedded, watch, queue, planted);
        foreach (var script in new[]
        {
            StoreScript.ConnectionClaim, StoreScript.TripCommit, StoreScript.OutboxAcknowledge, StoreScript.LinksLost, StoreScript.NodeLease, StoreScript.NodeEnded,
            StoreScript.TimeCorrect, StoreScript.LogAppend, StoreScript.LogCheckpointPart, StoreScript.LogCheckpoint, StoreScript.LogExpire, StoreScript.LogForget,
        })
        {
            var text = StoreScript.Read(script.Name);
            var run = planted?.ChangeScript(script.Name, text) ?? text;
            _scripts[Convert.ToHexString(Sha1(script.Compose(text, isEmbedded: false)))] =
                (script, new LoadedScript(StoreTimeInScripts.Change(script.Compose(run, isEmbedded))));
        }

        _touched.Add(watch.Log.Expiries);
        var time = StoreScript.Read("time.lua");
        _scripts[Convert.ToHexString(Sha1(time))] = (null, new LoadedScript(StoreTimeInScripts.Change(time)));
    }

    /// <summary>What its clock says.</summary>
    public DateTimeOffset Time => _queue.Now + _clockError;

    /// <summary>What runs the store's own events: they happen whether or not the node that sent them still lives.</summary>
    public Life Life { get; } = new();

    /// <summary>Nothing arrives and nothing comes back.</summary>
    public bool IsAway { get; set; }

    /// <summary>What arrives waits until then.</summary>
    public DateTimeOffset StalledUntil { get; set; } = DateTimeOffset.MinValue;

    /// <summary>Another server takes its place, with another clock.</summary>
    public void BecomeAnotherServer(TimeSpan clockError) => (_server, _clockError) = (_server + 1, clockError);

    /// <summary>Remembers what it holds.</summary>
    public void Keep()
    {
        _kept = Dump();
        _watch.Keep();
    }

    /// <summary>Another server takes its place, which holds what was remembered.</summary>
    public void Forget()
    {
        var lost = Dump().Keys.Except(_kept.Keys).ToArray();
        _database.KeyDelete(lost);
        Task.WaitAll([.. _kept.Select(k => _database.ExecuteAsync("RESTORE", k.Key, 0, k.Value, "REPLACE"))]);
        _watch.Forget();
        BecomeAnotherServer(_clockError);
    }

    private Dictionary<RedisKey, byte[]> Dump() =>
        OwnKeys.Select(key => (Key: key, Value: _database.KeyDumpAsync(key))).ToArray()
            .Select(d => (d.Key, Value: d.Value.GetAwaiter().GetResult()))
            .Where(d => d.Value is not null).ToDictionary(d => d.Key, d => d.Value!);

    // Not the company's, which all runs share.
    private RedisKey[] OwnKeys => [.. _touched.Where(k => k.ToString().StartsWith(_watch.KeyPrefix, StringComparison.Ordinal))];

    /// <summary>Runs a command now.</summary>
    /// <param name="method">What the node called.</param>
    /// <param name="arguments">With what.</param>
    /// <param name="caller">The clock of the node's machine.</param>
    /// <exception cref="RedisServerException">The store refuses it.</exception>
    public object? Run(MethodInfo method, object?[] arguments, TimeProvider caller)
    {
        var keys = arguments.OfType<RedisKey>().Concat(arguments.OfType<RedisKey[]>().SelectMany(k => k)).ToArray();
        _touched.UnionWith(keys);
        if (arguments[0] is byte[] sha1)
        {
            var reply = RunScript(sha1, (RedisKey[])arguments[1]!, (RedisValue[])arguments[2]!, _planted is { AsksNodesClock: true } ? caller.GetUtcNow() : Time);
            _watch.Look(keys, (RedisValue[])arguments[2]!, Time);
            return reply;
        }

        if (method.Name == nameof(IDatabase.HashScanAsync))
        {
            return Sorted(_database.HashGetAll((RedisKey)arguments[0]!));
        }

        var task = (Task)Invoke(method, arguments)!;
        task.GetAwaiter().GetResult();
        var result = task.GetType().GetProperty(nameof(Task<>.Result))?.GetValue(task);
        return result is HashEntry[] entries ? Sorted(entries) : result;
    }

    /// <summary>Sets a field of a hash, past all that goes wrong.</summary>
    public void Put(RedisKey key, string field, byte[] value)
    {
        _touched.Add(key);
        _database.HashSet(key, field, value);
    }

    /// <summary>Removes all keys of the run.</summary>
    public void Clear() => _database.KeyDelete(OwnKeys);

    private RedisResult RunScript(byte[] sha1, RedisKey[] keys, RedisValue[] arguments, DateTimeOffset time)
    {
        var (script, run) = _scripts[Convert.ToHexString(sha1)];
        if (_isEmbedded && script is { Tells: true })
        {
            (keys, arguments) = (keys[..^FeedKeys], arguments[..^FeedArguments]);
        }

        var reply = _isEmbedded && script is not null
            ? run.RunAsync(_database, [], StoreTimeInScripts.Answer(StoreWriter.ForEmbedded(keys, arguments), time, _server))
            : run.RunAsync(_database, keys, StoreTimeInScripts.Answer(arguments, time, _server));
        return reply.GetAwaiter().GetResult();
    }

    // The order of a hash's fields differs from one redis-server to the next.
    private static HashEntry[] Sorted(HashEntry[] entries) => [.. entries.OrderBy(e => (string)e.Name!, StringComparer.Ordinal)];

#pragma warning disable CA5350 // Redis names scripts by SHA-1; nothing is secured by it.
    private static byte[] Sha1(string text) => SHA1.HashData(Encoding.UTF8.GetBytes(text));
#pragma warning restore CA5350

    private object? Invoke(MethodInfo method, object?[] arguments)
    {
        try
        {
            return method.Invoke(_database, arguments);
        }
        catch (TargetInvocationException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerException!);
            throw;
        }
    }
}
