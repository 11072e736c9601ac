namespace RideTracking.Simulation.Checking;

/// <summary>Each trip by itself: versions, events, steps, deadlines, and one trip for a request.</summary>
internal sealed class TripCheck(Violations violations)
{
    // Nodes' times differ by half of the way to the store at most.
    private static readonly TimeSpan ClockError = TimeSpan.FromSeconds(3);

    // A commit may be on its way for as long as the store stalls, or as its node was asleep without knowing.
    private static readonly TimeSpan LongestWay = TimeSpan.FromSeconds(130);

    private readonly HashSet<(string TripId, ulong Version)> _forgotten = [];
    private Dictionary<string, TripRecord> _trips = new(StringComparer.Ordinal);
    private Dictionary<string, string> _records = new(StringComparer.Ordinal);
    private Dictionary<string, string> _tripOfRequest = new(StringComparer.Ordinal);
    private (Dictionary<string, TripRecord> Trips, Dictionary<string, string> Records, Dictionary<string, string> TripOfRequest) _kept = ([], [], []);

    public IReadOnlyDictionary<string, TripRecord> Trips => _trips;

    public TripRecord? Find(string tripId) => _trips.GetValueOrDefault(tripId);

    public void Stored(TripStored entry)
    {
        var at = entry.At;
        var before = _trips.GetValueOrDefault(entry.TripId);
        violations.Require(entry.Record.Length > 0, at, "no trip is lost", $"the record of {entry.TripId} is gone");
        if (entry.Record.Length == 0)
        {
            return;
        }

        var trip = TripRecord.Read(entry.Record);
        var isNew = _records.GetValueOrDefault(entry.TripId) != entry.Record;
        (_trips[entry.TripId], _records[entry.TripId]) = (trip, entry.Record);
        violations.Require(
            trip.IsFinal == entry.DueAtMs is null, at, "a trip is due until it is final", $"{trip.Id} is {trip.State} and due at {entry.DueAtMs}");
        foreach (var offer in trip.Offers)
        {
            violations.Require(
                entry.DueAtMs <= offer.ExpiresAt.ToUnixTimeMilliseconds(), at, "an open offer has a deadline", $"{offer.Id} expires at {offer.ExpiresAt:O}, due at {entry.DueAtMs}");
        }

        if (isNew)
        {
            Changed(at, before, trip);
        }
    }

    public void Accepted(RideAccepted entry)
    {
        violations.Require(
            IsForgotten(entry.TripId, 1) || (_trips.TryGetValue(entry.TripId, out var trip) && trip.Note == entry.RequestId), entry.At, "no trip is lost",
            $"{entry.RequestId} was told the trip {entry.TripId}, which the store never had");
    }

    public void Told(ChangeTold entry)
    {
        var happened = EventAt(entry.TripId, entry.Version);
        violations.Require(
            IsForgotten(entry.TripId, entry.Version) || (happened is not null && happened.Actor == entry.Who), entry.At, "who is told of a change made it",
            $"{entry.Who} was told of version {entry.Version} of {entry.TripId}, which is {happened?.Kind} by {happened?.Actor}");
    }

    public void Keep() => _kept = (new(_trips, StringComparer.Ordinal), new(_records, StringComparer.Ordinal), new(_tripOfRequest, StringComparer.Ordinal));

    /// <summary>The store has again what it had when it was kept: what it has is what is so.</summary>
    public void Forget()
    {
        foreach (var (id, trip) in _trips)
        {
            for (var version = (_kept.Trips.GetValueOrDefault(id)?.Version ?? 0) + 1; version <= trip.Version; version++)
            {
                _forgotten.Add((id, version));
            }
        }

        (_trips, _records, _tripOfRequest) = _kept;
    }

    /// <summary>Whether the store once had this version of a trip and forgot it; it may have given it again to something else.</summary>
    public bool IsForgotten(string tripId, ulong version) => _forgotten.Contains((tripId, version));

    public StoredEvent? EventAt(string tripId, ulong version) => Find(tripId)?.Events.FirstOrDefault(e => e.Version == version);

