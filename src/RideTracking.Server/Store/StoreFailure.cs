using System.Collections.Frozen;
using StackExchange.Redis;

namespace RideTracking.Server.Store;

/// <summary>What kind of failure of the store it was.</summary>
public enum StoreFailureKind
{
    /// <summary>It does not answer, or not in time.</summary>
    Away,

    /// <summary>It answers, but takes nothing now: full, read-only, loading, another password, a cluster that moves.</summary>
    Refusing,

    /// <summary>It was asked for something wrong; asking again would fail again.</summary>
    Mistake,
}

/// <summary>How the store failed, told by the exception.</summary>
/// <param name="Kind">What kind it was.</param>
/// <param name="Reason">A constant: the store's own code of the refusal, such as OOM; AWAY; MISTAKE.</param>
public readonly record struct StoreFailure(StoreFailureKind Kind, string Reason)
{
    /// <summary>The reason of a store that cannot keep what is written to it as it must be kept.</summary>
    internal const string Unfit = "UNFIT";

    private static readonly string[] Codes =
    [
        "OOM", "MISCONF", "READONLY", "LOADING", "CLUSTERDOWN", "NOAUTH", "WRONGPASS", "NOPERM", "NOREPLICAS", "TRYAGAIN", "MASTERDOWN", "BUSY", "EXECABORT",
        StoreDisk.Full,
    ];

    private static readonly FrozenSet<string> Refusals = Codes.ToFrozenSet(StringComparer.Ordinal);

    // As stores before 7.0 tell what a script met.
    private static readonly string[] CodesInside = [.. Codes.Select(code => $"-{code} ")];

    // As the embedded store tells what a script met.
    private const string InScript = "ERR Lua encountered an error: ";

    /// <summary>How the store failed; null when it was not the store.</summary>
    public static StoreFailure? Of(Exception e) => e switch
    {
        // A slot of a cluster has moved, and the answer does not say where to: the client asks around, and the next call finds it.
        RedisServerException { Kind: RedisErrorKind.UnknownRedirectTarget } => Refusing("MOVED"),
        // StoreCheck tells what to do.
        RedisServerException unknown when unknown.Message.StartsWith("ERR unknown command", StringComparison.Ordinal) && unknown.Message.Contains("EVAL", StringComparison.Ordinal) => Refusing(Unfit),
        RedisServerException refused => RefusalOf(refused.Message) is { } code ? Refusing(code) : new StoreFailure(StoreFailureKind.Mistake, "MISTAKE"),
        // The client knows that the server is a replica, and does not even ask it.
        RedisConnectionException or RedisCommandException when e.Message.Contains("replica", StringComparison.Ordinal) => Refusing("READONLY"),
        RedisConnectionException { FailureType: ConnectionFailureType.AuthenticationFailure } => Refusing("NOAUTH"),
        RedisConnectionException or RedisTimeoutException => new StoreFailure(StoreFailureKind.Away, "AWAY"),
        // The server stops, and has hung up; whoever still asks is stopped by that, too.
        ObjectDisposedException disposed when disposed.ObjectName.StartsWith(RedisStore.ClientNamePrefix, StringComparison.Ordinal) => new StoreFailure(StoreFailureKind.Away, "AWAY"),
        ReplicasLateException => Refusing("NOREPLICAS"),
        StoreFullException => Refusing("OOM"),
        RefusedStoreException => Refusing("FORMAT"),
        UnfitStoreException => Refusing(Unfit),
        RedisException or RedisCommandException => new StoreFailure(StoreFailureKind.Mistake, "MISTAKE"),
        _ => null,
    };

    /// <summary>Whether it is the store's, and passes by itself: it is away, or refuses. The two are handled alike everywhere.</summary>
    public static bool Passes(Exception e) => Of(e) is { Kind: not StoreFailureKind.Mistake };

    private static StoreFailure Refusing(string code) => new(StoreFailureKind.Refusing, code);

    private static string? RefusalOf(string message)
    {
        if (message.StartsWith(InScript, StringComparison.Ordinal))
        {
            message = message[InScript.Length..];
        }

        var space = message.IndexOf(' ', StringComparison.Ordinal);
        if (Refusals.TryGetValue(space < 0 ? message : message[..space], out var code))
        {
            return code;
        }

        var inside = Array.FindIndex(CodesInside, c => message.Contains(c, StringComparison.Ordinal));
        return inside < 0 ? null : Codes[inside];
    }
}
