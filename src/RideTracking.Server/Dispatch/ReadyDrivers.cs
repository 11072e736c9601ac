using Microsoft.Extensions.Options;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Index;

namespace RideTracking.Server.Dispatch;

/// <summary>Who could take a trip now: connected, available, idle and seen lately. Thread-safe.</summary>
internal sealed class ReadyDrivers(DriverSlots slots, DriverIndex index, Dispatcher dispatcher, IOptions<TripOptions> options, TimeProvider time)
{
    // As the crow flies; who is soonest by road is among them.
    private const int MaxNearest = 24;

    /// <summary>Who could be at a place soonest, first; nobody who cannot drive there.</summary>
    /// <param name="place">The pick-up.</param>
    /// <param name="except">Drivers who are not asked.</param>
    public DriverEta[] Soonest(GeoPoint place, int[] except)
    {
        var nearest = new NearbyDriver[MaxNearest];
        nearest = nearest[..index.Nearest(place, options.Value.SearchRadiusMeters, Filter(except), nearest)];
        return [.. DriverEta.SoonestTo(place, nearest, dispatcher.Rules.Router)];
    }

    /// <summary>Those of some drivers who could take a trip, in their order, however far away.</summary>
    public DriverEta[] Of(IEnumerable<string> driverIds, GeoPoint place, int[] except, int most)
    {
        var filter = Filter(except);
        var ready = new List<NearbyDriver>();
        foreach (var driverId in driverIds)
        {
            if (ready.Count < most && slots.TryGet(driverId, out var slot) && index.TryGet(slot, out var driver) && filter.Matches(driver))
            {
                ready.Add(new NearbyDriver(slot, Earth.DistanceMeters(place, driver.Fix.Point), driver.Fix.FixedAtUnixMs, driver.Fix.Point));
            }
        }

        return DriverEta.To(place, [.. ready], dispatcher.Rules.Router);
    }

    private DriverFilter Filter(int[] except) => DriverFilter.ReadyForTrip with
    {
        MinFixedAtUnixMs = (time.GetUtcNow() - options.Value.MaxFixAge).ToUnixTimeMilliseconds(),
        ExcludedSlots = except,
    };
}
