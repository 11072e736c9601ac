using RideTracking.Server.Hosting;
using RideTracking.Server.Store;

namespace RideTracking.Server.Areas;

/// <summary>Looks once a second whether the store still is the one that the area's memory was read from.</summary>
internal sealed class AreaGeneration(Area area, StoreGenerations generations)
    // Before anything is read, if the store is there: what is read is of this one.
    : LoopService(area.MachineLoop("store_generation"), EverySecond, looksAtStart: true)
{
    protected override Task LookAsync(CancellationToken stopping) => generations.LookAsync(area.Id, area.Keys.Generation);
}
