using System.Globalization;

namespace RideTracking.Faults.Checking;

/// <summary>What kind of promise it was, and how it was broken; the table counts by these.</summary>
internal enum Broken
{
    FixLost,
    FixDoubled,
    TripLost,
    TripDoubled,
    CommandLost,
    CommandDoubled,
    ActionLost,
    ActionDoubled,
    EventSkipped,
    EventContradicted,
    NodesDisagree,
    NotSettled,
    ErrorLogged,
}

/// <summary>The promises that were not kept in a run.</summary>
internal sealed class Violations(int seed)
{
    // One mistake breaks much; of each kind the first few tell enough.
    private const int MostOfKind = 10;

    private readonly List<string> _lines = [];
    private readonly int[] _counts = new int[Enum.GetValues<Broken>().Length];

    /// <summary>The first of each kind, in words.</summary>
    public IReadOnlyList<string> Lines => _lines;

    public int Total => _counts.Sum();

    public int Of(Broken kind) => _counts[(int)kind];

    /// <summary>One more, unless it holds.</summary>
    public void Require(bool holds, Broken kind, DateTimeOffset at, FormattableString what)
    {
        if (holds)
        {
            return;
        }

        if (_counts[(int)kind]++ < MostOfKind)
        {
            _lines.Add(string.Create(CultureInfo.InvariantCulture, $"seed {seed} {at:HH:mm:ss.fff} {kind}: ") + FormattableString.Invariant(what));
        }
    }
}
