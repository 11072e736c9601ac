using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;
using RideTracking.Server.Log;

namespace RideTracking.Server.Drivers;

/// <summary>Reads who is connected to which other node, at the start and each time what memory has of the store is to be read anew.</summary>
internal sealed class LinksLoading(Area area, DriverLinks links, DriverSessions sessions) : LoopService(area.MachineLoop("links_loading"), EverySecond)
{
    // Of which return of the store the links are; none yet.
    private int _loadedAfter = -1;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        links.Changed = sessions.LinkChanged;
        await StepAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task LookAsync(CancellationToken stopping)
    {
        if (area.StoreRestorations is var restorations && restorations != _loadedAfter)
        {
            await links.LoadAsync();
            _loadedAfter = restorations;
        }
    }
}
