namespace RideTracking.Simulation.Checking;

/// <summary>
/// One present on every node: memory never holds a trip or plan that the store never had, and where nothing is wrong just now, only what the
/// store has, or had moments ago.
/// </summary>
internal sealed class MemoryCheck(Violations violations)
{
    /// <summary>How old memory may be: heads are read each second, and the present is read anew within five of them.</summary>
    public static readonly TimeSpan Lag = TimeSpan.FromSeconds(15);

    private readonly Dictionary<string, List<Held>> _held = new(StringComparer.Ordinal);
    private bool _hasForgotten;
    private Dictionary<string, string> _kept = new(StringComparer.Ordinal);

    /// <summary>How often memory was compared where nothing was wrong.</summary>
    public int Compared { get; private set; }

    public void Stored(TripStored entry) => Has(entry.At, "trip " + entry.TripId, entry.Record);

    public void Stored(PlanStored entry) => Has(entry.At, "plan " + entry.DriverId, entry.Record);

    public void Shown(MemoryShown entry)
    {
        var since = entry.At - Lag;
        foreach (var (what, record) in entry.Records)
        {
            var held = _held.GetValueOrDefault(what, []);
            violations.Require(
                held.Exists(h => h.Record == record), entry.At, "memory holds nothing that the store never had", $"{entry.Node} has {what} as {Begin(record)}");
            violations.Require(
                !entry.IsCalm || held.Exists(h => h.Record == record && (h.Until ?? entry.At) >= since), entry.At, "every node has one present",
                $"{entry.Node} has {what} as {Begin(record)}, and the store as {Begin(held.Find(h => h.Until is null)?.Record)}");
        }

        if (!entry.IsCalm)
        {
            return;
        }

        Compared++;
        var known = entry.Records.Select(r => r.What).ToHashSet(StringComparer.Ordinal);
        foreach (var (what, held) in _held)
        {
            violations.Require(
                known.Contains(what) || held.Find(h => h.Until is null) is not { } now || now.From > since || IsFinal(what, now.Record), entry.At,
                "every node has one present", $"{entry.Node} does not know {what}, which the store has since {held[^1].From:HH:mm:ss}");
        }
    }

    /// <summary>Memory never goes back but with the store.</summary>
    public void WentBack(MemoryWentBack entry) => violations.Require(
        _hasForgotten, entry.At, "memory never goes back", $"{entry.Node} had {entry.What} at version {entry.Before}, and then at {entry.Version}");

    /// <summary>A node's word on who is connected to other nodes, and the store's.</summary>
    public void Shown(LinksShown entry) => violations.Require(
        entry.Memory.SequenceEqual(entry.Store), entry.At, "every node knows who is connected elsewhere",
        $"{entry.Node} knows of [{string.Join(' ', entry.Memory)}], the store of [{string.Join(' ', entry.Store)}]");

    public void Keep() => _kept = _held.Where(h => h.Value[^1].Until is null).ToDictionary(h => h.Key, h => h.Value[^1].Record, StringComparer.Ordinal);

    /// <summary>The store has again what it had when it was kept.</summary>
    public void Forget(DateTimeOffset at)
    {
        _hasForgotten = true;
        foreach (var (what, held) in _held)
        {
            if (held[^1] is { Until: null } last && last.Record != _kept.GetValueOrDefault(what))
            {
                last.Until = at;
            }
        }

        foreach (var (what, record) in _kept)
        {
            Has(at, what, record);
        }
    }

    private void Has(DateTimeOffset at, string what, string record)
    {
        if (!_held.TryGetValue(what, out var held))
        {
            _held[what] = held = [];
        }

        if (held is [.., { Until: null } last])
        {
            if (last.Record == record)
            {
                return;
            }

            last.Until = at;
        }

        if (record.Length > 0)
        {
            held.Add(new Held(record, at));
        }
    }

    // Of a final trip memory need know nothing.
    private static bool IsFinal(string what, string record) => what.StartsWith("trip ", StringComparison.Ordinal) && TripRecord.Read(record).IsFinal;

    private static string Begin(string? record) => record is null ? "nothing" : record[..Math.Min(record.Length, 60)];

    private sealed class Held(string record, DateTimeOffset from)
    {
        public string Record => record;

        public DateTimeOffset From => from;

        public DateTimeOffset? Until { get; set; }
    }
}
