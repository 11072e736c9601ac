using Microsoft.Extensions.Options;
using RideTracking.Engine.Dispatch;
using RideTracking.Server.Areas;
using RideTracking.Server.Directories;
using RideTracking.Server.Hosting;
using RideTracking.Server.Log;
using RideTracking.Server.Trips;

namespace RideTracking.Server.Drivers;

/// <summary>
/// Once a second: trips whose driver is gone. Before the pick-up another driver is looked for; with the rider in the car it
/// is recorded, for ops to act on. A blocked driver keeps only riders who are in the car, and so does one whom the company has deleted
/// while another node gave the trip. It looks at the present and not
/// at what happened, so nothing is missed when a node died in between. The node that holds the area's work does it.
/// </summary>
internal sealed class LostDrivers(
    Area area, LoggedDrivers logged, TripBook book, Dispatcher dispatcher, CityFleet fleet, CompanyDirectory directory, NodeLease lease, IOptions<TripOptions> options)
    : LoopService(area.Loop("lost_drivers"), EverySecond)
{
    // Nobody is connected yet when the server starts.
    private readonly DateTimeOffset _startedAt = area.Clock.GetUtcNow();

    // Of drivers of trips, those whom the company has no more.
    private readonly HashSet<string> _deleted = new(StringComparer.Ordinal);

    protected override async Task LookAsync(CancellationToken stopping)
    {
        if (!await lease.HoldsWorkAsync())
        {
            return;
        }

        Trip[] present = [.. book.Present.OrderBy(t => t.Id, StringComparer.Ordinal)];
        string[] drivers = [.. present.SelectMany(DriversOf).Distinct(StringComparer.Ordinal)];
        await LookIntoDirectoryAsync(drivers);
        foreach (var trip in present)
        {
            await Loop.TryAsync(trip.Id, () => ServeAsync(trip), stopping);
        }
    }

    private async Task ServeAsync(Trip trip)
    {
        foreach (var (tripId, happened) in Losses(trip))
        {
            await dispatcher.DispatchAsync(tripId, happened);
        }
    }

    private static IEnumerable<string> DriversOf(Trip trip) => trip.Offers.Select(o => o.DriverId).Append(trip.DriverId).OfType<string>();

    private IEnumerable<(string TripId, DispatchEvent Happened)> Losses(Trip trip)
    {
        foreach (var driverId in DriversOf(trip))
        {
            var isBlocked = book.PlanOf(driverId).BlockedReason is not null || _deleted.Contains(driverId);
            var isLost = !fleet.IsConnected(driverId) && IsLongAgo(HeardAt(driverId));
            if (isBlocked && trip.State != TripState.InProgress)
            {
                yield return (trip.Id, new DriverGone(driverId, RemovalReason.Blocked));
            }
            else if (isLost && (trip.IsBeforePickup || (trip.State == TripState.InProgress && trip.DriverLostSince is null)))
            {
                yield return (trip.Id, new DriverGone(driverId, RemovalReason.Lost));
            }
            else if (!isLost && trip.DriverLostSince is not null)
            {
                yield return (trip.Id, new DriverBack(driverId));
            }
        }
    }

    // Whoever gives a trip has the driver in its directory. Deleting looks for trips first; the two may meet.
    private async Task LookIntoDirectoryAsync(string[] drivers)
    {
        _deleted.Clear();
        foreach (var driverId in drivers)
        {
            if (directory.Drivers.Find(driverId) is null && await directory.Drivers.ReadAsync(driverId) is null)
            {
                _deleted.Add(driverId);
            }
        }
    }

    // Any node may have heard the driver.
    private DateTimeOffset HeardAt(string driverId) =>
        logged.Of(driverId)?.Present is { } present && DateTimeOffset.FromUnixTimeMilliseconds(present.FixedAtUnixMs) is var at && at > _startedAt ? at : _startedAt;

    private bool IsLongAgo(DateTimeOffset heardAt) => area.Clock.GetUtcNow() - heardAt > options.Value.LostDriverTimeout;
}
