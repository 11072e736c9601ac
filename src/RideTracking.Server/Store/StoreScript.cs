using System.Reflection;
using StackExchange.Redis;

namespace RideTracking.Server.Store;

/// <summary>
/// A Lua script of <c>Store/Scripts</c>. It reads, decides, writes and ends with one <c>apply</c>; what that is on Redis and on
/// the embedded store a prologue says, so that both run the same text.
/// </summary>
public sealed class StoreScript
{
    private const string Outbox = "outbox.lua";

    // What stands before its own text, shared with others.
    private readonly string? _after;

    private StoreScript(string name, bool tells = false, bool isKept = true, string? after = null)
    {
        (Name, Tells, IsKept, _after) = (name, tells, isKept, after);
        OnRedis = new LoadedScript(Compose(Read(name), isEmbedded: false));
        OnEmbedded = new LoadedScript(Compose(Read(name), isEmbedded: true));
    }

    /// <summary>Appends one batch of fixes to the area's log.</summary>
    public static StoreScript LogAppend { get; } = new("log-append.lua");

    /// <summary>Adds a part to a checkpoint of the log.</summary>
    public static StoreScript LogCheckpointPart { get; } = new("log-checkpoint-part.lua");

    /// <summary>Makes a checkpoint of the log the last one.</summary>
    public static StoreScript LogCheckpoint { get; } = new("log-checkpoint.lua");

    /// <summary>Lets go of deleted drivers whom the log has no more.</summary>
    public static StoreScript LogForget { get; } = new("log-forget.lua");

    /// <summary>Lets segments of the log expire that a checkpoint covers.</summary>
    public static StoreScript LogExpire { get; } = new("log-expire.lua");

    /// <summary>Takes over a driver's connection: a higher epoch, the old writer fenced, the exact resume point.</summary>
    public static StoreScript ConnectionClaim { get; } = new("connection-claim.lua", tells: true, after: Outbox);

    /// <summary>Commits one decision of the dispatch, or tells what changed meanwhile.</summary>
    public static StoreScript TripCommit { get; } = new("trip-commit.lua", tells: true, after: Outbox);

    /// <summary>Tells whose streams have ended.</summary>
    public static StoreScript LinksLost { get; } = new("links-lost.lua", tells: true);

    /// <summary>Tells one change that is kept nowhere but in the feed.</summary>
    public static StoreScript Tell { get; } = new("tell.lua", tells: true);

    /// <summary>Holds a node's lease a while longer.</summary>
    public static StoreScript NodeLease { get; } = new("node-lease.lua", isKept: false);

    /// <summary>Ends a node's lease.</summary>
    public static StoreScript NodeEnded { get; } = new("node-ended.lua", tells: true);

    /// <summary>Forgets the commands that a driver's app has.</summary>
    public static StoreScript OutboxAcknowledge { get; } = new("outbox-acknowledge.lua", after: Outbox);

    /// <summary>Forgets what is kept of a driver who has no trip.</summary>
    public static StoreScript DriverForget { get; } = new("driver-forget.lua", tells: true);

    /// <summary>Raises or closes an incident.</summary>
    public static StoreScript IncidentCommit { get; } = new("incident-commit.lua", tells: true);

    /// <summary>Appends zone events, with what the drivers' visits are after them.</summary>
    public static StoreScript ZoneEvents { get; } = new("zone-events.lua", tells: true);

    /// <summary>Keeps who waits in a queue zone.</summary>
    public static StoreScript ZoneQueue { get; } = new("zone-queue.lua", tells: true);

    /// <summary>Makes a link to a trip.</summary>
    public static StoreScript ShareLink { get; } = new("share-link.lua", tells: true);

    /// <summary>Ends a link to a trip.</summary>
    public static StoreScript ShareLinkRevoke { get; } = new("share-link-revoke.lua", tells: true);

    /// <summary>Keeps the closures that hold from now on.</summary>
    public static StoreScript RoadClosures { get; } = new("road-closures.lua", tells: true);

    /// <summary>Corrects the area's time.</summary>
    public static StoreScript TimeCorrect { get; } = new("time-correct.lua");

    /// <summary>Begins a replay, or joins it.</summary>
    public static StoreScript Replay { get; } = new("replay.lua");

    /// <summary>Keeps a value where there is none yet.</summary>
    public static StoreScript SetOnce { get; } = new("set-once.lua");

    /// <summary>Makes or replaces entries, those that are not older than what is there.</summary>
    public static StoreScript EntriesSet { get; } = new("entries-set.lua", tells: true);

    /// <summary>Makes or replaces an entry that holds the number of the change.</summary>
    public static StoreScript EntrySet { get; } = new("entry-set.lua", tells: true);

    /// <summary>Removes an entry, and tells whether there was one.</summary>
    public static StoreScript EntryRemove { get; } = new("entry-remove.lua", tells: true);

    /// <summary>Makes or replaces a rider's entry.</summary>
    public static StoreScript RiderSet { get; } = new("rider-set.lua");

    /// <summary>Removes a rider's entry, and tells whether there was one.</summary>
    public static StoreScript RiderRemove { get; } = new("rider-remove.lua");

    /// <summary>Keeps what was driven on a trip.</summary>
    public static StoreScript DrivenPath { get; } = new("driven-path.lua");

    /// <summary>Adds to sums.</summary>
    public static StoreScript SumsAdd { get; } = new("sums-add.lua");

    /// <summary>Runs the script, whole or not at all.</summary>
    /// <exception cref="RedisException">The store is away or refuses; whether the script ran is then not known.</exception>
    public Task<RedisResult> RunAsync(StoreWriter store, RedisKey[] keys, RedisValue[] arguments) => store.RunAsync(this, keys, arguments);

    /// <summary>The name of its file.</summary>
    internal string Name { get; }

    /// <summary>Whether it tells a feed what it decides (<c>prologue-feed.lua</c>).</summary>
    internal bool Tells { get; }

    /// <summary>Whether what it writes is to survive: a lease is held again each second anyway.</summary>
    internal bool IsKept { get; }

    internal LoadedScript OnRedis { get; }

    internal LoadedScript OnEmbedded { get; }

    /// <summary>The text of a script as it is written.</summary>
    internal static string Read(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The script {name} is not embedded in the server's assembly.");
        using var reader = new StreamReader(stream);
        return PlantedMistakes.Script(name, reader.ReadToEnd());
    }

    /// <summary>The text as a store runs it.</summary>
    internal string Compose(string text, bool isEmbedded) =>
        (isEmbedded ? Read("prologue-embedded.lua") : Read("prologue-redis.lua") + (Tells ? Read("prologue-feed.lua") : ""))
        + (_after is null ? "" : Read(_after)) + text;
}
