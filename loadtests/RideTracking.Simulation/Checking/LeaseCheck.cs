using System.Globalization;

namespace RideTracking.Simulation.Checking;

/// <summary>
/// Leases: each lasts five seconds by the store's time, nobody's is ended before, and the area's work and its matching move only from
/// nodes whose leases have ended.
/// </summary>
internal sealed class LeaseCheck(Violations violations)
{
    private const long LengthMs = 5000;

    private Dictionary<string, string> _fields = new(StringComparer.Ordinal);
    private Dictionary<string, string>? _kept;

    public void Stored(LeasesStored entry)
    {
        var fields = entry.Fields.ToDictionary(f => f.Name, f => f.Value, StringComparer.Ordinal);
        foreach (var (name, value) in fields.Where(f => IsWriter(f.Key) && _fields.GetValueOrDefault(f.Key) != f.Value))
        {
            violations.Require(
                Number(value) == entry.StoreTimeMs + LengthMs, entry.At, "a lease lasts five seconds by the store's time",
                $"that of {name} ends at {value}, it is {entry.StoreTimeMs}");
        }

        foreach (var (name, ends) in _fields.Where(f => IsWriter(f.Key) && !fields.ContainsKey(f.Key)))
        {
            // One whose end is far ahead is of a clock that was set back since.
            violations.Require(
                Number(ends) < entry.StoreTimeMs || Number(ends) > entry.StoreTimeMs + (2 * LengthMs), entry.At, "who holds a lease is not ended",
                $"{name} held it until {ends}, and was ended at {entry.StoreTimeMs}");
        }

        foreach (var role in new[] { "#work", "#matching" })
        {
            var (before, now) = (_fields.GetValueOrDefault(role), fields.GetValueOrDefault(role));
            violations.Require(
                before is null || now == before || !fields.ContainsKey(before) || NodeOf(now) == NodeOf(before), entry.At, "one node at a time holds the work", $"{role} moved from {before} to {now}, and {before} holds its lease");
        }

        _fields = fields;
    }

    public void Keep() => _kept = _fields;

    public void Forget() => _fields = _kept!;

    private static bool IsWriter(string field) => !field.StartsWith('#');

    // What a node writes as ends with how many names it had: what it held by a former one stays its own.
    private static string? NodeOf(string? writer) => writer?[..writer.LastIndexOf('-')];

    private static long Number(string value) => long.Parse(value, CultureInfo.InvariantCulture);
}
