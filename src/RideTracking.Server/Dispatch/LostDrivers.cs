using Microsoft.Extensions.Options;
using RideTracking.Engine.Dispatch;
using RideTracking.Engine.Index;
using RideTracking.Server.Hosting;
using RideTracking.Server.Storage;

namespace RideTracking.Server.Dispatch;

/// <summary>
/// Once a second: trips whose driver is gone. Before the pick-up another driver is looked for; with the rider in the car it
/// is recorded, for ops to act on. A blocked driver keeps only riders who are in the car. It looks at the present and not
/// at what happened, so nothing is missed when a node died in between.
/// </summary>
internal sealed partial class LostDrivers(
    TripBook book, Dispatcher dispatcher, DriverSlots slots, DriverIndex index, ServerClock clock, IOptions<TripOptions> options, ILogger<LostDrivers> logger)
    : OnceASecond(clock)
{
    // Nobody is connected yet when the server starts.
    private readonly DateTimeOffset _startedAt = clock.GetUtcNow();

    protected override async Task LookAsync()
    {
        try
        {
            foreach (var (tripId, happened) in book.Present.SelectMany(Losses).ToList())
            {
                await dispatcher.DispatchAsync(tripId, happened);
            }
        }
        catch (Exception e) when (RedisStore.IsFailure(e))
        {
            // The store is away: who is gone is still gone in a second.
            LogWaiting(e.Message);
        }
    }

    private IEnumerable<(string TripId, DispatchEvent Happened)> Losses(Trip trip)
    {
        foreach (var driverId in trip.Offers.Select(o => o.DriverId).Append(trip.DriverId).OfType<string>())
        {
            var isBlocked = book.PlanOf(driverId).BlockedReason is not null;
            var isLost = IsLost(driverId);
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

    private bool IsLost(string driverId)
    {
        var heardAt = _startedAt;
        if (slots.TryGet(driverId, out var slot) && index.TryGet(slot, out var driver))
        {
            if (driver.Status.Link == DriverLink.Connected)
            {
                return false;
            }

            if (driver.HasFix && DateTimeOffset.FromUnixTimeMilliseconds(driver.Fix.FixedAtUnixMs) is var fixedAt && fixedAt > heardAt)
            {
                heardAt = fixedAt;
            }
        }

        return Clock.GetUtcNow() - heardAt > options.Value.LostDriverTimeout;
    }

    [LoggerMessage(LogLevel.Debug, "Trips of lost drivers wait for the store: {Message}")]
    private partial void LogWaiting(string message);
}
