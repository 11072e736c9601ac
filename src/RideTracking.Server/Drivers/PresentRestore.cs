using RideTracking.Engine.Index;
using RideTracking.Server.Areas;
using RideTracking.Server.Directories;
using RideTracking.Server.Hosting;
using RideTracking.Server.Log;
using DriverLink = RideTracking.Engine.Index.DriverLink;

namespace RideTracking.Server.Drivers;

/// <summary>
/// Rebuilds where every driver is from the store's last fixes when the server starts, or, when the store was away
/// then, as soon as it is back; and again when the log's feed begins again. Newer fixes that came meanwhile stay.
/// </summary>
internal sealed partial class PresentRestore(
    Area area, LastFixes lastFixes, DriverSlots slots, StreamServices services, FleetTraits traits, DriverSessions sessions, ILogger<PresentRestore> logger)
    : BackgroundService
{
    private readonly Signal _again = new();
    private volatile bool _isWanted = true;

    /// <summary>What happened meanwhile elsewhere was missed: all is read again.</summary>
    public void Again()
    {
        _isWanted = true;
        _again.Set();
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        area.MachineLoop("present_restore").WheneverAsync(WaitAsync, RestoreAllAsync, stoppingToken);

    private ValueTask<bool> WaitAsync(CancellationToken stopping) => _isWanted ? new(true) : _again.WaitAsync(stopping);

    private async Task RestoreAllAsync(CancellationToken stopping)
    {
        _isWanted = false;
        try
        {
            LogRestored(await RestoreAsync(stopping));
        }
        catch
        {
            _isWanted = true;
            throw;
        }
    }

    private async Task<int> RestoreAsync(CancellationToken stoppingToken)
    {
        var restored = 0;
        await foreach (var (driverId, last) in lastFixes.ReadAllAsync(stoppingToken))
        {
            var slot = slots.GetOrAdd(driverId);
            traits.Apply(driverId, slot);
            if (services.Path.Index.Update(slot, last.Fix, out var change))
            {
                services.Path.Fanout.Publish(change);
                restored++;
            }

            if (!services.Path.Index.TryGet(slot, out var driver) || driver.Status.Link == DriverLink.Unspecified)
            {
                sessions.LinkChanged(driverId);
            }
        }

        return restored;
    }

    [LoggerMessage(LogLevel.Information, "Restored the positions of {Drivers} drivers")]
    private partial void LogRestored(int drivers);
}
