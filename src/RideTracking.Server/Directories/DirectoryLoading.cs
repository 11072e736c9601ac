using RideTracking.Server.Hosting;
using RideTracking.Server.Store;

namespace RideTracking.Server.Directories;

/// <summary>Fills the directory from the store at start and each time the store comes back.</summary>
internal sealed partial class DirectoryLoading(RedisStore store, CompanyDirectory directory, [FromKeyedServices(Clock.MachineClock)] TimeProvider time, ILogger<DirectoryLoading> logger)
    : OnceASecond(time)
{
    private volatile bool _stale = true;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        store.Trips.Multiplexer.ConnectionRestored += (_, _) => _stale = true;
        await LookAsync();
        await base.StartAsync(cancellationToken);
    }

    protected override async Task LookAsync()
    {
        if (!_stale)
        {
            return;
        }

        try
        {
            _stale = false;
            await Task.WhenAll(directory.Drivers.LoadAsync(), directory.Vehicles.LoadAsync(), directory.Riders.LoadAsync());
            LogLoaded(directory.Drivers.Count, directory.Vehicles.Count, directory.Riders.Count);
        }
        catch (Exception e) when (RedisStore.IsFailure(e))
        {
            // The store is away, which its connections have told; the next look tries again.
            _stale = true;
            LogWaiting(e.Message);
        }
    }

    [LoggerMessage(LogLevel.Information, "The directory is loaded: {Drivers} drivers, {Vehicles} vehicles, {Riders} riders")]
    private partial void LogLoaded(int drivers, int vehicles, int riders);

    [LoggerMessage(LogLevel.Debug, "The directory waits for the store: {Message}")]
    private partial void LogWaiting(string message);
}
