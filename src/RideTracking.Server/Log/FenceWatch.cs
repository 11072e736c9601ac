using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;

namespace RideTracking.Server.Log;

/// <summary>
/// Once a second: drivers that other nodes have taken over. Who appends hears of it at once; this is for those of whom nothing is
/// written for a while. The marks stay for the next append.
/// </summary>
internal sealed class FenceWatch(Area area, LogWriter writer, Carriers carriers) : LoopService(area.MachineLoop("log_fences"), EverySecond)
{
    private (string Writer, long Marks) _seen;

    protected override async Task LookAsync(CancellationToken stopping)
    {
        var key = area.Keys.LogFence(writer.Id);
        var marks = (writer.Id, await area.Bulk.SetLengthAsync(key));
        if (marks == _seen)
        {
            return;
        }

        foreach (var member in await area.Bulk.SetMembersAsync(key))
        {
            var mark = FenceMark.Parse((string)member!);
            if (carriers.Of(mark.DriverId) is { } carrier)
            {
                mark.Fence(carrier);
            }
        }

        _seen = marks;
    }
}
