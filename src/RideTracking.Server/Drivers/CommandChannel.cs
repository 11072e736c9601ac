using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;
using RideTracking.Server.Outbox;
using StackExchange.Redis;

namespace RideTracking.Server.Drivers;

/// <summary>
/// Hears from the store for which drivers commands were added, so that a command reaches its stream whichever node committed
/// it. What is not heard while the store is away is looked for when it is back.
/// </summary>
internal sealed class CommandChannel(Area area, CommandOutbox outbox, DriverSessions sessions) : LoopService(area.MachineLoop("command_channel"), EverySecond)
{
    // After which return of the store all streams have looked.
    private int _lookedAfter;
    private bool _isSubscribed;

    private ISubscriber Subscriber => area.Trips.Multiplexer.GetSubscriber();

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        _lookedAfter = area.StoreRestorations;
        // Heard before the first driver connects, if the store is there.
        await StepAsync(cancellationToken);
        if (!_isSubscribed)
        {
            // Else the client subscribes by itself when it is.
            await Subscriber.SubscribeAsync(area.Keys.CommandsAdded, Hear, CommandFlags.FireAndForget);
            _isSubscribed = true;
        }

        await base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        // The connection is the process's, and must not hold on to what an area has.
        await Subscriber.UnsubscribeAsync(area.Keys.CommandsAdded, Hear, CommandFlags.FireAndForget);
    }

    protected override async Task LookAsync(CancellationToken stopping)
    {
        if (!_isSubscribed)
        {
            await Subscriber.SubscribeAsync(area.Keys.CommandsAdded, Hear);
            _isSubscribed = true;
        }

        if (area.StoreRestorations is var restorations && restorations != _lookedAfter)
        {
            _lookedAfter = restorations;
            foreach (var session in sessions.Streams)
            {
                session.Down.WakeForCommands();
            }
        }
    }

    private void Hear(RedisChannel channel, RedisValue driverId) => outbox.Look(driverId!);
}
