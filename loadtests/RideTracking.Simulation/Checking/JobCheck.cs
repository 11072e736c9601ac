namespace RideTracking.Simulation.Checking;

/// <summary>One driver, one job: trips and plans name each other after every script, and no plan holds more than it may.</summary>
internal sealed class JobCheck(Violations violations, TripCheck trips)
{
    private const int MaxShared = 3;

    private Dictionary<string, PlanRecord> _plans = new(StringComparer.Ordinal);
    private Dictionary<string, HashSet<string>> _driversOfTrip = new(StringComparer.Ordinal);
    private (Dictionary<string, PlanRecord> Plans, Dictionary<string, HashSet<string>> DriversOfTrip) _kept = ([], []);
    private readonly SortedSet<string> _touchedTrips = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _touchedDrivers = new(StringComparer.Ordinal);

    public void Stored(TripStored entry) => _touchedTrips.Add(entry.TripId);

    // What an offer's end counts for, and that nobody who is blocked gets a trip.
    private void CheckDriver(DateTimeOffset at, StoredEvent happened, PlanRecord? before, PlanRecord plan)
    {
        var counts = happened.Kind is "OfferDeclined" or "OfferTimedOut";
        violations.Require(
            !(counts || happened.Kind is "OfferUndelivered" or "OfferWithdrawn") || plan.RecentRefusals == (before?.RecentRefusals ?? 0) + (counts ? 1ul : 0), at,
            "only what a driver declined or ignored counts against the driver", $"{happened.Kind}: {plan.DriverId} has {plan.RecentRefusals} after {before?.RecentRefusals}");
        violations.Require(
            plan.BlockedReason is null || happened.Kind is not ("Offered" or "Assigned"), at, "who is blocked gets no trip", $"{plan.DriverId} is blocked: {happened.Kind}");
    }

    public void Stored(PlanStored entry)
    {
        var plan = PlanRecord.Read(entry.Record);
        var before = _plans.GetValueOrDefault(entry.DriverId);
        violations.Require(
            plan.Version == (before?.Version ?? 0) + 1 && plan.RecordVersion == plan.Version, entry.At, "versions have no gap",
            $"the plan of {entry.DriverId} goes from {before?.Version ?? 0} to {plan.Version}, its record says {plan.RecordVersion}");
        violations.Require(
            plan.RoutePlanVersion >= (before?.RoutePlanVersion ?? 0), entry.At, "route plans never go back",
            $"that of {entry.DriverId} goes from {before?.RoutePlanVersion} to {plan.RoutePlanVersion}");
        _plans[entry.DriverId] = plan;
        foreach (var tripId in _touchedTrips)
        {
            if (trips.Find(tripId) is { Events: [.., var happened] } && happened.DriverId == entry.DriverId)
            {
                CheckDriver(entry.At, happened, before, plan);
            }
        }

        _touchedDrivers.Add(entry.DriverId);
    }

    public void Keep() => _kept = (new(_plans, StringComparer.Ordinal), new(_driversOfTrip, StringComparer.Ordinal));

    /// <summary>The store has again what it had when it was kept.</summary>
    public void Forget() => (_plans, _driversOfTrip) = _kept;

    /// <summary>All that one script left was seen.</summary>
    public void Committed(DateTimeOffset at)
    {
        foreach (var tripId in _touchedTrips)
        {
            if (trips.Find(tripId) is { } trip)
            {
                var now = trip.IsFinal ? [] : new HashSet<string>([.. trip.Offers.Select(o => o.DriverId), .. trip.DriverId is { } d ? [d] : Array.Empty<string>()], StringComparer.Ordinal);
                // Those who had to do with it before must have been released.
                _touchedDrivers.UnionWith(now.Union(_driversOfTrip.GetValueOrDefault(tripId) ?? [], StringComparer.Ordinal));
                _driversOfTrip[tripId] = now;
            }
        }

        foreach (var driverId in _touchedDrivers)
        {
            Agree(at, driverId);
        }

        _touchedTrips.Clear();
        _touchedDrivers.Clear();
    }

    public void End(DateTimeOffset at, FinalStore store)
    {
        foreach (var (driverId, record) in store.Plans)
        {
            var plan = PlanRecord.Read(record);
            violations.Require(
                plan.TripIds.Length == 0 && plan.OfferedTripId is null, at, "every claim is released",
                $"{driverId} still has [{string.Join(' ', plan.TripIds)}] and the offer of '{plan.OfferedTripId}'");
        }
    }

    private void Agree(DateTimeOffset at, string driverId)
    {
        var plan = _plans.GetValueOrDefault(driverId);
        string[] driven = [.. trips.Trips.Values.Where(t => !t.IsFinal && t.DriverId == driverId).Select(t => t.Id).Order(StringComparer.Ordinal)];
        string[] offered = [.. trips.Trips.Values.Where(t => t.Offers.Any(o => o.DriverId == driverId)).Select(t => t.Id).Order(StringComparer.Ordinal)];
        var areShared = driven.Concat(offered).All(id => trips.Find(id)!.CanShare);
        var onBoard = driven.Count(id => trips.Find(id)!.State == "InProgress");
        // One; or the next one behind that which is in progress; or few that are shared.
        violations.Require(
            offered.Length <= 1 && (driven.Length + offered.Length <= 1 || (driven.Length + offered.Length == 2 && onBoard == 1) || (areShared && driven.Length <= MaxShared)),
            at, "one driver, one job", $"{driverId} drives [{string.Join(' ', driven)}], {onBoard} of them in progress, and is offered [{string.Join(' ', offered)}]");
        violations.Require(
            (plan?.StopTripIds ?? []).Distinct().Order(StringComparer.Ordinal).SequenceEqual(driven), at, "the way leads through all trips and no others",
            $"{driverId} drives [{string.Join(' ', driven)}], the way is through [{string.Join(' ', plan?.StopTripIds ?? [])}]");
        violations.Require(
            driven.SequenceEqual((plan?.TripIds ?? []).Order(StringComparer.Ordinal)), at, "trips and plans name each other",
            $"{driverId} drives [{string.Join(' ', driven)}], the plan says [{string.Join(' ', plan?.TripIds ?? [])}]");
        violations.Require(
            offered.SequenceEqual(plan?.OfferedTripId is { } one ? [one] : []), at, "offers and plans name each other",
            $"{driverId} is offered [{string.Join(' ', offered)}], the plan says '{plan?.OfferedTripId}'");
    }
}