    public void End(DateTimeOffset at, FinalStore store)
    {
        foreach (var (id, trip) in _trips)
        {
            violations.Require(trip.IsFinal, at, "every trip reaches an end", $"{id} is {trip.State} at version {trip.Version}");
            violations.Require(
                store.Trips.GetValueOrDefault(id, "") == _records[id], at, "only scripts change the store", $"{id} is not what the last script left");
        }

        violations.Require(
            store.Events.Select(e => e.Number).SequenceEqual(Enumerable.Range(1, store.Events.Count).Select(c => (ulong)c)), at, "the events' numbers have no gap", $"");
        violations.Require(
            store.Events.Select(e => (e.TripId, e.Version)).Order().SequenceEqual(_trips.Values.SelectMany(t => t.Events.Select(e => (t.Id, e.Version))).Order()), at,
            "every event is logged once", $"{store.Events.Count} are logged, {_trips.Values.Sum(t => t.Events.Length)} happened");
        violations.Require(store.Deadlines.Count == 0, at, "nothing is due when all is over", $"{string.Join(' ', store.Deadlines)}");
    }

    private void Changed(DateTimeOffset at, TripRecord? before, TripRecord trip)
    {
        violations.Require(before is not { IsFinal: true }, at, "a final trip never changes", $"{trip.Id} was {before?.State}, is {trip.State}");
        violations.Require(
            trip.Version == (before?.Version ?? 0) + 1 && trip.RecordVersion == trip.Version, at, "versions have no gap",
            $"{trip.Id} goes from {before?.Version ?? 0} to {trip.Version}, its record says {trip.RecordVersion}");
        violations.Require(
            trip.Events.Select(e => e.Version).SequenceEqual(Enumerable.Range(1, (int)trip.Version).Select(v => (ulong)v)), at, "each version is one event",
            $"{trip.Id} has the events {string.Join(' ', trip.Events.Select(e => e.Version))} at version {trip.Version}");
        violations.Require(
            before is null || before.Events.Select(e => e.Json).SequenceEqual(trip.Events.Take(before.Events.Length).Select(e => e.Json)), at, "the past stays",
            $"an event of {trip.Id} is not what it was");
        if (before is null)
        {
            violations.Require(
                _tripOfRequest.TryAdd(trip.Note, trip.Id), at, "one request is one trip", $"{trip.Note} became {_tripOfRequest.GetValueOrDefault(trip.Note)} and {trip.Id}");
        }

        if (trip.Events.Length == 0)
        {
            return;
        }

        var happened = trip.Events[^1];
        violations.Require(
            LegalSteps.Allows(before?.State ?? "", happened) && happened.State == trip.State, at, "every step is legal",
            $"{trip.Id} was {before?.State}, {happened.Kind} by {happened.Actor} makes it {happened.State}, and it is {trip.State}");
        violations.Require(
            happened.OccurredAt <= happened.RecordedAt && happened.OccurredAt >= trip.RequestedAt, at, "nothing happens before the request or in the future",
            $"{trip.Id}: {happened.Kind} occurred at {happened.OccurredAt:O}, recorded at {happened.RecordedAt:O}, requested at {trip.RequestedAt:O}");
        violations.Require(
            happened.RecordedAt <= at + ClockError && happened.RecordedAt >= at - LongestWay, at, "every node goes by the store's time",
            $"{trip.Id}: {happened.Kind} was recorded at {happened.RecordedAt:O}");
        violations.Require(
            trip.IsFinal || LegalSteps.HasDriver(trip.State) == (trip.DriverId is not null), at, "a trip has a driver from its assignment on",
            $"{trip.Id} is {trip.State} with the driver '{trip.DriverId}'");
        violations.Require(
            trip.Offers.Length == 0 || trip.State == "Searching", at, "only a trip that searches is offered", $"{trip.Id} is {trip.State} and offered");
        if (happened is { Kind: "Assigned", Actor: "Driver" })
        {
            violations.Require(
                before is not null && before.Offers.Any(o => o.DriverId == happened.DriverId) && happened.DriverId == trip.DriverId, at, "who was asked drives",
                $"{trip.Id} is assigned to {happened.DriverId}, offered to {string.Join(' ', before?.Offers.Select(o => o.DriverId) ?? [])}");
        }
    }
}
