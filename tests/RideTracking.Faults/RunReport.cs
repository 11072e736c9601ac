using System.Globalization;
using System.Text;
using RideTracking.Faults.Checking;
using RideTracking.Faults.Plants;
using RideTracking.Faults.Schedule;
using RideTracking.Faults.Told;

namespace RideTracking.Faults;

/// <summary>What came of a run, as a table.</summary>
internal sealed record RunReport(
    RigOptions Options, SufferedFaults Suffered, Record Record, StoreContents Store, Violations Violations, FixCheck Fixes, TripCheck Trips, EventCheck Events)
{
    /// <summary>Whether the mistake that was planted was reported, by what it breaks.</summary>
    public bool IsPlantReported => Plant.Of(Options.Plant)?.Breaks.Any(b => Violations.Of(b) > 0) == true;

    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var line in Violations.Lines)
        {
            text.AppendLine(line);
        }

        var acknowledged = Order(Record.Acknowledgements);
        var answers = Order(Record.Answers);
        text.AppendLine(CultureInfo.InvariantCulture, $"seed {Options.Seed}, store {Options.Store}, {Options.Nodes} nodes, {Options.Drivers} drivers, {Options.Riders} riders, {Options.Lasts.TotalSeconds:F0} s{With()}");
        text.AppendLine("fault                     count   longest without a call answered   without a fix acknowledged");
        foreach (var (kind, count) in Suffered.Counts)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{kind,-24} {count,6} {Suffered.LongestWithout(kind, answers).TotalSeconds,31:F1} s {Suffered.LongestWithout(kind, acknowledged).TotalSeconds,26:F1} s");
        }

        Row(text, "fixes acknowledged", Record.Fixes.Count, Broken.FixLost, Broken.FixDoubled, Fixes.Forgotten, $"rejected {Record.Fixes.Count(f => f.Outcome == V1.FixOutcome.Rejected)}, in the log more than once {Fixes.PlainDoubles}");
        Row(text, "trips accepted", Record.Requests.Select(r => r.TripId).Distinct().Count(), Broken.TripLost, Broken.TripDoubled, Trips.Forgotten, StatesOfTrips());
        Row(text, "commands told", Record.Commands.Count, Broken.CommandLost, Broken.CommandDoubled, 0, $"words accepted {Record.Messages.Count}");
        Row(text, "actions answered", Record.Actions.Count(a => a.Answers.Count > 0), Broken.ActionLost, Broken.ActionDoubled, 0, $"done {Record.Actions.Count(a => a.IsDone)}");
        Row(text, "events read", Events.Read, Broken.EventSkipped, Broken.EventContradicted, 0, $"again {Events.Again}");
        text.AppendLine(CultureInfo.InvariantCulture, $"nodes disagree {Violations.Of(Broken.NodesDisagree)}, not settled {Violations.Of(Broken.NotSettled)}, errors logged {Violations.Of(Broken.ErrorLogged)}, violations {Violations.Total}");
        foreach (var (refusal, count) in Record.Refusals.OrderByDescending(r => r.Value).Take(12))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{count,8} × {refusal}");
        }

        return text.ToString();
    }

    private string With() => string.Concat(
        Options.WaitsForReplica ? ", waiting for the replica" : "", Options.IsEverySecond ? ", to disk each second" : "", Options.Upgrades ? ", two versions" : "");

    private string StatesOfTrips() => string.Join(", ", Store.Trips.Values.GroupBy(t => t.State).OrderBy(t => t.Key).Select(t => $"{t.Key} {t.Count()}"));

    private void Row(StringBuilder text, string what, int count, Broken lost, Broken doubled, int forgotten, string more) => text.AppendLine(
        CultureInfo.InvariantCulture,
        $"{what,-18} {count,9}   lost {Violations.Of(lost),4}   doubled {Violations.Of(doubled),4}{(forgotten > 0 ? $"   forgotten by the store {forgotten}" : "")}   ({more})");

    private static DateTimeOffset[] Order(IEnumerable<DateTimeOffset> times) => [.. times.Order()];
}
