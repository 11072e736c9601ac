using Grpc.Core;
using RideTracking.Engine.Dispatch;
using RideTracking.Engine.Fanout;
using RideTracking.Engine.Index;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;
using RideTracking.Server.Progress;
using RideTracking.Server.Protocol;
using RideTracking.Server.Roads;
using RideTracking.Server.Telemetry;
using RideTracking.Server.Trips;

namespace RideTracking.Server.Api;

/// <summary>
/// A live view of one trip for one who watches, and the only writer of its stream. It holds the newest trip and the newest position
/// and nothing else, however slowly it is read; a trip carries all its events, so none is missed.
/// </summary>
internal sealed class TripWatch(
    Area area, TripBook book, TripTracking tracking, LearnedTimes learned, TripView view, CityFleet fleet, FollowerMetrics metrics, StreamKind kind)
{
    private readonly Signal _signal = new();
    private (ulong Version, ulong Token) _sent;
    private ulong _routeSent;

    /// <summary>Writes the trip and each change of it, until it is final.</summary>
    /// <param name="trip">As it stands.</param>
    /// <param name="write">Writes one message to the stream; called by one at a time.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="RpcException">NOT_FOUND when the store has lost the trip.</exception>
    public async Task RunAsync(Trip trip, Func<V1.WatchTripResponse, Task> write, CancellationToken cancellation)
    {
        using var follower = book.Follow(trip, _signal.Set);
        DriverMailbox? car = null;
        string? shown = null;
        try
        {
            while (true)
            {
                trip = follower.Newest;
                // Nobody may see a car before it is theirs, nor after.
                var driverId = trip.IsFinal ? null : trip.DriverId;
                if (driverId != shown)
                {
                    car?.Dispose();
                    car = driverId is null ? null : fleet.Fanout.Follow(fleet.Slots.GetOrAdd(driverId), _signal.Set);
                    shown = driverId;
                }

                if (Next(trip, car) is { } response)
                {
                    await write(response);
                }

                if (trip.IsFinal)
                {
                    return;
                }

                await _signal.WaitAsync(cancellation);
                if (follower.IsForgotten)
                {
                    throw DispatchRefusals.TripNotFound.ToRpcException();
                }
            }
        }
        finally
        {
            car?.Dispose();
        }
    }

    private V1.WatchTripResponse? Next(Trip trip, DriverMailbox? car)
    {
        var response = new V1.WatchTripResponse();
        // The way is the driver's, and changes by itself.
        var route = view.RouteVersionOf(trip);
        if ((trip.Version, trip.Token) != _sent || route != _routeSent)
        {
            response.Trip = view.Of(trip, withPolyline: route != _routeSent);
            _sent = (trip.Version, trip.Token);
            _routeSent = route;
        }

        var tracked = route == 0 ? null : tracking.Of(trip.DriverId);
        if (car is not null && car.TryTake(out var driver) && PositionOf(driver, tracked, out var age) is { } position)
        {
            response.Position = position;
            response.Progress = tracked?.Progress(learned, trip.Id);
            metrics.Sent(kind, age);
        }

        return response.Trip is null && response.Position is null ? null : response;
    }

    // On its way where it is on one.
    private V1.VehiclePosition? PositionOf(in DriverEntry driver, TrackedDriver? tracked, out TimeSpan age)
    {
        age = TimeSpan.Zero;
        if (!driver.HasFix)
        {
            return null;
        }

        var fix = driver.Fix;
        var position = fix.ToPosition(area.Clock.GetUtcNow());
        age = position.Age.ToTimeSpan();
        if (tracked?.PlaceOnRoute(fix.FixedAtUnixMs) is var (place, course))
        {
            (position.Location, position.IsOnRoute) = (place.ToLatLng(), true);
            if (double.IsFinite(course))
            {
                position.CourseDegrees = course;
            }
        }

        return position;
    }
}
