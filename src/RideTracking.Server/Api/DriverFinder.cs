using Google.Protobuf.WellKnownTypes;
using RideTracking.Engine.Index;
using RideTracking.Server.Areas;
using RideTracking.Server.Directories;
using RideTracking.Server.Protocol;
using RideTracking.Server.Roads;

namespace RideTracking.Server.Api;

/// <summary>Finds drivers around a place, for the company's backend and ops. Thread-safe.</summary>
internal sealed class DriverFinder(Area area, CityFleet fleet, CompanyDirectory directory, CityRoads roads)
{
    // The nearest by road is nearly always among so many times as many who are nearest as the crow flies.
    private const int LookedAtForEach = 4;

    /// <exception cref="Grpc.Core.RpcException">INVALID_ARGUMENT that names the field.</exception>
    public V1.SearchDriversResponse Find(V1.SearchDriversRequest request)
    {
        var now = area.Clock.GetUtcNow();
        var search = DriverSearch.From(request, now, fleet.Slots, directory);
        var response = new V1.SearchDriversResponse { ServerTime = now.ToTimestamp() };
        if (!search.FindsNobody)
        {
            response.Drivers.AddRange(search.Rank == V1.SearchRank.Eta ? Soonest(search, now) : Nearest(search, search.Results).Select(d => Found(d, now)));
        }

        return response;
    }

    private NearbyDriver[] Nearest(DriverSearch search, int most)
    {
        var found = new NearbyDriver[most];
        return found[..fleet.Index.Nearest(search.Center, search.RadiusMeters, search.Filter, found)];
    }

    private IEnumerable<V1.FoundDriver> Soonest(DriverSearch search, DateTimeOffset now) =>
        DriverEta.SoonestTo(search.Center, Nearest(search, Math.Min(search.Results * LookedAtForEach, (int)DriverSearch.MaxResults)), roads)
            .Take(search.Results)
            .Select(d =>
            {
                var found = Found(d.Driver, now);
                found.Eta = Duration.FromTimeSpan(TimeSpan.FromSeconds(d.EtaSeconds));
                return found;
            });

    private V1.FoundDriver Found(in NearbyDriver driver, DateTimeOffset now)
    {
        var driverId = fleet.Slots.IdOf(driver.Slot);
        // A moment later than the search: it may have changed, but says what is so now.
        fleet.Index.TryGet(driver.Slot, out var entry);
        var vehicle = directory.VehicleOf(driverId);
        return new V1.FoundDriver
        {
            DriverId = driverId,
            DistanceMeters = driver.DistanceMeters,
            Location = driver.Position.ToLatLng(),
            FixAge = Positions.Age(driver.FixedAtUnixMs, now).ToDuration(),
            Availability = (V1.DriverAvailability)entry.Status.Availability,
            Work = (V1.DriverWork)entry.Status.Work,
            Link = (V1.DriverLink)entry.Status.Link,
            VehicleId = vehicle?.VehicleId ?? "",
            VehicleType = vehicle?.VehicleType ?? "",
            Seats = vehicle?.Seats ?? 0,
        };
    }
}
