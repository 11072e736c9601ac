using RideTracking.Server.Store;
using RideTracking.Server.Store.Feeds;
using StackExchange.Redis;

namespace RideTracking.Server.Areas;

/// <summary>
/// Every key of a service area, in one place. All share the area's hash tag, so that one script may touch any of them
/// on Redis Cluster too. No two members, and no two lists of arguments, make the same key: a single argument stands at its end
/// as it is, several go through <see cref="KeyParts"/>.
/// </summary>
public sealed class StoreKeys(string area)
{
    private readonly string _prefix = $"rt:{{{area}}}:";

    /// <summary>The service area that these keys belong to.</summary>
    public string Area => area;

    /// <summary>String: "&lt;format&gt; &lt;name&gt;", of chance, by which an emptied or replaced store is noticed.</summary>
    public RedisKey Generation => _prefix + "generation";

    /// <summary>String: 64 bytes of chance in hexadecimal, by which shown cars are blurred.</summary>
    public RedisKey BlurSecret => _prefix + "blur";

    /// <summary>String: what the area's time is more than the store's (ms), so that it goes on over a fail-over.</summary>
    public RedisKey TimeCorrection => _prefix + "time:correction";

    /// <summary>String: "&lt;when a replay began (ms)&gt; &lt;with what time (ms)&gt; &lt;scale&gt;", as long as a node is there that takes part.</summary>
    public RedisKey Replay => _prefix + "time:replay";

    /// <summary>The feed of what the area's scripts decide.</summary>
    public FeedKeys DispatchFeed => new(_prefix + "feed:dispatch", _prefix + "feed:dispatch:head");

    // The log of fixes.

    /// <summary>Hash: <c>number</c> and <c>token</c> of the last batch, the log's head; <c>segment</c> being written, <c>since</c> when (ms).</summary>
    public RedisKey Log => _prefix + "log";

    /// <summary>Prefix of the segments: lists of packed batches; the segment's number follows.</summary>
    public string LogSegmentPrefix => _prefix + "log:segment:";

    /// <summary>List of batches, entries of the log's feed; once a checkpoint covers it, it expires with the log's retention.</summary>
    public RedisKey LogSegment(long segment) => LogSegmentPrefix + segment;

    /// <summary>String: "&lt;number&gt; &lt;token&gt; &lt;segment&gt; &lt;name&gt; &lt;parts&gt;", the last checkpoint: all up to that batch of the log is in it.</summary>
    public RedisKey LogCheckpoint => _prefix + "log:checkpoint";

    /// <summary>List of a checkpoint's parts, each of many drivers; expires, unless the checkpoint became the last one.</summary>
    public RedisKey LogCheckpointParts(string name) => _prefix + "log:checkpoint:" + name;

    /// <summary>Hash driver → number of the log's last batch when the driver was deleted: what comes before it is nobody's. Until a checkpoint covers it.</summary>
    public RedisKey LogForgotten => _prefix + "log:forgotten";

    /// <summary>String: "&lt;batch&gt; &lt;number&gt; &lt;token of the one before&gt; &lt;its token&gt;", the last append of a writer, so that a retry doubles nothing.</summary>
    public RedisKey LogWriter(string writerId) => _prefix + "log:writer:" + writerId;

    /// <summary>Set of "&lt;driver&gt; &lt;epoch&gt;": drivers that a writer has lost and must drop before it may append again.</summary>
    public RedisKey LogFence(string writerId) => _prefix + "log:fence:" + writerId;

    // The drivers' connections.

    /// <summary>Hash driver → "&lt;epoch&gt; &lt;writer&gt; &lt;session&gt;": who may write for the driver.</summary>
    public RedisKey Connections => _prefix + "connections";

    /// <summary>Hash driver → vehicle id: the vehicles that drivers have named when they connected last, in place of their usual ones.</summary>
    public RedisKey NamedVehicles => _prefix + "vehicles:named";

    /// <summary>Hash driver → epoch of its claim: the drivers who hold streams to a writer's node. Deleted when the node has ended.</summary>
    public RedisKey Links(string writerId) => _prefix + "links:" + writerId;

    /// <summary>Hash writer → until when its node holds its lease, by the store's time (ms); and since when nobody was judged.</summary>
    public RedisKey Nodes => _prefix + "nodes";

    // Trips, the drivers' plans and commands.

    /// <summary>String: "&lt;version&gt; &lt;token&gt; " and the trip as JSON; expires once the trip is final.</summary>
    public RedisKey Trip(string tripId) => _prefix + "trip:" + tripId;

    /// <summary>String: what was driven on a trip; expires with it.</summary>
    public RedisKey TripDriven(string tripId) => _prefix + "driven:" + tripId;

