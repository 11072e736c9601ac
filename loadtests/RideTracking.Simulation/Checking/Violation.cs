using System.Globalization;

namespace RideTracking.Simulation.Checking;

/// <summary>A promise that was not kept.</summary>
internal sealed record Violation(DateTimeOffset At, string Promise, string What)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{At:HH:mm:ss.fff} {Promise}: {What}");
}

/// <summary>The violations of a run, in the order in which they were found.</summary>
internal sealed class Violations
{
    // One mistake breaks much; the first few tell enough.
    private const int Most = 50;

    private readonly List<Violation> _found = [];

    public IReadOnlyList<Violation> Found => _found;

    public void Require(bool holds, DateTimeOffset at, string promise, FormattableString what)
    {
        if (!holds && _found.Count < Most)
        {
            _found.Add(new Violation(at, promise, FormattableString.Invariant(what)));
        }
    }
}
