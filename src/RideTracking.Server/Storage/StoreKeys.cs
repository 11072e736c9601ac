using StackExchange.Redis;

namespace RideTracking.Server.Storage;

/// <summary>
/// Every key of a service area, in one place. All share the area's hash tag, so that one script may touch any of them
/// on Redis Cluster too.
/// </summary>
public sealed class StoreKeys(string area)
{
    private readonly string _prefix = $"rt:{{{area}}}:";

    /// <summary>The service area that these keys belong to.</summary>
    public string Area => area;

    // The log of fixes.

    /// <summary>Hash: <c>number</c> of the last batch, <c>segment</c> being written, <c>since</c> when (ms).</summary>
    public RedisKey Log => _prefix + "log";

    /// <summary>Prefix of the segments: lists of packed batches; the segment's number follows.</summary>
    public string LogSegmentPrefix => _prefix + "log:segment:";

    /// <summary>List of packed batches, expiring with the log's retention.</summary>
    public RedisKey LogSegment(long segment) => LogSegmentPrefix + segment;

    /// <summary>String: "&lt;batch&gt; &lt;number&gt;", the last append of a writer, so that a retry doubles nothing.</summary>
    public RedisKey LogWriter(string writerId) => _prefix + "log:writer:" + writerId;

    /// <summary>Set of "&lt;driver&gt; &lt;epoch&gt;": drivers that a writer has lost and must drop before it may append again.</summary>
    public RedisKey LogFence(string writerId) => _prefix + "log:fence:" + writerId;

    /// <summary>Hash driver → "&lt;sequence&gt; &lt;session&gt; " and the packed last fix.</summary>
    public RedisKey LastFixes => _prefix + "last";

    // The drivers' connections.

    /// <summary>Hash driver → "&lt;epoch&gt; &lt;writer&gt; &lt;session&gt;": who may write for the driver.</summary>
    public RedisKey Connections => _prefix + "connections";

    /// <summary>Hash session → last logged sequence, of a driver's sessions before the present one.</summary>
    public RedisKey EarlierSessions(string driverId) => _prefix + "sessions:" + driverId;
}
