using RideTracking.Server.Hosting;
using RideTracking.Server.Store;

namespace RideTracking.Server.Directories;

/// <summary>Fills what memory has of the directory from the store at start and each time the store comes back, or was emptied or replaced.</summary>
internal sealed partial class DirectoryLoading(
    RedisStore store, StoreGenerations generations, CompanyDirectory directory, [FromKeyedServices(Clock.MachineClock)] TimeProvider time, Loops loops, ILogger<DirectoryLoading> logger)
    : LoopService(loops.Create("directory_loading", time), EverySecond, looksAtStart: true)
{
    // Of which return of the store the directory is; none yet.
    private int _loadedAfter = -1;

    protected override async Task LookAsync(CancellationToken stopping)
    {
        await generations.LookAsync("company", CompanyKeys.Generation);
        var restorations = store.Restorations;
        if (restorations == _loadedAfter)
        {
            return;
        }

        await Task.WhenAll(directory.Drivers.LoadAsync(), directory.Vehicles.LoadAsync());
        _loadedAfter = restorations;
        LogLoaded(directory.Drivers.Count, directory.Vehicles.Count);
    }

    [LoggerMessage(LogLevel.Information, "The directory is loaded: {Drivers} drivers, {Vehicles} vehicles")]
    private partial void LogLoaded(int drivers, int vehicles);
}
