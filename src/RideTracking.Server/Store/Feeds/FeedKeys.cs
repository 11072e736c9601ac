using StackExchange.Redis;

namespace RideTracking.Server.Store.Feeds;

/// <summary>Where a feed lies in the store.</summary>
/// <param name="Entries">Sorted set of the entries by their numbers; those older than ten minutes are removed.</param>
/// <param name="Head">String: number and token of the last entry; the channel that entries are published on has its name.</param>
public readonly record struct FeedKeys(RedisKey Entries, RedisKey Head);
