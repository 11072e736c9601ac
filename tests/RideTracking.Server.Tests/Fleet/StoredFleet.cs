using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using RideTracking.Engine.Dispatch;
using RideTracking.Engine.Index;
using RideTracking.Engine.Ingest;
using RideTracking.Server.Log;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.Server.Tests.Storage;
using RideTracking.Server.Trips;

namespace RideTracking.Server.Tests.Fleet;

/// <summary>Writes to the store what a test puts into a node's memory, so that other nodes have it, too. Each call ends when the store has it, but for fixes.</summary>
/// <param name="host">The node of the drivers.</param>
internal sealed class StoredFleet(ServerHost host)
{
    private readonly ConcurrentDictionary<string, Carrier> _carriers = new(StringComparer.Ordinal);
    private readonly TimeProvider _clock = host.City.GetRequiredService<TimeProvider>();
    private long _fixes;

    public void Move(string driverId, Fix fix, DriverStatus status)
    {
        fix.Sequence = (ulong)Interlocked.Increment(ref _fixes);
        host.City.GetRequiredService<FixLog>().Append(CarrierOf(driverId), fix, FixVerdict.Accepted, status);
    }

    public void SetStatus(string driverId, DriverAvailability availability, DriverWork work, DriverLink link) => Wait(async () =>
    {
        var trips = host.City.GetRequiredService<TripStore>();
        var before = await trips.ReadPlanAsync(driverId);
        var plan = before with
        {
            Version = before.Version + 1,
            Availability = availability,
            Trips = work is DriverWork.ToPickup or DriverWork.OnTrip ? [new PlannedTrip("default.made-up", 1, false, work == DriverWork.OnTrip, TimeSpan.FromMinutes(5))] : [],
        };
        Assert.Equal(work, plan.Work);
        Assert.IsType<Committed>(await trips.CommitAsync(new TripCommit(_clock.GetUtcNow(), null, null, null, [new PlanCommit(before, plan, [])])));
        var carrier = CarrierOf(driverId);
        // What waits was of the claim that there is.
        await host.City.GetRequiredService<FixLog>().FlushAsync(TestContext.Current.CancellationToken);
        if (link == DriverLink.Lost)
        {
            host.City.GetRequiredService<ConnectionClaims>().Ended(carrier);
        }
        else if (!carrier.Request.IsStream)
        {
            _carriers[driverId] = await ClaimAsync(driverId, isStream: true);
        }
    });

    private Carrier CarrierOf(string driverId) => _carriers.GetOrAdd(driverId, id => Wait(() => ClaimAsync(id, isStream: false)));

    private async Task<Carrier> ClaimAsync(string driverId, bool isStream)
    {
        var request = new ClaimRequest(driverId, "made-up") { IsStream = isStream };
        var claim = await host.City.GetRequiredService<ConnectionClaims>().ClaimAsync(request);
        return new Carrier(request, claim, new SessionLedger(claim, 64, TestCarriers.Pace, _clock), Task.CompletedTask);
    }

    private static void Wait(Func<Task> work) => Task.Run(work).GetAwaiter().GetResult();

    private static T Wait<T>(Func<Task<T>> work) => Task.Run(work).GetAwaiter().GetResult();
}
