using RideTracking.Server.Areas;
using RideTracking.Server.Outbox;
using RideTracking.Server.Store;
using StackExchange.Redis;

namespace RideTracking.Server.Drivers;

/// <summary>
/// Hears from the store for which drivers commands were added, so that a command reaches its stream whichever node committed
/// it. What is not heard while the store is away is looked for when it is back.
/// </summary>
internal sealed class CommandChannel(RedisStore store, StoreKeys keys, CommandOutbox outbox, DriverStreams streams) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        var multiplexer = store.Trips.Multiplexer;
        multiplexer.ConnectionRestored += (_, _) => LookForAll();
        // Without the store the client subscribes by itself when it is there.
        return multiplexer.GetSubscriber().SubscribeAsync(
            keys.CommandsAdded, (_, driverId) => outbox.Look(driverId!), store.IsConnected ? CommandFlags.None : CommandFlags.FireAndForget);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void LookForAll()
    {
        foreach (var session in streams.Sessions)
        {
            session.WakeForCommands();
        }
    }
}
