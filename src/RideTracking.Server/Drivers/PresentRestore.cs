using RideTracking.Engine.Index;
using RideTracking.Server.Areas;
using RideTracking.Server.Directories;
using RideTracking.Server.Log;
using DriverLink = RideTracking.Engine.Index.DriverLink;

namespace RideTracking.Server.Drivers;

/// <summary>
/// Rebuilds where every driver is from the store's last fixes when the server starts, or, when the store was away
/// then, as soon as it is back. Newer fixes that came meanwhile stay.
/// </summary>
internal sealed partial class PresentRestore(
    Area area, LastFixes lastFixes, DriverSlots slots, StreamServices services, FleetTraits traits, ILogger<PresentRestore> logger)
    : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        area.MachineLoop("present_restore").UntilDoneAsync(async stopping => LogRestored(await RestoreAsync(stopping)), stoppingToken);

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
                services.Path.Fanout.Publish(services.Path.Index.SetLink(slot, DriverLink.Lost));
            }
        }

        return restored;
    }

    [LoggerMessage(LogLevel.Information, "Restored the positions of {Drivers} drivers")]
    private partial void LogRestored(int drivers);
}
