using RideTracking.Engine.Index;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;
using RideTracking.Server.Store.Feeds;

namespace RideTracking.Server.Directories;

/// <summary>
/// Tells the index what searches may ask of each driver: the vehicle's type and seats, the attributes of both. At once
/// for a driver who connects; within a second for the rest when the directory has changed.
/// </summary>
public sealed partial class FleetTraits(
    CompanyDirectory directory, CityFleet fleet, Area area, ILogger<FleetTraits> logger)
    : LoopService(area.MachineLoop("fleet_traits"), EverySecond, looksAtStart: true)
{
    private long _applied = -1;
    private int? _loadedAfter;

    /// <summary>Takes the directory's present word for one driver over.</summary>
    public void Apply(string driverId, int slot)
    {
        var driver = directory.Drivers.Find(driverId);
        var vehicle = directory.VehicleOf(driverId);
        if (driver is null && vehicle is null)
        {
            fleet.Index.SetVehicle(slot, default);
            return;
        }

        IEnumerable<string> all = [.. driver?.Attributes ?? [], .. vehicle?.Attributes ?? []];
        if (!directory.Attributes.TryAdd(all))
        {
            LogTooManyAttributes(AttributeBits.Most, driverId);
        }

        fleet.Index.SetVehicle(slot, new VehicleTraits(directory.Types.GetOrAdd(vehicle?.VehicleType ?? ""), (byte)(vehicle?.Seats ?? 0), directory.Attributes.Of(all, out _)));
    }

    /// <summary>A driver has connected to a node, and named a vehicle or none.</summary>
    internal void Hear(FeedChange claimed)
    {
        if (claimed.Text(4) == "1")
        {
            directory.Takes(claimed.Text(0), claimed.Text(5));
            Apply(claimed.Text(0), fleet.Slots.GetOrAdd(claimed.Text(0)));
        }
    }

    /// <inheritdoc/>
    protected override async Task LookAsync(CancellationToken stopping)
    {
        if (area.StoreRestorations is var restorations && restorations != _loadedAfter)
        {
            await foreach (var named in area.Bulk.HashScanAsync(area.Keys.NamedVehicles, pageSize: 1000))
            {
                directory.Takes(named.Name!, named.Value!);
            }

            (_loadedAfter, _applied) = (restorations, -1);
        }

        var version = directory.Version;
        if (version != _applied)
        {
            for (var slot = 0; slot < fleet.Slots.Count; slot++)
            {
                if (fleet.Slots.TryGetId(slot, out var driverId))
                {
                    Loop.Try(driverId!, (Traits: this, DriverId: driverId!, Slot: slot), static one => one.Traits.Apply(one.DriverId, one.Slot));
                }
            }

            _applied = version;
        }
    }

    [LoggerMessage(LogLevel.Warning, "There are more than {Most} different attributes; searches do not find the driver {DriverId} by all of its own")]
    private partial void LogTooManyAttributes(int most, string driverId);
}
