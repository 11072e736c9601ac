using RideTracking.Engine.Geo;
using RideTracking.Engine.Index;
using RideTracking.Engine.Roads;

namespace RideTracking.Server.Roads;

/// <summary>A driver near a place, and how long it takes to drive there; infinity when there is no way.</summary>
internal readonly record struct DriverEta(NearbyDriver Driver, double EtaSeconds)
{
    /// <summary>The driving times of several drivers, in their order.</summary>
    public static DriverEta[] To(GeoPoint place, NearbyDriver[] drivers, IRouteFinder router)
    {
        var seconds = new double[drivers.Length];
        router.Times([.. drivers.Select(d => RouteStart.Car(d.Position))], [place], seconds);
        return [.. drivers.Select((d, i) => new DriverEta(d, seconds[i]))];
    }

    /// <summary>Who of several drivers could be there soonest, first; nobody who cannot drive there.</summary>
    public static IEnumerable<DriverEta> SoonestTo(GeoPoint place, NearbyDriver[] drivers, IRouteFinder router) =>
        To(place, drivers, router).Where(d => double.IsFinite(d.EtaSeconds)).OrderBy(d => d.EtaSeconds);
}
