using RideTracking.Engine.Index;
using RideTracking.Server.Areas;
using RideTracking.Server.Directories;
using RideTracking.Server.Hosting;
using RideTracking.Server.Log;
using DriverLink = RideTracking.Engine.Index.DriverLink;

namespace RideTracking.Server.Drivers;

/// <summary>
/// Shows where every driver is by what the log has when the server starts, or, when the store was away
/// then, as soon as it is back; and again when the log's feed begins again. Newer fixes that came meanwhile stay.
/// </summary>
internal sealed partial class PresentRestore(
    Area area, LoggedDrivers drivers, DriverSlots slots, StreamServices services, FleetTraits traits, DriverSessions sessions, ILogger<PresentRestore> logger)
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

    private Task RestoreAllAsync(CancellationToken stopping)
    {
        _isWanted = false;
        LogRestored(Restore());
        return Task.CompletedTask;
    }

    private int Restore()
    {
        var restored = 0;
        foreach (var driver in drivers.All)
        {
            if (driver.Present is not { } present)
            {
                continue;
            }

            var slot = slots.GetOrAdd(driver.DriverId);
            traits.Apply(driver.DriverId, slot);
            if (services.Path.Index.Update(slot, present, out var change))
            {
                services.Path.Fanout.Publish(change);
                restored++;
            }

            if (!services.Path.Index.TryGet(slot, out var entry) || entry.Status.Link == DriverLink.Unspecified)
            {
                sessions.LinkChanged(driver.DriverId);
            }
        }

        return restored;
    }

    [LoggerMessage(LogLevel.Information, "Restored the positions of {Drivers} drivers")]
    private partial void LogRestored(int drivers);
}