    /// <summary>String: the trip that a link leads to and its secret's hash; expires.</summary>
    public RedisKey ShareLink(string linkId) => _prefix + "share:" + linkId;

    /// <summary>Hash of the links that lead to a trip; expires.</summary>
    public RedisKey ShareLinksOf(string tripId) => _prefix + "shares:" + tripId;

    /// <summary>Sorted set of the trips that are not final, by when they are due (ms).</summary>
    public RedisKey Deadlines => _prefix + "deadlines";

    /// <summary>Sorted set of trip events by their number: "&lt;number&gt; &lt;token&gt; &lt;token of the one before&gt; " and the event; the oldest are removed.</summary>
    public RedisKey TripEvents => _prefix + "trips:events";

    /// <summary>String: "&lt;number&gt; &lt;token&gt;" of the last trip event.</summary>
    public RedisKey TripEventsCursor => _prefix + "trips:events:cursor";

    /// <summary>Sorted set of the trips that are final and still kept, by when they ended (ms).</summary>
    public RedisKey EndedTrips => _prefix + "trips:ended";

    /// <summary>Hash driver → "&lt;version&gt; &lt;token&gt; " and the plan as JSON.</summary>
    public RedisKey Plans => _prefix + "plans";

    /// <summary>
    /// Hash: <c>#</c> → number of the driver's last command; what a newer command supersedes → "&lt;sequence&gt; &lt;expires (ms)&gt; "
    /// and the command.
    /// </summary>
    public RedisKey Outbox(string driverId) => _prefix + "outbox:" + driverId;

    /// <summary>String: what a caller's request with this id was answered.</summary>
    public RedisKey RequestAnswer(string caller, string requestId) => _prefix + "request:" + KeyParts.Join(':', caller, requestId);

    /// <summary>String: what a driver's action with this id was answered.</summary>
    public RedisKey ActionAnswer(string driverId, string actionId) => _prefix + "action:" + KeyParts.Join(':', driverId, actionId);

    // Incidents.

    /// <summary>String: "&lt;version&gt; " and the incident; expires some time after it was closed.</summary>
    public RedisKey Incident(string incidentId) => _prefix + "incident:" + incidentId;

    /// <summary>Sorted set of the incidents that are open, by when they were raised (ms).</summary>
    public RedisKey OpenIncidents => _prefix + "incidents:open";

    /// <summary>Sorted set of the incidents that are closed and still kept, by when they were closed (ms).</summary>
    public RedisKey ClosedIncidents => _prefix + "incidents:closed";

    /// <summary>Hash who raised them → how many are open.</summary>
    public RedisKey OpenIncidentsBy => _prefix + "incidents:open:by";

    /// <summary>Sorted set of changed incidents by their version, as <see cref="TripEvents"/>; the oldest are removed.</summary>
    public RedisKey IncidentEvents => _prefix + "incidents:events";

    /// <summary>String: "&lt;version&gt; &lt;token&gt;" of the incident that changed last.</summary>
    public RedisKey IncidentEventsCursor => _prefix + "incidents:events:cursor";

    // Roads.

    /// <summary>String: the closures that hold.</summary>
    public RedisKey RoadClosures => _prefix + "roads:closures";

    /// <summary>Hash "way/from/to/hour/" and f or d → seconds of the drives seen, at free flow or as driven, weighted by their age.</summary>
    public RedisKey RoadSpeeds => _prefix + "roads:speeds";

    /// <summary>Hash "length/hour/slowness" → weight of such trips; "trips" → how many there were.</summary>
    public RedisKey TripTimes => _prefix + "roads:trip-times";

    /// <summary>String: number of the last change of the closures.</summary>
    public RedisKey RoadClosuresVersion => _prefix + "roads:closures:version";

    // Zones.

    /// <summary>Hash id → zone.</summary>
    public RedisKey Zones => _prefix + "zones";

    /// <summary>String: number of the last change of any zone; each zone's version is one of them.</summary>
    public RedisKey ZonesVersion => _prefix + "zones:version";

    /// <summary>Sorted set of zone events by their number, as <see cref="TripEvents"/>; the oldest are removed.</summary>
    public RedisKey ZoneEvents => _prefix + "zones:events";

    /// <summary>String: "&lt;number&gt; &lt;token&gt;" of the last zone event.</summary>
    public RedisKey ZoneEventsCursor => _prefix + "zones:events:cursor";

    /// <summary>Hash queue zone → who waits in it, in order.</summary>
    public RedisKey ZoneQueues => _prefix + "zones:queues";

    /// <summary>Hash driver → the zones it is in, so that a restart makes no enter up.</summary>
    public RedisKey ZoneVisits => _prefix + "zones:visits";
}
