using System.Collections.Immutable;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads;

namespace RideTracking.Engine.Dispatch.Matching;

/// <summary>
/// Finds where a new rider's pick-up and drop-off go among the stops that a driver still has, at least driving time, keeping
/// the order of the others and what they were promised. Tries every pair of places: stops are few.
/// </summary>
public static class PooledInsertion
{
    // A way that takes as long as before may be summed in another order.
    private const double RoundingSeconds = 1e-6;

    /// <summary>The best order; null when no order keeps the limits, or no way leads there.</summary>
    /// <param name="driverAt">Where the car is.</param>
    /// <param name="stops">What is ahead, in order; may be empty.</param>
    /// <param name="riders">One for each trip among <paramref name="stops"/>.</param>
    /// <param name="newcomer">The rider to take in, who waits; a promised pick-up binds as for the others.</param>
    /// <param name="pickup">The newcomer's pick-up.</param>
    /// <param name="dropoff">The newcomer's drop-off.</param>
    /// <param name="limits">What must hold.</param>
    /// <param name="router">Tells driving times; asked once.</param>
    public static PooledOrder? Find(
        GeoPoint driverAt, ImmutableArray<PooledStop> stops, ImmutableArray<PooledRider> riders, PooledRider newcomer, GeoPoint pickup, GeoPoint dropoff,
        PoolLimits limits, IRouteFinder router)
    {
        ArgumentNullException.ThrowIfNull(newcomer);
        ArgumentNullException.ThrowIfNull(limits);
        ArgumentNullException.ThrowIfNull(router);
        PooledStop[] all = [.. stops, new(newcomer.TripId, PooledStopKind.Pickup, pickup), new(newcomer.TripId, PooledStopKind.Dropoff, dropoff)];
        var plan = new PooledPlan(driverAt, all, [.. riders, newcomer], router);
        int[] present = [.. Enumerable.Range(0, stops.Length)];
        var before = new double[all.Length];
        plan.Drive(present, before);
        var (best, bestSeconds) = (default(int[]), double.PositiveInfinity);
        var arrivals = new double[all.Length];
        for (var at = 0; at <= stops.Length; at++)
        {
            for (var until = at; until <= stops.Length; until++)
            {
                int[] order = [.. present[..at], stops.Length, .. present[at..until], stops.Length + 1, .. present[until..]];
                var seconds = plan.Drive(order, arrivals);
                if (seconds < bestSeconds - RoundingSeconds && plan.HasSeats(order, limits.Seats) && Keeps(plan, arrivals, before, limits))
                {
                    (best, bestSeconds) = (order, seconds);
                }
            }
        }

        if (best is null)
        {
            return null;
        }

        plan.Drive(best, arrivals);
        return new PooledOrder(
            [.. best.Select(stop => all[stop])],
            [.. best.Select(stop => arrivals[stop])],
            bestSeconds - (stops.IsEmpty ? 0 : before[stops.Length - 1]));
    }

    // A limit that traffic broke already forbids only what makes it worse.
    private static bool Keeps(PooledPlan plan, double[] arrivals, double[] before, PoolLimits limits)
    {
        foreach (var rider in plan.Riders)
        {
            var (pickup, dropoff) = plan.StopsOf(rider);
            var isNew = dropoff == plan.StopCount - 1;
            var detour = DetourSeconds(rider, pickup, dropoff, arrivals);
            var allowed = Math.Max(limits.MaxDetourShare * rider.DirectSeconds, limits.MaxDetourSeconds);
            if (detour > allowed + RoundingSeconds && (isNew || detour > DetourSeconds(rider, pickup, dropoff, before) + RoundingSeconds))
            {
                return false;
            }

            if (pickup is { } waits && rider.PromisedPickupSeconds is { } promised
                && arrivals[waits] > promised + limits.MaxPickupDelaySeconds + RoundingSeconds
                && (isNew || arrivals[waits] > before[waits] + RoundingSeconds))
            {
                return false;
            }
        }

        return true;
    }

    private static double DetourSeconds(PooledRider rider, int? pickup, int dropoff, double[] arrivals) =>
        rider.RiddenSeconds + arrivals[dropoff] - (pickup is { } waits ? arrivals[waits] : 0) - rider.DirectSeconds;
}
