using System.Collections.Immutable;
using Grpc.Core;
using RideTracking.Engine.Dispatch;
using RideTracking.Server.Areas;
using RideTracking.Server.Log;
using RideTracking.Server.Protocol;
using RideTracking.Server.Store;
using RideTracking.Server.Trips;
using StackExchange.Redis;

namespace RideTracking.Server.Drivers;

/// <summary>
/// Forgets what the area keeps of a driver who leaves the company: commands that wait, with what they say of passengers, the last
/// fix, the ends of sessions, and visits to zones. Never of a driver who has a trip. The fixes go with the log's retention.
/// </summary>
/// <remarks>
/// The numbers stay, some 300 bytes: the plan's versions, the last command's and the connection's. An app that comes back has
/// seen them, and would take what begins again at 1 for old.
/// </remarks>
internal sealed class DriverRemoval(Area area, TripStore store, LoggedDrivers logged)
{
    // A plan changes some times a minute, so a second try is rare.
    private const int MaxAttempts = 5;

    /// <exception cref="RpcException">FAILED_PRECONDITION with the trips that the driver has, or the offer; ABORTED.</exception>
    /// <exception cref="RedisException">The store is away; forgetting may be repeated.</exception>
    public async Task ForgetAsync(string driverId)
    {
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            var plan = await store.ReadPlanAsync(driverId);
            RequireNoTrip(plan);
            var reply = (RedisResult[])(await area.Feed.RunAsync(
                area.Writes,
                StoreScript.DriverForget,
                [area.Keys.Plans, area.Keys.Outbox(driverId), area.Keys.ZoneVisits, area.Keys.NamedVehicles, area.Keys.Log, area.Keys.LogForgotten],
                [driverId, TripRecords.NameOf(plan)]))!;
            if ((string)reply[0]! == "ok")
            {
                logged.Forget(driverId, (ulong)reply[2]);
                return;
            }
        }

        throw Refusal.Aborted("DRIVER_CHANGES", $"What driver {driverId} has to do changes all the time. Try again.").ToRpcException();
    }

    private static void RequireNoTrip(DriverPlan plan)
    {
        ImmutableArray<string> trips = plan.OfferedTripId is { } offered ? plan.TripIds.Add(offered) : plan.TripIds;
        if (!trips.IsEmpty)
        {
            throw Refusal.Precondition(
                "DRIVER_HAS_TRIPS",
                $"Driver {plan.DriverId} has {trips.Length} trips or offers. Give them to others, or wait until they are over; BlockDriver keeps new ones away.",
                ("trip_ids", string.Join(",", trips))).ToRpcException();
        }
    }
}
