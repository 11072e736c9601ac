using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;

namespace RideTracking.Server.Log;

/// <summary>
/// Once a second: whether the store was emptied or has forgotten its last writes, and drivers that other nodes have taken over. Who appends hears of it at once; this is for those of whom nothing is
/// written for a while. The marks stay for the next append.
/// </summary>
internal sealed class FenceWatch(Area area, LogWriter writer, Carriers carriers, FixLog log) : LoopService(area.MachineLoop("log_fences"), EverySecond)
{
    private int _forgettings = area.StoreForgettings;

    protected override async Task LookAsync(CancellationToken stopping)
    {
        if (area.StoreForgettings is var forgettings && forgettings != _forgettings)
        {
            _forgettings = forgettings;
            log.ClaimAnew();
        }

        foreach (var member in await area.Bulk.SetMembersAsync(area.Keys.LogFence(writer.Id)))
        {
            carriers.Fence(FenceMark.Parse((string)member!));
        }
    }
}
