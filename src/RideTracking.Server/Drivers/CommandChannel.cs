using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;
using RideTracking.Server.Outbox;
using RideTracking.Server.Store;
using StackExchange.Redis;

namespace RideTracking.Server.Drivers;

/// <summary>
/// Hears from the store for which drivers commands were added, so that a command reaches its stream whichever node committed
/// it. What is not heard while the store is away is looked for when it is back.
/// </summary>
internal sealed class CommandChannel(RedisStore store, StoreKeys keys, CommandOutbox outbox, DriverStreams streams, Loops loops) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        store.Trips.Multiplexer.ConnectionRestored += (_, _) => LookForAll();
        // Heard before the first driver connects, if the store is there; else the client subscribes by itself when it is.
        var isThere = store.IsConnected
            && await loops.Create("command_channel", TimeProvider.System).LookAsync(_ => SubscribeAsync(CommandFlags.None), cancellationToken) is LookOutcome.Done;
        if (!isThere)
        {
            await SubscribeAsync(CommandFlags.FireAndForget);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private Task SubscribeAsync(CommandFlags flags) =>
        store.Trips.Multiplexer.GetSubscriber().SubscribeAsync(keys.CommandsAdded, (_, driverId) => outbox.Look(driverId!), flags);

    private void LookForAll()
    {
        foreach (var session in streams.Sessions)
        {
            session.WakeForCommands();
        }
    }
}
