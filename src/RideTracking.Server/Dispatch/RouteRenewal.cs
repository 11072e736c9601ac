using System.Threading.Channels;
using RideTracking.Engine.Dispatch;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Index;
using RideTracking.Server.Roads;
using RideTracking.Server.Storage;
using Route = RideTracking.Engine.Roads.Route;

namespace RideTracking.Server.Dispatch;

/// <summary>
/// Finds new routes: for a driver who has left the route, and for all whose best way is another one since roads were
/// closed, slowed or opened.
/// </summary>
internal sealed partial class RouteRenewal(
    TripTracking tracking, Dispatcher dispatcher, CityRoads city, DriverSlots slots, DriverIndex index, DispatchMetrics metrics,
    ILogger<RouteRenewal> logger) : BackgroundService
{
    // Where a route starts depends on where the car is just now; beyond the first points it is the roads alone.
    private const int StartPoints = 2;

    // One waiting signal says all there is to say, so a second is dropped.
    private readonly Channel<bool> _roadsChanged = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        city.Changed += Signal;
        return base.StartAsync(cancellationToken);
    }

    public override Task StopAsync(CancellationToken cancellationToken)
    {
        city.Changed -= Signal;
        return base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Task.WhenAll(RenewLeftAsync(stoppingToken), RenewChangedAsync(stoppingToken));
        }
        catch (OperationCanceledException)
        {
            // The server stops; who is still off its route is so again by its next fixes.
        }
    }

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

    private void Signal() => _roadsChanged.Writer.TryWrite(true);

    private async Task RenewLeftAsync(CancellationToken stopping)
    {
        await foreach (var left in tracking.Left.ReadAllAsync(stopping))
        {
            if (!await TryRenewAsync(left.Tracked.Trip.Id, new RouteOutdated(left.RouteVersion, RouteChangeReason.OffRoute, left.DriverAt)))
            {
                // Its next fix tells that it is off the route.
                left.Tracked.LeftInVain(left.RouteVersion);
            }
        }
    }

    private async Task RenewChangedAsync(CancellationToken stopping)
    {
        await foreach (var _ in _roadsChanged.Reader.ReadAllAsync(stopping))
        {
            foreach (var trip in tracking.All().Select(t => t.Trip))
            {
                stopping.ThrowIfCancellationRequested();
                if (trip.Route is { } route && index.PlaceOf(slots, trip.DriverId) is { } at
                    && !IsSameWay(route.Route, city.Through(at.Point, at.CourseDegrees, [.. trip.Ahead.Select(w => w.Location)])))
                {
                    await TryRenewAsync(trip.Id, new RouteOutdated(route.Version, RouteChangeReason.RoadsChanged, at));
                }
            }
        }
    }

    private async Task<bool> TryRenewAsync(string tripId, RouteOutdated outdated)
    {
        try
        {
            if (await dispatcher.DispatchAsync(tripId, outdated) is Decided { Result: Transition })
            {
                metrics.RouteRenewed(outdated.Reason);
            }

            return true;
        }
        catch (Exception e) when (RedisStore.IsFailure(e))
        {
            LogWaiting(tripId, e.Message);
            return false;
        }
    }

    [LoggerMessage(LogLevel.Debug, "The new route of trip {TripId} waits for the store: {Message}")]
    private partial void LogWaiting(string tripId, string message);
}
