using RideTracking.Server.Telemetry;

namespace RideTracking.Server.Store.Feeds;

/// <summary>How a feed is read.</summary>
/// <param name="meter">The area's.</param>
/// <param name="feed">The feed's name: a constant.</param>
internal sealed class FeedMetrics(AreaMeter meter, string feed)
{
    private readonly KeyValuePair<string, object?> _feed = new("feed", feed);
    private readonly AreaCounter _applied = meter.Counter("ridetracking.feed.entries", "{entry}", "Entries of a feed that were applied, of this node's commits and of others'.");
    private readonly AreaCounter _dropped = meter.Counter(
        "ridetracking.feed.dropped", "{entry}", "Published entries that found the intake full, and were read from the list later.");
    private readonly AreaCounter _lists = meter.Counter("ridetracking.feed.lists", "{time}", "Times that the list was read, since an entry had not been heard.");
    private readonly AreaCounter _restarts = meter.Counter(
        "ridetracking.feed.restarts", "{time}", "Times that a feed did not follow on what was read, so that memory was read anew.");

    /// <summary>Tells how far its reader is behind.</summary>
    public void Measure(FeedReader reader) => meter.Gauge(
        "ridetracking.feed.behind", "s", "Since when this node has not had all that there was of the feed at a look; about a second where all is well.", () => reader.Behind.TotalSeconds, _feed);

    public void Applied() => _applied.Add(1, _feed);

    public void Dropped() => _dropped.Add(1, _feed);

    public void ListRead() => _lists.Add(1, _feed);

    public void BegunAgain() => _restarts.Add(1, _feed);
}
