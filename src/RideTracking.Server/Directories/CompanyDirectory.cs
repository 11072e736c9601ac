using System.Collections.Concurrent;
using Google.Rpc;
using RideTracking.Engine.Index;
using RideTracking.Server.Protocol;
using RideTracking.Server.Store;
using RideTracking.Server.Store.Feeds;

namespace RideTracking.Server.Directories;

/// <summary>The company's drivers, vehicles and riders: the only source of names, ratings and vehicles. Thread-safe.</summary>
public sealed class CompanyDirectory
{
    /// <summary>Made once, by <c>AddDirectory</c>.</summary>
    public CompanyDirectory(RedisStore store)
    {
        Feed = new FeedWriter(CompanyKeys.Feed);
        Drivers = new(store, Feed, "driver", CompanyKeys.Directory("drivers"), V1.Driver.Parser);
        Vehicles = new(store, Feed, "vehicle", CompanyKeys.Directory("vehicles"), V1.Vehicle.Parser);
        Riders = new(store);
    }

    // As the last claims of their streams, and the areas' stores, say. Bounded by the drivers.
    private readonly ConcurrentDictionary<string, string> _vehicleInUse = new(StringComparer.Ordinal);

    /// <summary>What is written here is told in it.</summary>
    internal FeedWriter Feed { get; }

    /// <summary>Those who drive.</summary>
    public DirectoryEntries<V1.Driver> Drivers { get; }

    /// <summary>What is driven.</summary>
    public DirectoryEntries<V1.Vehicle> Vehicles { get; }

    /// <summary>Those who ride.</summary>
    public RiderEntries Riders { get; }

    /// <summary>Kinds of vehicles as searches number them.</summary>
    public VehicleTypes Types { get; } = new();

    /// <summary>Attributes of drivers and vehicles as searches number them.</summary>
    public AttributeBits Attributes { get; } = new();

    /// <summary>Rises whenever a driver or a vehicle changes.</summary>
    public long Version => Drivers.Version + Vehicles.Version;

    /// <summary>Makes or replaces a driver's entry.</summary>
    /// <returns>Why not; null when it was done.</returns>
    /// <exception cref="StackExchange.Redis.RedisException">The store is away.</exception>
    public async Task<Status?> SetAsync(V1.Driver? driver) =>
        DirectoryCheck.FaultOf(driver) ?? FaultOfAttributes("driver.attributes", driver!.Attributes)
        ?? FaultOfOlder(await Drivers.SetAsync([(driver.DriverId, driver, driver.HasRevision ? driver.Revision : null)]), driver.DriverId);

    /// <summary>Makes or replaces a vehicle's entry.</summary>
    /// <inheritdoc cref="SetAsync(V1.Driver)"/>
    public async Task<Status?> SetAsync(V1.Vehicle? vehicle) =>
        DirectoryCheck.FaultOf(vehicle) ?? FaultOfAttributes("vehicle.attributes", vehicle!.Attributes)
        ?? FaultOfOlder(await Vehicles.SetAsync([(vehicle.VehicleId, vehicle, vehicle.HasRevision ? vehicle.Revision : null)]), vehicle.VehicleId);

    /// <summary>Why an entry was not taken that is older than the one that is there.</summary>
    internal static Status Older(string id) => Refusal.Precondition("REVISION_OLD", $"The entry of {id} that is there has a higher revision.");

    /// <summary>Gives bits to the attributes of an entry, or tells that there are none left.</summary>
    internal Status? FaultOfAttributes(string field, IReadOnlyList<string> names) =>
        Attributes.TryAdd(names) ? null : Refusal.Field(field, $"would make more than {AttributeBits.Most} different attributes in the fleet");

    private static Status? FaultOfOlder(int[] older, string id) => older.Length > 0 ? Older(id) : null;

    /// <summary>The driver says which vehicle it is in; empty for the usual one.</summary>
    public void Takes(string driverId, string vehicleId)
    {
        if (vehicleId.Length == 0)
        {
            _vehicleInUse.TryRemove(driverId, out _);
        }
        else
        {
            _vehicleInUse[driverId] = vehicleId;
        }
    }

    /// <summary>
    /// The vehicle that a driver is in: the one that its phone named if the company gives it to the driver, else its usual one;
    /// null for neither. The phone's word alone would let anybody take a limousine's trips.
    /// </summary>
    public V1.Vehicle? VehicleOf(string driverId)
    {
        if (Drivers.Find(driverId) is not { } driver)
        {
            return null;
        }

        var named = _vehicleInUse.GetValueOrDefault(driverId, "");
        return (driver.OtherVehicleIds.Contains(named) ? Vehicles.Find(named) : null) ?? Vehicles.Find(driver.VehicleId);
    }

    /// <summary>What a driver may know of a passenger; without an entry, only the note.</summary>
    /// <exception cref="StackExchange.Redis.RedisException">The store is away.</exception>
    public async ValueTask<V1.PassengerInfo> PassengerOfAsync(string riderId, string note)
    {
        var rider = await Riders.FindAsync(riderId);
        var passenger = new V1.PassengerInfo { DisplayName = rider?.DisplayName ?? "", Phone = rider?.Phone ?? "", Note = note };
        passenger.AccessibilityNeeds.AddRange(rider?.AccessibilityNeeds ?? []);
        return passenger;
    }

    /// <summary>What a rider may know of a driver; without an entry, only the id.</summary>
    public V1.TripDriver TripDriverOf(string driverId)
    {
        var driver = Drivers.Find(driverId);
        var vehicle = VehicleOf(driverId);
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
