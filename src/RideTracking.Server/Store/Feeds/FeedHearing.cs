using RideTracking.Server.Hosting;
using StackExchange.Redis;

namespace RideTracking.Server.Store.Feeds;

/// <summary>Hears what is published of a feed, and looks at its head once a second.</summary>
/// <param name="store">The connections.</param>
/// <param name="channel">Has the name of the key where the head is.</param>
/// <param name="reader">Who reads it.</param>
/// <param name="loop">For looking.</param>
/// <param name="onEmbedded">Whether there is anything to read on the embedded store, where nobody publishes.</param>
internal sealed class FeedHearing(RedisStore store, RedisKey channel, FeedReader reader, Loop loop, bool onEmbedded)
    // Before anything is read of the store, if it is there: what is read has all that comes before the head.
    : LoopService(loop, EverySecond, looksAtStart: true)
{
    private ChannelMessageQueue? _channel;

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        // The connection is the process's, and must not hold on to what an area has.
        await (_channel?.UnsubscribeAsync(CommandFlags.FireAndForget) ?? Task.CompletedTask);
    }

    protected override async Task LookAsync(CancellationToken stopping)
    {
        if (store.IsEmbedded && !onEmbedded)
        {
            return;
        }

        try
        {
            await HearAsync();
            await reader.LookAsync(stopping);
        }
        catch
        {
            reader.LookedInVain();
            throw;
        }
    }

    private async Task HearAsync()
    {
        if (!store.IsEmbedded && _channel is null && Channel() is { } heard)
        {
            _channel = await store.Feeds.Database.Multiplexer.GetSubscriber().SubscribeAsync(heard);
            // It waits for nothing: the client's own queue stays empty.
            _channel.OnMessage(message => reader.Hear((byte[])message.Message!));
        }
    }

    // As the script publishes; none while the store is away. The client subscribes again by itself when it is back.
    private RedisChannel? Channel()
    {
        var server = Array.Find(store.Feeds.Database.Multiplexer.GetServers(), s => s.IsConnected);
        if (server is null)
        {
            return null;
        }

        return server.Version.Major >= 7 ? RedisChannel.Sharded(channel.ToString()) : RedisChannel.Literal(channel.ToString());
    }
}
