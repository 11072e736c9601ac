using System.Reflection;
using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using System.Text;
using RideTracking.Server.Store;
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

    private readonly Dictionary<string, (StoreScript Script, LoadedScript Run)> _scripts = [];
    private readonly HashSet<RedisKey> _touched = [];

    /// <param name="database">The real one.</param>
    /// <param name="isEmbedded">Whether that is the server's own; nodes ask for a Redis in any case.</param>
    /// <param name="watch">Sees what every script leaves behind.</param>
    /// <param name="planted">Changes a script's text, given its name; to show that the checker finds it.</param>
    public SharedStore(IDatabase database, bool isEmbedded, StoreWatch watch, Func<string, string, string>? planted)
    {
        (_database, _isEmbedded, _watch) = (database, isEmbedded, watch);
        foreach (var script in new[] { StoreScript.ConnectionClaim, StoreScript.TripCommit, StoreScript.OutboxAcknowledge })
        {
            var text = StoreScript.Read(script.Name);
            var run = planted?.Invoke(script.Name, text) ?? text;
            _scripts[Convert.ToHexString(Sha1(script.Compose(text, isEmbedded: false)))] = (script, new LoadedScript(script.Compose(run, isEmbedded)));
        }
    }

    /// <summary>What runs the store's own events: they happen whether or not the node that sent them still lives.</summary>
    public Life Life { get; } = new();

    /// <summary>Nothing arrives and nothing comes back.</summary>
    public bool IsAway { get; set; }

    /// <summary>What arrives waits until then.</summary>
    public DateTimeOffset StalledUntil { get; set; } = DateTimeOffset.MinValue;

    /// <summary>Runs a command now.</summary>
    /// <exception cref="RedisServerException">The store refuses it.</exception>
    public object? Run(MethodInfo method, object?[] arguments)
    {
        var keys = arguments.OfType<RedisKey>().Concat(arguments.OfType<RedisKey[]>().SelectMany(k => k)).ToArray();
        _touched.UnionWith(keys);
        if (arguments[0] is byte[] sha1)
        {
            var reply = RunScript(sha1, (RedisKey[])arguments[1]!, (RedisValue[])arguments[2]!);
            _watch.Look(keys);
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

    /// <summary>Removes all keys of the run.</summary>
    public void Clear() => _database.KeyDelete([.. _touched]);

    private RedisResult RunScript(byte[] sha1, RedisKey[] keys, RedisValue[] arguments)
    {
        var (script, run) = _scripts[Convert.ToHexString(sha1)];
        if (_isEmbedded && script.Tells)
        {
            (keys, arguments) = (keys[..^FeedKeys], arguments[..^FeedArguments]);
        }

        var reply = _isEmbedded ? run.RunAsync(_database, [], StoreWriter.ForEmbedded(keys, arguments)) : run.RunAsync(_database, keys, arguments);
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
