using Microsoft.Extensions.Options;
using RideTracking.Server.Areas;
using RideTracking.Server.Trips;

namespace RideTracking.Server.Api.Fleet;

/// <summary>
/// The counts of the whole fleet, made at most once an interval however many watch, since counting walks all drivers and trips.
/// Thread-safe.
/// </summary>
public sealed class FleetTotals(CityFleet fleet, TripBook trips, IOptions<FleetOptions> options)
{
    private readonly TimeProvider _pace = TimeProvider.System;
    private Counted? _latest;

    /// <summary>The counts, at most an interval old.</summary>
    public V1.FleetCounts Current()
    {
        var now = _pace.GetTimestamp();
        if (_latest is not { } latest || _pace.GetElapsedTime(latest.At, now) >= options.Value.CountsInterval)
        {
            // Two that meet here both count: harmless, and no one waits.
            _latest = latest = new Counted(now, Count());
        }

        return latest.Counts;
    }

    private V1.FleetCounts Count()
    {
        var counts = fleet.Index.Count();
        return new V1.FleetCounts
        {
            Connected = (uint)counts.Connected,
            AvailableIdle = (uint)counts.AvailableIdle,
            Offered = (uint)counts.Offered,
            ToPickup = (uint)counts.ToPickup,
            OnTrip = (uint)counts.OnTrip,
            Tracked = (uint)counts.Tracked,
            SearchingTrips = (uint)trips.SearchingCount,
        };
    }

    private sealed record Counted(long At, V1.FleetCounts Counts);
}
