using RideTracking.Server.Store.Feeds;
using StackExchange.Redis;

namespace RideTracking.Server.Directories;

/// <summary>The keys of what is the company's and no area's. They have a hash tag of their own, which no area may have.</summary>
public static class CompanyKeys
{
    private const string Prefix = "rt:{company}:";

    /// <summary>String: a name of chance, by which an emptied or replaced store is noticed.</summary>
    public static RedisKey Generation => Prefix + "generation";

    /// <summary>The feed of what is written of the company's.</summary>
    public static FeedKeys Feed => new(Prefix + "feed", Prefix + "feed:head");

    /// <summary>Hash id → entry, of one kind of entry: drivers or vehicles.</summary>
    public static RedisKey Directory(string kind) => Prefix + "directory:" + kind;

    /// <summary>Hash id → entry.</summary>
    public static RedisKey Riders => Directory("riders");

    /// <summary>Sorted set of the riders' ids, in their order.</summary>
    public static RedisKey RiderIds => Directory("riders:ids");
}
