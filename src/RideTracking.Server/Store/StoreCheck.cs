using Microsoft.Extensions.Options;
using RideTracking.Server.Hosting;
using StackExchange.Redis;

namespace RideTracking.Server.Store;

/// <summary>
/// Whether the servers of the store keep what they are given: looked at before the server starts, if the store is there, and again whenever it is
/// another one, or connected anew, and each half minute. Each finding is told once by whoever it is found of.
/// </summary>
public sealed partial class StoreCheck(RedisStore store, IOptions<StoreOptions> options, ILogger<StoreCheck> logger) : IHostedService
{
    // A setting may be changed while it runs.
    private static readonly TimeSpan Anew = TimeSpan.FromSeconds(30);

    // By the server's address.
    private Dictionary<string, Found> _found = [];
    private (int Restorations, string Servers) _seen = (-1, "");
    private long _seenAt;
    private bool _isUntold;
    private volatile string? _trouble;

    /// <summary>What is so bad that no server would start on it; null for nothing.</summary>
    internal string? Trouble => _trouble;

    /// <summary>Looks before anything is written.</summary>
    /// <exception cref="StartException">It is not to be worked on.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await LookAsync();
        }
        catch (Exception e) when (StoreFailure.Passes(e))
        {
            // It is looked at when it is there.
        }

        if (_trouble is { } trouble)
        {
            throw new StartException(trouble);
        }
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Looks, if there is reason to. One look at a time.</summary>
    /// <exception cref="RedisException">It is away, or refuses.</exception>
    internal async Task LookAsync()
    {
        if (store.IsEmbedded)
        {
            return;
        }

        IServer[] servers = [.. store.Bulk.Masters()];
        var seen = (store.Restorations, string.Join(',', servers.Select(server => server.EndPoint)));
        if (seen == _seen && TimeProvider.System.GetElapsedTime(_seenAt) < Anew)
        {
            return;
        }

        var found = new Dictionary<string, Found>();
        foreach (var server in servers)
        {
            found[EndPointCollection.ToString(server.EndPoint)] = await LookAtAsync(server);
        }

        foreach (var (address, (run, findings)) in found)
        {
            var told = _found.TryGetValue(address, out var before) && before.Run == run ? before.Findings : [];
            foreach (var finding in findings.Except(told))
            {
                Tell(address, finding);
            }
        }

        (_found, _seen, _seenAt) = (found, seen, TimeProvider.System.GetTimestamp());
        _trouble = Words(StoreFindingKind.Losing);
        store.Format.Unfit = Words(StoreFindingKind.Unfit);
    }

    /// <summary>What is found of one server; nothing where it may not be asked.</summary>
    /// <exception cref="RedisException">It is away, or refuses.</exception>
    internal static async Task<(StoreServerInfo? Info, StoreFinding[] Findings)> FindAsync(IServer server, int waitForReplicas)
    {
        try
        {
            return await StoreReader.InfoAsync(server) is { } sections && new StoreServerInfo(sections) is var info ? (info, [.. StoreFinding.Of(info, waitForReplicas)]) : (null, []);
        }
        catch (Exception e) when (StoreFailure.Of(e) is { Kind: StoreFailureKind.Mistake } or { Reason: StoreFailure.Unfit })
        {
            // There is nothing in it that a store could take amiss, but that it is a script. It is cited in the answer.
            return (new StoreServerInfo(""), [StoreFinding.NoScripts(e.Message.Split(',')[0])]);
        }
    }

    private async Task<Found> LookAtAsync(IServer server)
    {
        var (info, findings) = await FindAsync(server, options.Value.WaitForReplicas);
        if (info is null && !_isUntold)
        {
            _isUntold = true;
            LogUntold();
        }

        return new Found(info?.Run ?? "", findings);
    }

    // Of all servers, from this kind on.
    private string? Words(StoreFindingKind least)
    {
        string[] words = [.. from one in _found from finding in one.Value.Findings where finding.Kind >= least select $"The store at {one.Key} {finding.Words}"];
        return words.Length == 0 ? null : string.Join(' ', words);
    }

    private void Tell(string address, StoreFinding finding)
    {
        if (finding.Kind == StoreFindingKind.Dangerous)
        {
            LogDangerous(address, finding.Words);
        }
        else
        {
            LogTrouble(address, finding.Words);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The store at {Address} {Finding}")]
    private partial void LogDangerous(string address, string finding);

    [LoggerMessage(LogLevel.Error, "The store at {Address} {Finding}")]
    private partial void LogTrouble(string address, string finding);

    [LoggerMessage(
        LogLevel.Information,
        "The store does not tell its user what it is and how it is set up (INFO), so that nobody warns of a version, a persistence or a memory policy that loses what it was given. Allow its user INFO, or look at docs/redis.md")]
    private partial void LogUntold();

    /// <summary>What was found of one run of a server.</summary>
    private sealed record Found(string Run, StoreFinding[] Findings);
}
