using RideTracking.Engine.Dispatch;
using RideTracking.Faults.Told;

namespace RideTracking.Faults.Checking;

/// <summary>Trip events under the cursor: at least once, none skipped, none that says something else than before.</summary>
internal sealed class EventCheck(Violations violations, Legal legal)
{
    /// <summary>Different events that were read.</summary>
    public int Read { get; private set; }

    /// <summary>How many were read more than once.</summary>
    public int Again { get; private set; }

    public void Check(Record record, StoreContents store)
    {
        var seen = new Dictionary<(string Trip, ulong Version), ToldEvent>();
        var versions = new Dictionary<(int Watch, string Trip), ulong>();
        foreach (var told in record.Events)
        {
            var (trip, version) = (told.Event.TripId, told.Event.Event.Version);
            ref var last = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(versions, (told.Watch, trip), out _);
            violations.Require(
                version <= last + 1 || legal.Forgot, Broken.EventSkipped, told.At, $"trip {trip}: version {version} was read after {last}");
            last = Math.Max(last, version);
            if (seen.TryGetValue((trip, version), out var before))
            {
                Again++;
                if (!before.Event.Event.Equals(told.Event.Event))
                {
                    // What the store has forgotten is told no more once what came in its place was told.
                    violations.Require(
                        MayBeForgotten(before) && RecordedAt(told) >= RecordedAt(before), Broken.EventContradicted, told.At,
                        $"trip {trip}: version {version} was {before.Event.Event.Kind} of {RecordedAt(before):HH:mm:ss.fff}, and then {told.Event.Event.Kind} of {RecordedAt(told):HH:mm:ss.fff}");
                }
            }

            seen[(trip, version)] = told;
        }

        Read = seen.Count;
        foreach (var trip in store.Trips.Values)
        {
            foreach (var happened in trip.Events)
            {
                var isRead = seen.TryGetValue((trip.Id, happened.Version), out var told);
                violations.Require(isRead, Broken.EventSkipped, happened.RecordedAt, $"trip {trip.Id}: {happened.Kind} of version {happened.Version} was never read");
                violations.Require(
                    !isRead || IsAlike(happened, told!.Event.Event), Broken.EventContradicted, happened.RecordedAt,
                    $"trip {trip.Id}: version {happened.Version} is {happened.Kind} of {happened.DriverId}, and was read as {told?.Event.Event.Kind} of {told?.Event.Event.DriverId}");
            }
        }

        foreach (var ((trip, version), told) in seen)
        {
            violations.Require(
                store.Trips.TryGetValue(trip, out var stored) && stored.Version >= version || MayBeForgotten(told), Broken.EventContradicted, told.At,
                $"trip {trip}: {told.Event.Event.Kind} of version {version} was read, and the trip has {(stored is null ? "no record" : $"version {stored.Version}")}");
        }
    }

    private bool MayBeForgotten(ToldEvent told) => legal.MayBeUndone(RecordedAt(told), told.At);

    private static DateTimeOffset RecordedAt(ToldEvent told) => told.Event.Event.RecordedAt.ToDateTimeOffset();

    private static bool IsAlike(TripEvent stored, V1.TripEvent told) =>
        (int)stored.Kind == (int)told.Kind && (int)stored.Actor == (int)told.Actor && (int)stored.State == (int)told.State && (stored.DriverId ?? "") == told.DriverId;
}
