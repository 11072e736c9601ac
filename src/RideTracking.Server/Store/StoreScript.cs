using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using StackExchange.Redis;

namespace RideTracking.Server.Store;

/// <summary>A Lua script of <c>Storage/Scripts</c>, run by its hash and loaded where the store does not know it yet.</summary>
public sealed class StoreScript
{
    private readonly string _text;
    private readonly byte[] _sha1;
    private readonly Lock _lock = new();
    private Task _loading = Task.CompletedTask;

    private StoreScript(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The script {name} is not embedded in the server's assembly.");
        using var reader = new StreamReader(stream);
        _text = reader.ReadToEnd();
#pragma warning disable CA5350 // Redis names scripts by SHA-1; nothing is secured by it.
        _sha1 = SHA1.HashData(Encoding.UTF8.GetBytes(_text));
#pragma warning restore CA5350
    }

    /// <summary>Appends one batch of fixes to the area's log.</summary>
    public static StoreScript LogAppend { get; } = new("log-append.lua");

    /// <summary>Takes over a driver's connection: a higher epoch, the old writer fenced, the exact resume point.</summary>
    public static StoreScript ConnectionClaim { get; } = new("connection-claim.lua");

    /// <summary>Commits one decision of the dispatch, or tells what changed meanwhile.</summary>
    public static StoreScript TripCommit { get; } = new("trip-commit.lua");

    /// <summary>Forgets the commands that a driver's app has.</summary>
    public static StoreScript OutboxAcknowledge { get; } = new("outbox-acknowledge.lua");

    /// <summary>Forgets what is kept of a driver who has no trip.</summary>
    public static StoreScript DriverForget { get; } = new("driver-forget.lua");

    /// <summary>Raises or closes an incident.</summary>
    public static StoreScript IncidentCommit { get; } = new("incident-commit.lua");

    /// <summary>Appends zone events, with what the drivers' visits are after them.</summary>
    public static StoreScript ZoneEvents { get; } = new("zone-events.lua");

    /// <summary>Makes a link to a trip.</summary>
    public static StoreScript ShareLink { get; } = new("share-link.lua");

    /// <summary>Runs the script atomically on the store.</summary>
    /// <exception cref="RedisException">The store is away or refuses; whether the script ran is then not known.</exception>
    public async Task<RedisResult> RunAsync(IDatabase database, RedisKey[] keys, RedisValue[] arguments)
    {
        while (true)
        {
            var loading = Volatile.Read(ref _loading);
            await loading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                return await database.ScriptEvaluateAsync(_sha1, keys, arguments).ConfigureAwait(false);
            }
            catch (RedisServerException e) when (e.Message.StartsWith("NOSCRIPT", StringComparison.Ordinal))
            {
                if (LoadAndRun(loading, database, keys, arguments) is { } run)
                {
                    return await run.ConfigureAwait(false);
                }
            }
        }
    }

    // One call brings the text along; those that come meanwhile wait for it, since compiling is what costs.
    private Task<RedisResult>? LoadAndRun(Task lastLoading, IDatabase database, RedisKey[] keys, RedisValue[] arguments)
    {
        lock (_lock)
        {
            if (_loading != lastLoading)
            {
                return null;
            }

            var run = database.ScriptEvaluateAsync(_text, keys, arguments);
            Volatile.Write(ref _loading, run);
            return run;
        }
    }
}
