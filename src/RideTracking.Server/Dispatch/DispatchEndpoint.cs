using Google.Protobuf.WellKnownTypes;
using Google.Type;
using Grpc.Core;
using RideTracking.Engine.Index;
using RideTracking.Server.Directories;

namespace RideTracking.Server.Dispatch;

/// <summary>Dispatch for the company's backend and ops.</summary>
internal sealed class DispatchEndpoint(
    DriverSlots slots, DriverIndex index, CompanyDirectory directory, VehicleTypes types, AttributeBits attributes, TimeProvider clock)
    : V1.DispatchService.DispatchServiceBase
{
    public override Task<V1.SearchDriversResponse> SearchDrivers(V1.SearchDriversRequest request, ServerCallContext context)
    {
        var now = clock.GetUtcNow();
        var search = DriverSearch.From(request, now, slots, types, attributes);
        var response = new V1.SearchDriversResponse { ServerTime = now.ToTimestamp() };
        if (!search.FindsNobody)
        {
            Span<NearbyDriver> found = new NearbyDriver[search.Results];
            foreach (ref readonly var driver in found[..index.Nearest(search.Center, search.RadiusMeters, search.Filter, found)])
            {
                response.Drivers.Add(Found(driver, now));
            }
        }

        return Task.FromResult(response);
    }

    private V1.FoundDriver Found(in NearbyDriver driver, DateTimeOffset now)
    {
        var driverId = slots.IdOf(driver.Slot);
        // A moment later than the search: it may have changed, but says what is so now.
        index.TryGet(driver.Slot, out var entry);
        var vehicle = directory.VehicleOf(driverId);
        return new V1.FoundDriver
        {
            DriverId = driverId,
            DistanceMeters = driver.DistanceMeters,
            Location = new LatLng { Latitude = driver.Position.LatitudeDegrees, Longitude = driver.Position.LongitudeDegrees },
            FixAge = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(Math.Max(0, now.ToUnixTimeMilliseconds() - driver.FixedAtUnixMs))),
            Availability = (V1.DriverAvailability)entry.Status.Availability,
            Work = (V1.DriverWork)entry.Status.Work,
            Link = (V1.DriverLink)entry.Status.Link,
            VehicleId = vehicle?.VehicleId ?? "",
            VehicleType = vehicle?.VehicleType ?? "",
            Seats = vehicle?.Seats ?? 0,
        };
    }
}
