using RideTracking.Server.Hosting;
using RideTracking.Server.Store;

namespace RideTracking.Server.Areas;

/// <summary>
/// Looks once a second whether the store still is the one that the area's memory was read from. The server neither starts on one that it cannot
/// read, nor goes on where one comes back, or where the other nodes have agreed on records that it cannot read; and it writes nothing there any more.
/// </summary>
internal sealed class AreaGeneration(Area area, StoreGenerations generations, ServerEnd end)
    // Before anything is read, if the store is there: what is read is of this one.
    : LoopService(area.MachineLoop("store_generation"), EverySecond, looksAtStart: true)
{
    /// <exception cref="StartException">The store is of another format.</exception>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await ObjectAsync();
        }
        catch (Exception e) when (StoreFailure.Passes(e))
        {
            // It is looked at when it is there.
        }

        if (area.Format.Refusal is { } objection)
        {
            throw new StartException(objection);
        }

        area.Format.Refused = end.Fail;
        await base.StartAsync(cancellationToken);
    }

    protected override async Task LookAsync(CancellationToken stopping)
    {
        if (await ObjectAsync())
        {
            return;
        }

        await generations.LookAsync(area.Id, area.Keys.Generation);
    }

    private async Task<bool> ObjectAsync()
    {
        if (await generations.ObjectionAsync(area.Id, area.Keys.Generation) is { } objection)
        {
            area.Format.Refuse(objection);
            return true;
        }

        return !area.Format.CanRead((int?)await area.Trips.HashGetAsync(area.Keys.Nodes, "#form") ?? RecordFormat.Oldest);
    }
}
