namespace RideTracking.Server.Store.Feeds;

/// <summary>Who applies changes of one kind to memory. There may be several for a kind.</summary>
/// <param name="Kind">As scripts name it.</param>
/// <param name="Apply">
/// The one way in which the commits of all nodes, this one's too, reach this memory. Called by one thread at a time, in the order of
/// the feed, never waits, and takes what it knows already for nothing: changes come twice, and later than what was read meanwhile.
/// </param>
public sealed record FeedListener(string Kind, Action<FeedChange> Apply);
