using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;

namespace RideTracking.Server.Drivers;

/// <summary>
/// Lets every stream look into its driver's outbox when the store is back, was emptied or has forgotten something. At other times the
/// area's feed tells for whom commands were added, whichever node added them.
/// </summary>
internal sealed class CommandWake(Area area, DriverSessions sessions) : LoopService(area.MachineLoop("command_wake"), EverySecond)
{
    // After which return of the store all streams have looked.
    private int _lookedAfter = area.StoreRestorations;

    protected override Task LookAsync(CancellationToken stopping)
    {
        if (area.StoreRestorations is var restorations && restorations != _lookedAfter)
        {
            _lookedAfter = restorations;
            foreach (var session in sessions.Streams)
            {
                session.Down.WakeForCommands();
            }
        }

        return Task.CompletedTask;
    }
}
