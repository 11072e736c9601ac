using RideTracking.Engine.Dispatch;
using RideTracking.Faults.Told;

namespace RideTracking.Faults.Checking;

/// <summary>One driver, one job, and no trip is lost: what riders were told against the trips' records.</summary>
internal sealed class TripCheck(Violations violations, Legal legal)
{
    // Two nodes read the store's time one after the other.
    private static readonly TimeSpan ClocksApart = TimeSpan.FromSeconds(3);

    /// <summary>Accepted trips that the store has forgotten, as it was made to.</summary>
    public int Forgotten { get; private set; }

    public void Check(Record record, StoreContents store)
    {
        foreach (var told in record.Requests)
        {
            if (!store.Trips.ContainsKey(told.TripId) && legal.MayBeForgotten(told.AskedAt, told.At))
            {
                Forgotten++;
                continue;
            }

            violations.Require(store.Trips.ContainsKey(told.TripId), Broken.TripLost, told.At, $"trip {told.TripId} was accepted ({told.RequestId}), and the store does not have it");
        }

        foreach (var request in record.Requests.GroupBy(r => r.RequestId))
        {
            string[] trips = [.. request.Select(r => r.TripId).Distinct()];
            violations.Require(
                trips.Length == 1 || request.Any(r => legal.MayBeForgotten(r.AskedAt, r.At)), Broken.TripDoubled, request.First().At,
                $"the request {request.Key} made {trips.Length} trips: {string.Join(", ", trips)}");
        }

        foreach (var trip in store.Trips.Values)
        {
            CheckHistory(trip);
        }

        CheckRiders(record, store);
        CheckDrivers(store);
    }

    private void CheckHistory(Trip trip)
    {
        var last = trip.Events[^1];
        violations.Require(trip.IsFinal, Broken.TripLost, last.RecordedAt, $"trip {trip.Id} is still {trip.State}: it never comes to an end");
        violations.Require(
            trip.Events.Select(e => e.Version).SequenceEqual(Enumerable.Range(1, trip.Events.Length).Select(v => (ulong)v)) && trip.Version == last.Version,
            Broken.TripDoubled, last.RecordedAt, $"trip {trip.Id} of version {trip.Version} has events {string.Join(' ', trip.Events.Select(e => e.Version))}");
        string? driver = null;
        var isOver = false;
        foreach (var happened in trip.Events)
        {
            violations.Require(!isOver, Broken.TripDoubled, happened.RecordedAt, $"trip {trip.Id} went on after its end: {happened.Kind} {happened.Version}");
            if (happened.Kind == TripEventKind.Assigned)
            {
                violations.Require(
                    driver is null, Broken.TripDoubled, happened.RecordedAt, $"trip {trip.Id} was given to {happened.DriverId} while {driver} had it");
                driver = happened.DriverId;
            }
            else if (happened.Kind == TripEventKind.DriverRemoved)
            {
                driver = null;
            }

            isOver = happened.State is TripState.Completed or TripState.Cancelled or TripState.Unfulfilled;
        }
    }

    // What a rider saw of a version is what the record says of it.
    private void CheckRiders(Record record, StoreContents store)
    {
        foreach (var seen in record.Trips)
        {
            if (!store.Trips.TryGetValue(seen.TripId, out var trip))
            {
                continue;
            }

            var happened = trip.Events.FirstOrDefault(e => e.Version == seen.Version);
            violations.Require(
                (happened is not null && (int)happened.State == (int)seen.State) || legal.MayBeUndone(seen.RecordedAt, seen.At), Broken.TripDoubled, seen.At,
                $"trip {seen.TripId} was shown as {seen.State} in version {seen.Version}, which is {happened?.State.ToString() ?? "not there"}");
        }
    }

    // Trips are not shared here: of two that are in progress one must have ended first.
    private void CheckDrivers(StoreContents store)
    {
        var rides = store.Trips.Values
            .Select(t => (Trip: t, From: t.Events.FirstOrDefault(e => e.State == TripState.InProgress), Through: t.IsFinal ? t.Events[^1].RecordedAt : DateTimeOffset.MaxValue))
            .Where(r => r.From is not null && r.Trip.DriverId is not null);
        foreach (var driver in rides.GroupBy(r => r.Trip.DriverId!))
        {
            (Trip Trip, TripEvent? From, DateTimeOffset Through)[] inOrder = [.. driver.OrderBy(r => r.From!.RecordedAt)];
            for (var i = 1; i < inOrder.Length; i++)
            {
                violations.Require(
                    inOrder[i].From!.RecordedAt > inOrder[i - 1].Through - ClocksApart, Broken.TripDoubled, inOrder[i].From!.RecordedAt,
                    $"{driver.Key} drove {inOrder[i].Trip.Id} while {inOrder[i - 1].Trip.Id} was in progress");
            }
        }

        foreach (var plan in store.Plans.Values)
        {
            foreach (var id in plan.TripIds.Concat(plan.OfferedTripId is { } offered ? [offered] : []))
            {
                violations.Require(
                    store.Trips.TryGetValue(id, out var trip) && !trip.IsFinal, Broken.TripDoubled, Record.Now,
                    $"{plan.DriverId} has {id} in the plan, which is {store.Trips.GetValueOrDefault(id)?.State.ToString() ?? "not there"}");
            }
        }
    }
}
