using RideTracking.Engine.Index;
using RideTracking.Server.Areas;
using RideTracking.Server.Drivers.Reporting;
using RideTracking.Server.Hosting;
using RideTracking.Server.Log;

namespace RideTracking.Server.Drivers;

/// <summary>Reads who is connected to which other node, at the start and each time what memory has of the store is to be read anew.</summary>
internal sealed class LinksLoading(Area area, DriverLinks links, DriverSessions sessions, DriverSlots slots, LongerSilences silences, ReportingPolicies policies)
    : LoopService(area.MachineLoop("links_loading"), EverySecond, looksAtStart: true)
{
    // Of which return of the store the links are; none yet.
    private int _loadedAfter = -1;

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        links.Changed = Hear;
        return base.StartAsync(cancellationToken);
    }

    // How often the driver's app is asked to report only its own node knows, so that a position from elsewhere stays for as long as any may.
    private void Hear(string driverId)
    {
        sessions.LinkChanged(driverId);
        if (sessions.Of(driverId) is null)
        {
            silences.Set(slots.GetOrAdd(driverId), links.IsConnected(driverId) ? policies.LongestStaleAfter - policies.StaleAfter : TimeSpan.Zero);
        }
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
