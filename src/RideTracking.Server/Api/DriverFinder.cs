using Google.Protobuf.WellKnownTypes;
using RideTracking.Engine.Geo;
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

    // Whoever asks wants to know whether it is one or a thousand.
    private const int MostCounted = 1_000;

    /// <exception cref="Grpc.Core.RpcException">INVALID_ARGUMENT that names the field.</exception>
    public V1.SearchDriversResponse Find(V1.SearchDriversRequest request)
    {
        var now = area.Clock.GetUtcNow();
        var search = DriverSearch.From(request, now, fleet.Slots, directory);
        var response = new V1.SearchDriversResponse { ServerTime = now.ToTimestamp() };
        if (!search.FindsNobody)
        {
            if (search.Rank == V1.SearchRank.Eta)
            {
                AddSoonest(response, search, now);
            }
            else
            {
                response.Drivers.AddRange(Nearest(search, search.Results).Select(d => Found(d, now)));
            }

            AddLeftOut(response, search);
        }

        return response;
    }

    private NearbyDriver[] Nearest(DriverSearch search, int most)
    {
        var found = new NearbyDriver[most];
        return found[..fleet.Index.Nearest(search.Center, search.RadiusMeters, search.Filter, found)];
    }

    private void AddSoonest(V1.SearchDriversResponse response, DriverSearch search, DateTimeOffset now)
    {
        var nearest = Nearest(search, Math.Min(search.Results * LookedAtForEach, (int)DriverSearch.MaxResults));
        DriverEta[] soonest = [.. DriverEta.SoonestTo(search.Center, nearest, roads)];
        foreach (var (driver, etaSeconds) in soonest.Take(search.Results))
        {
            var found = Found(driver, now);
            found.Eta = Duration.FromTimeSpan(TimeSpan.FromSeconds(etaSeconds));
            response.Drivers.Add(found);
        }

        Add(response, V1.LeftOutReason.NoWay, new DriverCount(nearest.Length - soonest.Length, false));
    }

    private void AddLeftOut(V1.SearchDriversResponse response, DriverSearch search)
    {
        var area = new GeoCircle(search.Center, search.RadiusMeters);
        Add(response, V1.LeftOutReason.StalePosition, fleet.Index.CountStaleWithin(area, search.OfAnyAge, MostCounted));
        if (search.AsksForAge)
        {
            Add(response, V1.LeftOutReason.OlderThanAsked, fleet.Index.CountWithin(area, search.TooOld, MostCounted));
        }
    }

    private static void Add(V1.SearchDriversResponse response, V1.LeftOutReason reason, DriverCount count)
    {
        if (count.Drivers > 0 || count.IsAtLeast)
        {
            response.LeftOut.Add(new V1.LeftOutDrivers { Reason = reason, Count = (uint)count.Drivers, AtLeast = count.IsAtLeast });
        }
    }

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
