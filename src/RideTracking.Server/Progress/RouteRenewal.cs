using System.Collections.Concurrent;
using RideTracking.Engine.Dispatch;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;
using RideTracking.Server.Log;
using RideTracking.Server.Roads;
using RideTracking.Server.Trips;
using Route = RideTracking.Engine.Roads.Route;

namespace RideTracking.Server.Progress;

/// <summary>
/// Finds new routes: for a driver who has left the route or is late on it, and for all whose best way is another one since
/// roads were closed, slowed or opened. The first is the matter of the node that the driver is connected to, the rest of the one that holds the
/// area's work.
/// </summary>
internal sealed class RouteRenewal(
    TripTracking tracking, Dispatcher dispatcher, CityRoads city, CityFleet fleet, NodeLease lease, DispatchMetrics metrics, Area area)
    : BackgroundService
{
    // Where a route starts depends on where the car is just now; beyond the first points it is the roads alone.
    private const int StartPoints = 2;

    // A driver is told no more often than this that it takes longer, and only when it is worth telling.
    private static readonly TimeSpan DriftInterval = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan MaxDrift = TimeSpan.FromMinutes(2);
    private const double MaxDriftOfRoute = 0.2;

    private readonly Loop _left = area.Loop("routes_left");
    private readonly Loop _changed = area.Loop("routes_changed");
    private readonly Loop _drifted = area.Loop("routes_drifted");

    // Whose way could not be found anew when the roads changed. Bounded by the drivers on trips.
    private readonly ConcurrentDictionary<string, bool> _unrenewed = new(StringComparer.Ordinal);

    // Whether this node has looked at the ways when the roads changed last.
    private volatile bool _hasLooked = true;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
        _left.WheneverAsync(tracking.Left.WaitToReadAsync, RenewLeftAsync, stoppingToken),
        _changed.WheneverAsync(city.Changed.WaitAsync, RenewChangedAsync, stoppingToken),
        _drifted.EveryAsync(DriftInterval, RenewDriftedAsync, stoppingToken));

    /// <summary>Whether a route found now leads over the same roads as what is left of the one that is driven.</summary>
    internal static bool IsSameWay(Route driven, Route now)
    {
        if (driven.Source != now.Source)
        {
            return false;
        }

        ReadOnlySpan<GeoPoint> left = EncodedPolyline.Decode(driven.EncodedPolyline), found = EncodedPolyline.Decode(now.EncodedPolyline);
        found = found[Math.Min(StartPoints, found.Length)..];
        return left.EndsWith(found);
    }

    private async Task RenewLeftAsync(CancellationToken stopping)
    {
        while (tracking.Left.TryRead(out var left))
        {
            var isRenewed = false;
            try
            {
                isRenewed = await TryRenewAsync(_left, new RouteOutdated(left.Tracked.Plan.DriverId, left.RouteVersion, RouteChangeReason.OffRoute), stopping);
            }
            finally
            {
                if (!isRenewed)
                {
                    // Its next fix tells that it is off the route.
                    left.Tracked.LeftInVain(left.RouteVersion);
                }
            }
        }
    }

    private async Task RenewChangedAsync(CancellationToken stopping)
    {
        _hasLooked = false;
        _hasLooked = await lease.HoldsWorkAsync();
        if (!_hasLooked)
        {
            return;
        }

        var isDone = false;
        try
        {
            foreach (var plan in tracking.All().Select(t => t.Plan))
            {
                stopping.ThrowIfCancellationRequested();
                await TryRenewChangedAsync(plan, stopping);
            }

            isDone = true;
        }
        finally
        {
            if (!isDone)
            {
                // All of them again: whose way is still the best one costs little.
                city.Changed.Set();
            }
        }
    }

    private async Task TryRenewChangedAsync(DriverPlan plan, CancellationToken stopping)
    {
        if (await _changed.TryAsync(plan.DriverId, () => RenewChangedAsync(plan), stopping))
        {
            _unrenewed.TryRemove(plan.DriverId, out _);
        }
        else
        {
            _unrenewed[plan.DriverId] = true;
        }
    }

    private async Task RenewChangedAsync(DriverPlan plan)
    {
        if (plan.Route is { } route && fleet.PlacesOf([plan.DriverId]) is [var at]
            && !IsSameWay(route.Route, city.Through(RouteStart.Car(at.Point, at.CourseDegrees), [.. plan.Stops.Select(s => s.Location)])))
        {
            await RenewAsync(new RouteOutdated(plan.DriverId, route.Version, RouteChangeReason.RoadsChanged));
        }
    }

    // What was promised and what the fixes tell have drifted apart: the driver and the riders are told anew.
    private async Task RenewDriftedAsync(CancellationToken stopping)
    {
        if (!await lease.HoldsWorkAsync())
        {
            return;
        }

        if (!_hasLooked)
        {
            // Roads may have changed while nobody held the work.
            city.Changed.Set();
        }

        var all = tracking.All();
        foreach (var gone in _unrenewed.Keys.Except(all.Select(t => t.Plan.DriverId), StringComparer.Ordinal))
        {
            _unrenewed.TryRemove(gone, out _);
        }

        foreach (var tracked in all)
        {
            var plan = tracked.Plan;
            if (_unrenewed.ContainsKey(plan.DriverId))
            {
                await TryRenewChangedAsync(plan, stopping);
            }
            else if (plan.Route is { } route && tracked.Delay() is { } delay && delay.Duration() > MaxDrift && delay.Duration() > MaxDriftOfRoute * route.Route.Duration)
            {
                await TryRenewAsync(_drifted, new RouteOutdated(plan.DriverId, route.Version, RouteChangeReason.EtaDrifted), stopping);
            }
        }
    }

    private Task<bool> TryRenewAsync(Loop loop, RouteOutdated outdated, CancellationToken stopping) =>
        loop.TryAsync(outdated.DriverId, () => RenewAsync(outdated), stopping);

    private async Task RenewAsync(RouteOutdated outdated)
    {
        if (await dispatcher.DispatchAsync(null, outdated) is Decided { Result: Transition })
        {
            metrics.RouteRenewed(outdated.Reason);
        }
    }
}
