using RideTracking.Server.Storage;

namespace RideTracking.Server.Directories;

/// <summary>The company's drivers, vehicles and riders: the only source of names, ratings and vehicles. Thread-safe.</summary>
public sealed class CompanyDirectory(RedisStore store, StoreKeys keys)
{
    /// <summary>Those who drive.</summary>
    public DirectoryEntries<V1.Driver> Drivers { get; } = new(store, keys.Directory("drivers"), V1.Driver.Parser);

    /// <summary>What is driven.</summary>
    public DirectoryEntries<V1.Vehicle> Vehicles { get; } = new(store, keys.Directory("vehicles"), V1.Vehicle.Parser);

    /// <summary>Those who ride.</summary>
    public DirectoryEntries<V1.Rider> Riders { get; } = new(store, keys.Directory("riders"), V1.Rider.Parser);

    /// <summary>What a driver may know of a passenger; without an entry, only the note.</summary>
    public V1.PassengerInfo PassengerOf(string riderId, string note)
    {
        var rider = Riders.Find(riderId);
        return new V1.PassengerInfo { DisplayName = rider?.DisplayName ?? "", Phone = rider?.Phone ?? "", Note = note };
    }

    /// <summary>What a rider may know of a driver; without an entry, only the id.</summary>
    public V1.TripDriver TripDriverOf(string driverId)
    {
        var driver = Drivers.Find(driverId);
        var vehicle = driver is null ? null : Vehicles.Find(driver.VehicleId);
        var wire = new V1.TripDriver
        {
            DriverId = driverId,
            DisplayName = driver?.DisplayName ?? "",
            VehicleDescription = vehicle?.Description ?? "",
            LicensePlate = vehicle?.LicensePlate ?? "",
        };
        if (driver is { HasRating: true })
        {
            wire.Rating = driver.Rating;
        }

        return wire;
    }
}
