using RideTracking.Server.Hosting;
using StackExchange.Redis;

namespace RideTracking.Server.Store.Feeds;

/// <summary>Wires feeds.</summary>
internal static class FeedsSetup
{
    // Beyond it a driver who comes here waits too long for what another node has logged.
    private static readonly TimeSpan LongestBehind = TimeSpan.FromSeconds(10);

    /// <summary>Adds a feed: its reader under its name, and what makes it read. Before everything that is read from the store.</summary>
    /// <param name="services">The area's, or the process's.</param>
    /// <param name="name">A constant: the loops' names begin with it.</param>
    /// <param name="channel">Has the name of the key where the head is.</param>
    /// <param name="loop">Makes a loop of a name, by the machine's time.</param>
    /// <param name="reader">Makes the reader; its loop is given.</param>
    /// <param name="onEmbedded">Whether there is anything to read on the embedded store, which no other node uses.</param>
    public static void AddFeed(
        this IServiceCollection services, string name, Func<IServiceProvider, RedisKey> channel, Func<IServiceProvider, string, Loop> loop,
        Func<IServiceProvider, Loop, FeedReader> reader, bool onEmbedded = false)
    {
        services.AddKeyedSingleton(name, (s, _) => Watched(reader(s, loop(s, name + "_feed")), name, s));
        services.AddSingleton<IHostedService>(s => new FeedHearing(
            s.GetRequiredService<RedisStore>(), channel(s), s.GetRequiredKeyedService<FeedReader>(name), loop(s, name + "_feed_head"), onEmbedded));
        services.AddSingleton<IHostedService>(s => new FeedIntake(s.GetRequiredKeyedService<FeedReader>(name)));
    }

    private static FeedReader Watched(FeedReader reader, string name, IServiceProvider services)
    {
        var store = services.GetRequiredService<RedisStore>();
        if (services.GetService<AreaTroubles>() is { } area)
        {
            area.Watch("feeds", Behind);
        }
        else
        {
            services.GetRequiredService<Troubles>().Watch("feeds", Behind);
        }

        return reader;

        Trouble? Behind() => !store.IsEmbedded && reader.Behind is var behind && behind > LongestBehind
            ? new Trouble($"the {name} feed is {behind.TotalSeconds:0} s behind: what other nodes commit is seen late here; this node has too much to do, or its way to the store is slow", TakesNoStreams: true)
            : null;
    }
}
