using System.Globalization;

namespace RideTracking.Server.Store;

/// <summary>How bad it is what was found of a server of the store.</summary>
internal enum StoreFindingKind
{
    /// <summary>What was acknowledged may be lost in some case. It is worked on.</summary>
    Dangerous,

    /// <summary>What was acknowledged is lost in the ordinary course of things. No server starts on it; one that runs goes on, which makes it no worse.</summary>
    Losing,

    /// <summary>Nothing can be written to it as it must be. No server starts on it, and one that runs writes nothing.</summary>
    Unfit,
}

/// <summary>What was found of a server of the store.</summary>
/// <param name="Kind">How bad it is.</param>
/// <param name="Words">What, and how to mend it: goes on from the server's address.</param>
internal sealed record StoreFinding(StoreFindingKind Kind, string Words)
{
    /// <summary>The oldest Redis that is worked on.</summary>
    public static readonly Version OldestRedis = new(6, 0);

    /// <summary>It runs no scripts.</summary>
    /// <param name="answer">What it answered.</param>
    public static StoreFinding NoScripts(string answer) => new(
        StoreFindingKind.Unfit,
        $"runs no scripts (EVAL), without which no change is made whole or not at all; it answered \"{answer}\". Name a Redis or Valkey itself in Store:Redis, "
        + "no proxy and no service without scripts, and let it neither rename nor forbid EVAL and EVALSHA.");

    /// <summary>All that is found of a server.</summary>
    /// <param name="info">What it says of itself.</param>
    /// <param name="waitForReplicas">For how many replicas writes wait.</param>
    public static IEnumerable<StoreFinding> Of(StoreServerInfo info, int waitForReplicas)
    {
        if (info.RedisVersion is { } version && version < OldestRedis)
        {
            yield return new(StoreFindingKind.Unfit, $"is Redis {version}, and the oldest that this server works on is {OldestRedis}. Upgrade it, or name another in Store:Redis.");
        }

        if (info is { MaxMemoryBytes: > 0, MaxMemoryPolicy: not (null or "noeviction") })
        {
            yield return new(StoreFindingKind.Losing, string.Create(
                CultureInfo.InvariantCulture,
                $"drops keys of its own choice once it uses its {info.MaxMemoryBytes >> 20} MB (maxmemory-policy {info.MaxMemoryPolicy}): acknowledged fixes, trips or what requests were answered would be gone without a word. Set its maxmemory-policy to noeviction; what uses it as a cache needs another Redis."));
        }

        if (info.HasAppendOnlyFile == false)
        {
            yield return new(
                StoreFindingKind.Dangerous,
                "keeps no append-only file (appendonly no): when it ends, what was written since its last snapshot is gone, and all of it where it takes none; acknowledged fixes and accepted trips, too. Set its appendonly to yes.");
        }

        if (info.Replicas is { } replicas && replicas < waitForReplicas)
        {
            yield return new(
                StoreFindingKind.Dangerous,
                $"has {replicas} replicas, and writes wait for {waitForReplicas} (Store:WaitForReplicas): nothing is acknowledged or answered for until they are there. Bring them back, or set it to how many there are.");
        }

        if (info is { Replicas: > 0, RequiresReplicas: false } && waitForReplicas == 0)
        {
            yield return new(
                StoreFindingKind.Dangerous,
                $"has {info.Replicas} replicas that nobody waits for: a fail-over may forget whatever was acknowledged since they were cut off from it. Set Store:WaitForReplicas to their number, or its min-replicas-to-write to 1, which bounds it.");
        }
    }
}
