using System.Security.Cryptography;
using System.Text;
using StackExchange.Redis;

namespace RideTracking.Server.Store;

/// <summary>The text of a script, run by its hash and loaded where the store does not know it yet. Thread-safe.</summary>
internal sealed class LoadedScript
{
    private readonly string _text;
    private readonly byte[] _sha1;
    private readonly Lock _lock = new();
    private Task _loading = Task.CompletedTask;

    public LoadedScript(string text)
    {
        _text = text;
#pragma warning disable CA5350 // Redis names scripts by SHA-1; nothing is secured by it.
        _sha1 = SHA1.HashData(Encoding.UTF8.GetBytes(text));
#pragma warning restore CA5350
    }

    /// <summary>Runs it.</summary>
    /// <exception cref="RedisException">The store is away or refuses; whether the script ran is then not known.</exception>
    public async Task<RedisResult> RunAsync(IDatabase database, RedisKey[] keys, RedisValue[] arguments)
    {
        while (true)
        {
            var loading = Volatile.Read(ref _loading);
            await loading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                return await database.ScriptEvaluateAsync(_sha1, keys, arguments, CommandFlags.DemandMaster).ConfigureAwait(false);
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

            var run = database.ScriptEvaluateAsync(_text, keys, arguments, CommandFlags.DemandMaster);
            Volatile.Write(ref _loading, run);
            return run;
        }
    }
}
