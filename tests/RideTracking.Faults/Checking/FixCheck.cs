using RideTracking.Engine.Ingest;
using RideTracking.Faults.Told;
using RideTracking.Server.Log;

namespace RideTracking.Faults.Checking;

/// <summary>Acknowledged means kept: what phones were told against what the log holds.</summary>
internal sealed class FixCheck(Violations violations, Legal legal)
{
    /// <summary>Fixes that stand in the log more than once, all alike: readers drop the second.</summary>
    public int PlainDoubles { get; private set; }

    /// <summary>Acknowledged fixes that the store has forgotten, as it was made to.</summary>
    public int Forgotten { get; private set; }

    public void Check(Record record, StoreContents store)
    {
        var now = Record.Now;
        violations.Require(store.Unreadable == 0, Broken.FixLost, now, $"{store.Unreadable} batches of the log cannot be read");
        var logged = Index(store.Log);
        foreach (var told in record.Fixes)
        {
            var isLogged = logged.TryGetValue((told.DriverId, told.SessionId, told.Sequence), out var fix);
            if (told.Outcome == V1.FixOutcome.Rejected)
            {
                violations.Require(
                    !isLogged, Broken.FixDoubled, told.At, $"fix {told.Sequence} of {told.DriverId} ({told.SessionId}) was told as rejected, and the log has it as {fix.Outcome}");
            }
            else if (!isLogged && legal.MayBeForgotten(DateTimeOffset.FromUnixTimeMilliseconds(told.SensorTimeUnixMs), told.At))
            {
                Forgotten++;
            }
            else
            {
                violations.Require(isLogged, Broken.FixLost, told.At, $"fix {told.Sequence} of {told.DriverId} ({told.SessionId}) was acknowledged, and the log does not have it");
                violations.Require(
                    !isLogged || IsAlike(told, fix.Fix), Broken.FixDoubled, told.At,
                    $"fix {told.Sequence} of {told.DriverId} ({told.SessionId}) of {told.SensorTimeUnixMs} at {told.LatitudeE7},{told.LongitudeE7} stands in the log as of {fix.Fix.SensorTimeUnixMs} at {fix.Fix.LatitudeE7},{fix.Fix.LongitudeE7}");
            }
        }
    }

    // As readers do: of several with the same name the first counts.
    private Dictionary<(string Driver, string Session, ulong Sequence), LoggedFix> Index(IReadOnlyList<LoggedFix> log)
    {
        var first = new Dictionary<(string, string, ulong), LoggedFix>(log.Count);
        var epochs = new Dictionary<string, long>();
        foreach (var fix in log)
        {
            var at = DateTimeOffset.FromUnixTimeMilliseconds(fix.Fix.FixedAtUnixMs);
            var epoch = fix.Connection.Epoch;
            var highest = epochs.GetValueOrDefault(fix.DriverId);
            violations.Require(
                epoch >= highest, Broken.FixDoubled, at,
                $"fix {fix.Fix.Sequence} of {fix.DriverId} ({fix.SessionId}) was written under the claim {epoch} after the claim {highest} had written: its writer was fenced");
            epochs[fix.DriverId] = Math.Max(epoch, highest);
            var name = (fix.DriverId, fix.SessionId, fix.Fix.Sequence);
            if (first.TryAdd(name, fix))
            {
                continue;
            }

            PlainDoubles++;
            var before = first[name];
            violations.Require(
                IsAlike(before.Fix, fix.Fix), Broken.FixDoubled, at, $"fix {fix.Fix.Sequence} of {fix.DriverId} ({fix.SessionId}) stands in the log with two contents");
            violations.Require(
                before.Connection.Epoch != epoch, Broken.FixDoubled, at,
                $"fix {fix.Fix.Sequence} of {fix.DriverId} ({fix.SessionId}) was written twice under the claim {epoch}: a retry doubles nothing");
            violations.Require(
                before.Connection.Epoch >= epoch || legal.Forgot, Broken.FixDoubled, at,
                $"fix {fix.Fix.Sequence} of {fix.DriverId} ({fix.SessionId}) was written under the claim {before.Connection.Epoch} and again under {epoch}: the resume point of a claim is exact");
        }

        return first;
    }

    private static bool IsAlike(ToldFix told, Fix logged) =>
        told.SensorTimeUnixMs == logged.SensorTimeUnixMs && told.LatitudeE7 == logged.LatitudeE7 && told.LongitudeE7 == logged.LongitudeE7;

    private static bool IsAlike(Fix one, Fix other) => one.ContentHash() == other.ContentHash();
}
