using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads;

namespace RideTracking.Engine.Dispatch.Matching;

/// <summary>Stops of pooled riders, and the driving times between all of them.</summary>
internal sealed class PooledPlan
{
    private readonly PooledStop[] _stops;
    private readonly double[] _seconds;

    // For each rider the number of the pick-up, unless on board, and of the drop-off; and the rider of each stop.
    private readonly (int? Pickup, int Dropoff)[] _stopsOf;
    private readonly int[] _riderOf;

    public PooledPlan(GeoPoint driverAt, PooledStop[] stops, PooledRider[] riders, IRouteFinder router)
    {
        (_stops, Riders) = (stops, riders);
        GeoPoint[] to = [.. stops.Select(s => s.Location)];
        _seconds = new double[(stops.Length + 1) * stops.Length];
        router.Times([.. to.Select(RouteStart.Stop), RouteStart.Car(driverAt)], to, _seconds);
        _stopsOf = [.. riders.Select(Ends)];
        _riderOf = [.. stops.Select(s => Array.FindIndex(riders, r => r.TripId == s.TripId))];
        if (_riderOf.Contains(-1))
        {
            throw new ArgumentException($"There is no rider of trip {stops[Array.IndexOf(_riderOf, -1)].TripId}.", nameof(riders));
        }
    }

    public PooledRider[] Riders { get; }

    public int StopCount => _stops.Length;

    public (int? Pickup, int Dropoff) StopsOf(PooledRider rider) => _stopsOf[Array.IndexOf(Riders, rider)];

    /// <summary>Seconds until the last of some stops in an order; <paramref name="arrivals"/> tells each one's, by its number.</summary>
    public double Drive(ReadOnlySpan<int> order, double[] arrivals)
    {
        var (at, seconds) = (_stops.Length, 0.0);
        foreach (var stop in order)
        {
            seconds += _seconds[at * _stops.Length + stop];
            arrivals[stop] = seconds;
            at = stop;
        }

        return seconds;
    }

    /// <summary>Whether nobody has to stand on any stretch.</summary>
    public bool HasSeats(ReadOnlySpan<int> order, int seats)
    {
        var taken = 0;
        for (var i = 0; i < Riders.Length; i++)
        {
            taken += _stopsOf[i].Pickup is null ? Riders[i].PartySize : 0;
        }

        foreach (var stop in order)
        {
            var party = Riders[_riderOf[stop]].PartySize;
            taken += _stops[stop].Kind switch
            {
                PooledStopKind.Pickup => party,
                PooledStopKind.Dropoff => -party,
                _ => 0,
            };
            if (taken > seats && _stops[stop].Kind == PooledStopKind.Pickup)
            {
                return false;
            }
        }

        return true;
    }

    private (int? Pickup, int Dropoff) Ends(PooledRider rider)
    {
        var pickup = Array.FindIndex(_stops, s => s.TripId == rider.TripId && s.Kind == PooledStopKind.Pickup);
        var dropoff = Array.FindIndex(_stops, s => s.TripId == rider.TripId && s.Kind == PooledStopKind.Dropoff);
        return dropoff >= 0
            ? (pickup < 0 ? null : pickup, dropoff)
            : throw new ArgumentException($"There is no drop-off of trip {rider.TripId}.", nameof(rider));
    }
}
