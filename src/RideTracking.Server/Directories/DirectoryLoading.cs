using RideTracking.Server.Hosting;
using RideTracking.Server.Store;

namespace RideTracking.Server.Directories;

/// <summary>Fills the directory from the store at start and each time the store comes back.</summary>
internal sealed partial class DirectoryLoading(
    RedisStore store, CompanyDirectory directory, [FromKeyedServices(Clock.MachineClock)] TimeProvider time, Loops loops, ILogger<DirectoryLoading> logger)
    : LoopService(loops.Create("directory_loading", time), EverySecond)
{
    private volatile bool _stale = true;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        store.Trips.Multiplexer.ConnectionRestored += (_, _) => _stale = true;
        await StepAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task LookAsync(CancellationToken stopping)
    {
        if (!_stale)
        {
            return;
        }

        _stale = false;
        try
        {
            await Task.WhenAll(directory.Drivers.LoadAsync(), directory.Vehicles.LoadAsync(), directory.Riders.LoadAsync());
        }
        catch
        {
            _stale = true;
            throw;
        }

        LogLoaded(directory.Drivers.Count, directory.Vehicles.Count, directory.Riders.Count);
    }

    [LoggerMessage(LogLevel.Information, "The directory is loaded: {Drivers} drivers, {Vehicles} vehicles, {Riders} riders")]
    private partial void LogLoaded(int drivers, int vehicles, int riders);
}
