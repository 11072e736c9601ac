using Google.Rpc;
using RideTracking.Server.Protocol;

namespace RideTracking.Server.Directories;

/// <summary>What can be wrong with an entry.</summary>
internal static class DirectoryCheck
{
    private const int MaxPageSize = 1000;
    private const int DefaultPageSize = 100;
    private const int MaxAttributes = 16;
    private const int MaxOtherVehicles = 32;

    // The store's scripts compute with doubles.
    private const ulong MaxRevision = (1UL << 53) - 1;

    /// <summary>What is wrong with a driver's entry; null when nothing is.</summary>
    public static Status? FaultOf(V1.Driver? driver)
    {
        var check = new RequestCheck();
        check.Require(driver is not null, "driver", "must be given");
        if (driver is not null)
        {
            check.Id("driver.driver_id", driver.DriverId);
            check.Text("driver.display_name", driver.DisplayName, 1, 64);
            // Written so that NaN fails.
            check.Require(!driver.HasRating || driver.Rating is >= 1 and <= 5, "driver.rating", "must be 1.0 to 5.0, or absent");
            check.OptionalId("driver.vehicle_id", driver.VehicleId);
            Attributes(check, "driver.attributes", driver.Attributes);
            Ids(check, "driver.other_vehicle_ids", driver.OtherVehicleIds, MaxOtherVehicles);
            Revision(check, "driver.revision", driver.Revision);
        }

        return check.Fault;
    }

    /// <summary>What is wrong with a vehicle's entry; null when nothing is.</summary>
    public static Status? FaultOf(V1.Vehicle? vehicle)
    {
        var check = new RequestCheck();
        check.Require(vehicle is not null, "vehicle", "must be given");
        if (vehicle is not null)
        {
            check.Id("vehicle.vehicle_id", vehicle.VehicleId);
            check.Text("vehicle.description", vehicle.Description, 0, 128);
            check.Text("vehicle.license_plate", vehicle.LicensePlate, 0, 16);
            check.Number("vehicle.seats", vehicle.Seats, 1, 64);
            check.OptionalId("vehicle.vehicle_type", vehicle.VehicleType);
            Attributes(check, "vehicle.attributes", vehicle.Attributes);
            Revision(check, "vehicle.revision", vehicle.Revision);
        }

        return check.Fault;
    }

    public static V1.Rider Rider(V1.Rider? rider)
    {
        var check = new RequestCheck();
        check.Require(rider is not null, "rider", "must be given");
        if (rider is not null)
        {
            check.Id("rider.rider_id", rider.RiderId);
            check.Text("rider.display_name", rider.DisplayName, 1, 64);
            check.Text("rider.phone", rider.Phone, 0, 32);
            Attributes(check, "rider.accessibility_needs", rider.AccessibilityNeeds);
        }

        check.Pass();
        return rider!;
    }

    /// <summary>Names of attributes, not too many at once.</summary>
    public static void Attributes(RequestCheck check, string field, IReadOnlyList<string> attributes) => Ids(check, field, attributes, MaxAttributes);

    /// <summary>How many entries a page holds.</summary>
    public static int PageSize(uint asked, string pageToken)
    {
        var check = new RequestCheck();
        var size = check.PageSize(asked, DefaultPageSize, MaxPageSize);
        check.OptionalId("page_token", pageToken);
        check.Pass();
        return size;
    }

    private static void Revision(RequestCheck check, string field, ulong revision) => check.Require(revision <= MaxRevision, field, $"must be at most {MaxRevision}");

    private static void Ids(RequestCheck check, string field, IReadOnlyList<string> ids, int most)
    {
        check.Require(ids.Count <= most, field, $"must be at most {most}, not {ids.Count}");
        for (var i = 0; i < ids.Count && i < most; i++)
        {
            check.Id($"{field}[{i}]", ids[i]);
        }
    }
}
