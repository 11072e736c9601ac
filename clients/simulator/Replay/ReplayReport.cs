using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace RideTracking.Simulator.Replay;

/// <summary>What a replay came to. Every good row is in exactly one of: accepted, history only, in the log at a resume point, rejected, unacknowledged, dropped.</summary>
internal sealed record ReplaySummary
{
    public required long RowsRead { get; init; }
    public required long BrokenRows { get; init; }
    public required int Vehicles { get; init; }

    /// <summary>Fixes sent, each counted once.</summary>
    public required long Sent { get; init; }
    public required long Resent { get; init; }
    public required long Accepted { get; init; }
    public required long HistoryOnly { get; init; }
    public required long Rejected { get; init; }
    public required IReadOnlyDictionary<string, long> RejectedByReason { get; init; }

    /// <summary>Acknowledged by the resume point of a new stream: the verdicts were lost with the old one.</summary>
    public required long LoggedAtResume { get; init; }
    public required long Unacknowledged { get; init; }
    public required long DroppedBeforeSending { get; init; }
    public required long StreamsLost { get; init; }
    public string? LastLoss { get; init; }
    public required IReadOnlyDictionary<string, long> RefusedActions { get; init; }

    /// <summary>Vehicles of which many fixes were rejected, the most first: a broken receiver, or two under one name.</summary>
    public required IReadOnlyList<VehicleRejects> RejectedByVehicle { get; init; }

    /// <summary>Of the recording's time, as nothing was in it.</summary>
    public required TimeSpan Skipped { get; init; }
    public required TimeSpan Recorded { get; init; }
    public required TimeSpan Took { get; init; }

    public override string ToString()
    {
        var text = new StringBuilder();
        Line("rows read", $"{RowsRead:N0}, broken {BrokenRows:N0}");
        Line("vehicles", $"{Vehicles:N0}");
        Line("sent", $"{Sent:N0}, resent {Resent:N0}");
        Line("accepted", $"{Accepted:N0}");
        Line("history only", $"{HistoryOnly:N0}");
        Line("rejected", $"{Rejected:N0}" + string.Concat(RejectedByReason.Select(r => $"\n                  {r.Key} {r.Value:N0}")));
        foreach (var vehicle in RejectedByVehicle.Take(10))
            Line("", $"{vehicle.DriverId}: {vehicle.Rejected:N0} of {vehicle.Sent:N0}, most {vehicle.MostlyFor}");
        if (LoggedAtResume > 0)
            Line("in the log", $"{LoggedAtResume:N0} more (acknowledged by a resume point: accepted or history only)");
        Line("unacknowledged", $"{Unacknowledged:N0}");
        if (DroppedBeforeSending > 0)
            Line("dropped", $"{DroppedBeforeSending:N0} (a vehicle's buffer was full)");
        if (StreamsLost > 0)
            Line("streams lost", $"{StreamsLost:N0}, last: {LastLoss}");
        if (RefusedActions.Count > 0)
            Line("refused actions", string.Join(", ", RefusedActions.Select(r => $"{r.Key} {r.Value:N0}")));
        if (Skipped > TimeSpan.Zero)
            Line("skipped", string.Create(CultureInfo.InvariantCulture, $"{Skipped:d\\.hh\\:mm\\:ss} of gaps"));
        Line("took", string.Create(CultureInfo.InvariantCulture, $"{Took.TotalSeconds:N1} s for {Recorded:d\\.hh\\:mm\\:ss} of recording"));
        return text.ToString().TrimEnd();

        void Line(string name, string value) => text.Append(name.PadRight(18)).Append(value).Append('\n');
    }
}

/// <summary>How much of what a vehicle sent was rejected.</summary>
/// <param name="DriverId">The vehicle.</param>
/// <param name="Rejected">Fixes.</param>
/// <param name="Sent">Fixes.</param>
/// <param name="MostlyFor">The reason of most of them.</param>
internal sealed record VehicleRejects(string DriverId, long Rejected, long Sent, string MostlyFor);

/// <summary>Where a vehicle stands at the end: every fix up to the acknowledged sequence was acknowledged; "ended" says why its connection ended before the replay did.</summary>
internal sealed record VehicleReport(string DriverId, string SessionId, ulong LastSequence, ulong AcknowledgedThrough, string? Ended);

/// <summary>All that <c>--report</c> writes.</summary>
internal sealed record ReplayReport(
    ReplaySummary Summary, IReadOnlyList<BrokenRow> BrokenRows, IReadOnlyList<RejectedFix> RejectedSample, IReadOnlyList<VehicleReport> Vehicles)
{
    public static JsonSerializerOptions JsonOptions { get; } = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };
}
