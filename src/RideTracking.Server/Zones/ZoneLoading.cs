using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;
using RideTracking.Server.Store;
using StackExchange.Redis;

namespace RideTracking.Server.Zones;

/// <summary>
/// Loads the zones and the drivers' visits at start, or when the store is back, and the zones again whenever another node
/// has changed one.
/// </summary>
internal sealed partial class ZoneLoading(
    RedisStore store, StoreKeys keys, ZoneBook book, ZoneTracking tracking, ServerClock clock, ILogger<ZoneLoading> logger) : OnceASecond(clock.Machine)
{
    private RedisValue _version;
    private bool _isLoaded;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        // Before the first fix, where the store is there: so that nobody who stayed inside enters again.
        await LookAsync();
        await base.StartAsync(cancellationToken);
    }

    protected override async Task LookAsync()
    {
        try
        {
            var version = await store.Trips.StringGetAsync(keys.ZonesVersion);
            if (_isLoaded && version == _version)
            {
                return;
            }

            await book.LoadAsync();
            if (!_isLoaded)
            {
                LogLoaded(book.Entries.Count, await tracking.RestoreAsync());
            }

            _version = version;
            _isLoaded = true;
        }
        catch (Exception e) when (RedisStore.IsFailure(e))
        {
            // The store is away, which its connections have told; the next look tries again.
            LogWaiting(e.Message);
        }
    }

    [LoggerMessage(LogLevel.Information, "The zones are loaded: {Zones}, with {Drivers} drivers' visits")]
    private partial void LogLoaded(int zones, int drivers);

    [LoggerMessage(LogLevel.Debug, "The zones wait for the store: {Message}")]
    private partial void LogWaiting(string message);
}
