using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;

namespace RideTracking.Server.Zones;

/// <summary>
/// Loads the zones and the drivers' visits at start, and again whenever what memory has of the store is to be read anew.
/// </summary>
internal sealed partial class ZoneLoading(
    Area area, ZoneBook book, ZoneTracking tracking, ILogger<ZoneLoading> logger)
    // Before the first fix, where the store is there: so that nobody who stayed inside enters again.
    : LoopService(area.MachineLoop("zone_loading"), EverySecond, looksAtStart: true)
{
    private int _loadedAfter;
    private bool _isLoaded;

    protected override async Task LookAsync(CancellationToken stopping)
    {
        var restorations = area.StoreRestorations;
        if (_isLoaded && restorations == _loadedAfter)
        {
            return;
        }

        await book.LoadAsync();
        if (_isLoaded)
        {
            await tracking.ReadAnewAsync();
        }
        else
        {
            LogLoaded(book.Entries.Count, await tracking.RestoreAsync());
        }

        _loadedAfter = restorations;
        _isLoaded = true;
    }

    [LoggerMessage(LogLevel.Information, "The zones are loaded: {Zones}, with {Drivers} drivers' visits")]
    private partial void LogLoaded(int zones, int drivers);
}
