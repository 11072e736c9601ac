using Microsoft.Extensions.Options;
using RideTracking.Engine.Dispatch;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Index;
using RideTracking.Server.Areas;
using RideTracking.Server.Directories;
using RideTracking.Server.Trips;
using RideTracking.Server.Zones;

namespace RideTracking.Server.Matching;

/// <summary>
/// Who could take which open request, and how soon: who waits in the queue where the pick-up is, free drivers around, those who
/// are about to drop somebody off nearby, and shared cars with room on their way. Thread-safe.
/// </summary>
internal sealed class MatchCandidates(
    TripBook book, TripRules rules, ZoneQueues queues, CityFleet fleet, CompanyDirectory directory, IOptions<TripOptions> tripOptions, IOptions<MatchingOptions> options)
{
    // Drivers at work who are weighed for one request: those who are, or will be free, nearest to it.
    private const int MaxAtWork = 24;

    /// <summary>The snapshot for a round.</summary>
    /// <param name="trips">That search, those who came first at the front.</param>
    /// <param name="now">The server's time.</param>
    /// <param name="isExcluded">Trips and drivers that were just tried in vain.</param>
    public MatchRequests Gather(IReadOnlyList<Trip> trips, DateTimeOffset now, Func<string, string, bool> isExcluded)
    {
        var requests = new MatchRequestsBuilder(now);
        var atWork = AtWork(now);
        foreach (var trip in trips)
        {
            var found = new List<MatchFound>();
            if (NeedsOf(trip) is { } needs)
            {
                AddWaiting(trip, needs, now, found);
                AddAround(trip, needs, now, found);
                AddAtWork(trip, needs, now, atWork, found);
            }

            requests.Add(trip, found.Where(f => !isExcluded(trip.Id, f.Driver.DriverId)));
        }

        return requests.Build(rules.Router);
    }

    /// <summary>How many drivers there are, by what they do.</summary>
    public FleetCounts CountDrivers() => fleet.Index.Count();

    /// <summary>Whether a driver and the vehicle have what a trip asks for.</summary>
    public bool HasWhatItNeeds(Trip trip, int slot) =>
        NeedsOf(trip) is { } needs && new DriverFilter { VehicleType = needs.Type, RequiredAttributes = needs.Attributes }.Matches(fleet.Index.VehicleOf(slot));

    /// <summary>Passenger seats of the vehicle that a driver is in; 0 when not known.</summary>
    public int SeatsOf(string driverId) => (int)(directory.VehicleOf(driverId)?.Seats ?? 0);

    /// <summary>A fix taken before this is too old to go by, milliseconds since 1970.</summary>
    public long OldestFixUnixMs(DateTimeOffset now) => (now - tripOptions.Value.MaxFixAge).ToUnixTimeMilliseconds();

    // Null when nobody has ever had it.
    private Needs? NeedsOf(Trip trip)
    {
        var required = directory.Attributes.Of(trip.Terms.RequiredAttributes, out var unknown);
        if (unknown > 0)
        {
            return null;
        }

        return trip.Terms.ServiceType is not { Length: > 0 } type ? new Needs(null, required)
            : directory.Types.TryGet(type, out var number) ? new Needs(number, required)
            : null;
    }

    // First in, first out.
    private void AddWaiting(Trip trip, Needs needs, DateTimeOffset now, List<MatchFound> found)
    {
        var filter = FreeFilter(needs, now);
        foreach (var (place, driverId) in queues.ReadyAt(trip.Waypoints[0].Location).Index())
        {
            if (fleet.Slots.TryGet(driverId, out var slot) && fleet.Index.TryGet(slot, out var driver)
                && filter.Matches(driver) && filter.Matches(fleet.Index.VehicleOf(slot)) && Free(trip, slot, driver.Fix.Point, now) is { } free)
            {
                found.Add(new MatchFound(free) { QueuePlace = place });
            }
        }
    }

    private void AddAround(Trip trip, Needs needs, DateTimeOffset now, List<MatchFound> found)
    {
        var nearest = new NearbyDriver[options.Value.MaxCandidates];
        var count = fleet.Index.Nearest(trip.Waypoints[0].Location, tripOptions.Value.SearchRadiusMeters, FreeFilter(needs, now), nearest);
        var waiting = found.Select(f => f.Driver.DriverId).ToHashSet(StringComparer.Ordinal);
        foreach (var driver in nearest.AsSpan(0, count))
        {
            if (Free(trip, driver.Slot, driver.Position, now) is { } free && !waiting.Contains(free.DriverId))
            {
                found.Add(new MatchFound(free));
            }
        }
    }

    // A shared ride may join another; else a driver who is soon free may be next.
    private void AddAtWork(Trip trip, Needs needs, DateTimeOffset now, List<WorkingDriver> atWork, List<MatchFound> found)
    {
        var pickup = trip.Waypoints[0].Location;
        var filter = new DriverFilter { VehicleType = needs.Type, RequiredAttributes = needs.Attributes };
        var near = new List<(double Meters, MatchDriver Driver, bool Joins)>();
        foreach (var driver in atWork)
        {
            var joins = trip.Terms.CanShare && driver.TakesMore;
            var meters = joins || driver.IsSoonFree ? Earth.DistanceMeters(joins ? driver.Driver.Position : driver.Driver.Start, pickup) : double.PositiveInfinity;
            if (meters <= tripOptions.Value.SearchRadiusMeters && filter.Matches(fleet.Index.VehicleOf(driver.Slot))
                && OfferHindrances.Of(trip, driver.Driver.Plan, driver.Driver.Seats, now, rules) == OfferHindrance.None)
            {
                near.Add((meters, driver.Driver, joins));
            }
        }

        foreach (var (_, driver, joins) in near.OrderBy(n => n.Meters).Take(MaxAtWork))
        {
            if (!joins)
            {
                found.Add(new MatchFound(driver) { IsBackToBack = true });
            }
            else if (SharedWay.Find(driver.Plan with { Seats = driver.Seats }, trip, driver.Position, now, rules) is { } shared)
            {
                found.Add(new MatchFound(driver) { Shared = shared });
            }
        }
    }

    // Whoever has trips and can be reached, and may take one more.
    private List<WorkingDriver> AtWork(DateTimeOffset now)
    {
        var working = new List<WorkingDriver>();
        foreach (var driverId in book.Present.Select(t => t.DriverId).OfType<string>().Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            var plan = book.PlanOf(driverId);
            if (plan.Stops.IsEmpty || !fleet.Slots.TryGet(driverId, out var slot) || !fleet.Index.TryGet(slot, out var driver)
                || !driver.HasFix || fleet.Rejects.Of(slot) is { IsPlaceInDoubt: true } || driver.Fix.FixedAtUnixMs < OldestFixUnixMs(now) || driver.Status.Link != DriverLink.Connected)
            {
                continue;
            }

            var remaining = plan.Stops[^1].EstimatedArrival is { } arrival && arrival > now ? arrival - now : TimeSpan.Zero;
            var isSoonFree = rules.BackToBack && plan.Trips is [{ IsOnBoard: true }] && remaining <= options.Value.BackToBackMaxRemaining;
            var takesMore = plan.Trips.Length < rules.MaxSharedTrips && plan.Trips.All(t => t.CanShare);
            if (isSoonFree || takesMore)
            {
                working.Add(new WorkingDriver(
                    new MatchDriver(driverId, driver.Fix.Point, plan.Stops[^1].Location, remaining.TotalSeconds, plan, SeatsOf(driverId)),
                    slot, isSoonFree, takesMore));
            }
        }

        return working;
    }

    // The index may be a moment behind the plan.
    private MatchDriver? Free(Trip trip, int slot, GeoPoint at, DateTimeOffset now)
    {
        var plan = book.PlanOf(fleet.Slots.IdOf(slot));
        var seats = SeatsOf(plan.DriverId);
        return plan is { Trips.IsEmpty: true, OfferedTripId: null } && fleet.Rejects.Of(slot) is not { IsPlaceInDoubt: true } && OfferHindrances.Of(trip, plan, seats, now, rules) == OfferHindrance.None
            ? new MatchDriver(plan.DriverId, at, at, 0, plan, seats)
            : null;
    }

    private DriverFilter FreeFilter(Needs needs, DateTimeOffset now) => DriverFilter.ReadyForTrip with
    {
        MinFixedAtUnixMs = OldestFixUnixMs(now),
        VehicleType = needs.Type,
        RequiredAttributes = needs.Attributes,
    };

    // What a trip asks of vehicle and driver, in the index's terms.
    private readonly record struct Needs(ushort? Type, ulong Attributes);

    private readonly record struct WorkingDriver(MatchDriver Driver, int Slot, bool IsSoonFree, bool TakesMore);
}
