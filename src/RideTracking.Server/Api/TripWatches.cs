using RideTracking.Engine.Dispatch;
using RideTracking.Server.Areas;
using RideTracking.Server.Progress;
using RideTracking.Server.Roads;
using RideTracking.Server.Telemetry;
using RideTracking.Server.Trips;

namespace RideTracking.Server.Api;

/// <summary>Shows trips to those who follow them: riders, and whoever has a link. Thread-safe.</summary>
internal sealed class TripWatches(
    Area area, TripBook book, TripTracking tracking, LearnedTimes learned, TripView view, CityFleet fleet, FollowerMetrics metrics)
{
    /// <summary>Follows a trip until it is over, or the caller has enough.</summary>
    public Task RunAsync(StreamKind kind, Trip trip, Func<V1.WatchTripResponse, Task> write, CancellationToken cancellation) =>
        new TripWatch(area, book, tracking, learned, view, fleet, metrics, kind).RunAsync(trip, write, cancellation);
}
