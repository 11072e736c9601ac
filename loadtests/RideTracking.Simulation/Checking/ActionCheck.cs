using RideTracking.Simulation.Actors;
using RideTracking.V1;

namespace RideTracking.Simulation.Checking;

/// <summary>
/// Actions are answered: once each, alike each time, by an event of the trip where they succeeded; and only the phone that
/// speaks for the driver acts.
/// </summary>
internal sealed class ActionCheck(Violations violations, TripCheck trips)
{
    private readonly Dictionary<string, ActionMade> _made = new(StringComparer.Ordinal);
    // After a store has forgotten, streams may claim their drivers anew for as long, and until then two speak for a driver.
    private static readonly TimeSpan ClaimedAnewWithin = TimeSpan.FromSeconds(60);

    private readonly HashSet<string> _answered = new(StringComparer.Ordinal);
    private readonly HashSet<string> _doubtful = new(StringComparer.Ordinal);
    private Dictionary<string, ActionResult> _answers = new(StringComparer.Ordinal);
    private Dictionary<(string TripId, ulong Version), string> _makers = [];
    private Dictionary<string, long> _newest = new(StringComparer.Ordinal);
    private Dictionary<string, long> _epochs = new(StringComparer.Ordinal);
    private (Dictionary<string, ActionResult> Answers, Dictionary<(string TripId, ulong Version), string> Makers, Dictionary<string, long> Newest, Dictionary<string, long> Epochs) _kept =
        ([], [], [], []);
    private DateTimeOffset _forgotAt = DateTimeOffset.MinValue;
    private readonly Dictionary<string, long> _newestAtMaking = new(StringComparer.Ordinal);
    private readonly HashSet<string> _gone = new(StringComparer.Ordinal);

    /// <summary>How many actions drivers made.</summary>
    public int Count => _made.Count;

    /// <summary>A phone speaks for the driver from here on.</summary>
    public void Claimed(string driverId, string phone, long epoch)
    {
        // Two welcomes may arrive in another order than the claims.
        _newest[driverId] = Math.Max(_newest.GetValueOrDefault(driverId), epoch);
        _epochs[phone] = Math.Max(_epochs.GetValueOrDefault(phone), epoch);
    }

    public void Gone(PhoneGone entry) => _gone.Add(entry.Phone);

    public void Made(ActionMade entry)
    {
        _made.Add(entry.Action.ActionId, entry);
        _newestAtMaking[entry.Action.ActionId] = entry.At - _forgotAt < ClaimedAnewWithin ? 0 : _newest.GetValueOrDefault(entry.DriverId);
    }

    public void Answered(ActionAnswered entry)
    {
        var id = entry.Result.ActionId;
        if (!_made.TryGetValue(id, out var made))
        {
            violations.Require(false, entry.At, "only actions are answered", $"{entry.Phone} got an answer to {id}");
            return;
        }

        var reason = Refusals.ReasonOf(entry.Result.Status);
        if (reason is Refusals.TakenOver or Refusals.Contended || entry.Result.Status.Code == (int)Google.Rpc.Code.Unavailable)
        {
            // Nothing was done and nothing is remembered.
            return;
        }

        _answered.Add(id);
        if (_doubtful.Contains(id))
        {
            return;
        }

        // A phone that never spoke before may yet be the one that takes over.
        violations.Require(
            _epochs.GetValueOrDefault(made.Phone) >= _newestAtMaking[id], entry.At, "only one phone acts", $"{id} was made when another phone spoke for {made.DriverId}, and answered {entry.Result.Status.Code}");
        if (_answers.TryGetValue(id, out var first))
        {
            violations.Require(first.Equals(entry.Result), entry.At, "a repeat gets the same answer", $"{id} was answered {first}, then {entry.Result}");
            return;
        }

        _answers[id] = entry.Result;
        if (entry.Result.HasTripVersion)
        {
            Succeeded(entry, made);
        }
    }

    public void Keep() => _kept = (new(_answers, StringComparer.Ordinal), new(_makers), new(_newest, StringComparer.Ordinal), new(_epochs, StringComparer.Ordinal));

    /// <summary>
    /// The store has again what it had when it was kept. Whatever was made by now and not answered then may be answered twice: by what was
    /// forgotten, and by what is so.
    /// </summary>
    public void Forget(DateTimeOffset at)
    {
        _doubtful.UnionWith(_made.Keys.Except(_kept.Answers.Keys, StringComparer.Ordinal));
        (_answers, _makers, _newest, _epochs) = _kept;
        _forgotAt = at;
    }

    public void End(DateTimeOffset at)
    {
        foreach (var (id, made) in _made)
        {
            violations.Require(_answered.Contains(id) || _gone.Contains(made.Phone), at, "every action is answered", $"{id}: {made.Action.ActionCase}");
        }
    }

    private void Succeeded(ActionAnswered entry, ActionMade made)
    {
        var (tripId, kinds) = Meant(made.Action);
        var version = entry.Result.TripVersion;
        var happened = trips.EventAt(tripId, version);
        violations.Require(
            happened is not null && kinds.Contains(happened.Kind) && happened.Actor == "Driver" && happened.DriverId == made.DriverId, entry.At, "an answer tells what was done",
            $"{made.Action.ActionId} ({made.Action.ActionCase}) of {made.DriverId} was told version {version} of {tripId}, which is {happened?.Kind} by {happened?.Actor} {happened?.DriverId}");
        violations.Require(
            made.Action.TripProgress is not { Step: WaypointStep.Done } progress || happened?.Kind != "WaypointDone" || !progress.WaypointId.EndsWith(".w1", StringComparison.Ordinal)
            || trips.Find(tripId)?.PickupCode is not { } code || code == progress.PickupCode, entry.At, "no ride begins without the rider's code",
            $"{made.Action.ActionId} told '{made.Action.TripProgress?.PickupCode}'");
        violations.Require(
            _makers.TryAdd((tripId, version), made.Action.ActionId), entry.At, "an action is done once",
            $"version {version} of {tripId} was made by {_makers[(tripId, version)]} and {made.Action.ActionId}");
    }

    private static (string TripId, string[] Kinds) Meant(DriverAction action) => action.ActionCase switch
    {
        DriverAction.ActionOneofCase.OfferReply => (
            action.OfferReply.OfferId[..action.OfferReply.OfferId.LastIndexOf('.')], [action.OfferReply.Accepted ? "Assigned" : "OfferDeclined"]),
        DriverAction.ActionOneofCase.TripProgress => (action.TripProgress.TripId, action.TripProgress.Step switch
        {
            WaypointStep.Heading => ["EnRoute"],
            WaypointStep.Arrived => ["Arrived"],
            _ => ["WaypointDone", "Completed"],
        }),
        DriverAction.ActionOneofCase.TripCancellation => (action.TripCancellation.TripId, ["Cancelled", "DriverRemoved"]),
        _ => ("", []),
    };
}
