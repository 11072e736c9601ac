using System.Globalization;
using RideTracking.Server.Store.Events;
using StackExchange.Redis;

namespace RideTracking.Server.Store.Feeds;

/// <summary>Runs scripts that tell a feed what they decide. On the embedded store nobody is told. Thread-safe.</summary>
/// <param name="keys">Where the feed lies.</param>
public sealed class FeedWriter(FeedKeys keys)
{
    /// <summary>Entries are kept for at least as long, and at most twice as long.</summary>
    internal static readonly TimeSpan Kept = TimeSpan.FromMinutes(10);

    /// <summary>What was committed by this node and not read in the feed yet.</summary>
    internal OwnCommits Own { get; } = new();

    /// <summary>Where the feed lies.</summary>
    internal FeedKeys Keys => keys;

    /// <summary>Runs a script, whole or not at all.</summary>
    /// <param name="writes">The connection to send it on.</param>
    /// <param name="script">One that tells, and whose reply is or begins with <c>ok</c> once it has told.</param>
    /// <param name="scriptKeys">The script's keys.</param>
    /// <param name="arguments">The script's arguments.</param>
    /// <exception cref="RedisException">The store is away or refuses; whether the script ran is then not known.</exception>
    public async Task<RedisResult> RunAsync(StoreWriter writes, StoreScript script, RedisKey[] scriptKeys, RedisValue[] arguments)
    {
        if (writes.IsEmbedded)
        {
            return await writes.RunAsync(script, scriptKeys, arguments);
        }

        var token = EventPosition.NewToken();
        var own = ulong.Parse(token, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        var isCommitted = false;
        Own.Sent(own);
        try
        {
            var reply = await writes.TellAsync(script, [.. scriptKeys, keys.Entries, keys.Head], arguments, token, Kept);
            isCommitted = IsOk(reply);
            return reply;
        }
        finally
        {
            Own.Answered(own, isCommitted);
        }
    }

    private static bool IsOk(RedisResult reply) => (string?)(reply.Length > 0 ? reply[0] : reply) == "ok";
}
