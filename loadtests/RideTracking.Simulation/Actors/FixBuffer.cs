using RideTracking.Engine.Ingest;
using RideTracking.Server.Log;
using RideTracking.Simulation.Checking;
using RideTracking.Simulation.Nodes;

namespace RideTracking.Simulation.Actors;

/// <summary>What a stream is told of its fixes.</summary>
/// <param name="Through">All up to there are in the log, or rejected and told; null where nothing is said of that.</param>
/// <param name="Verdicts">Of those that were not plainly accepted.</param>
/// <param name="ResendAfter">After which one to send again; null for none.</param>
internal sealed record ToldOfFixes(ulong? Through, IReadOnlyList<SequencedVerdict> Verdicts, ulong? ResendAfter);

/// <summary>An app's buffer: each fix is kept until the app is told that the log has it, or that it was rejected.</summary>
internal sealed class FixBuffer(City city, SimulatedDriver driver, string phone)
{
    // Longer than an acknowledgement may take where nothing is wrong.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly SortedDictionary<ulong, Fix> _held = [];
    private ulong _last;
    private ulong _sentThrough;

    /// <summary>Whether nothing waits for longer than it should.</summary>
    public bool IsSettled => _held.Count == 0 || city.Queue.Now.ToUnixTimeMilliseconds() - _held.First().Value.SensorTimeUnixMs < Patience.TotalMilliseconds;

    /// <summary>Whether some were not sent, and wait for another.</summary>
    public bool Waits => _held.Keys.Count(s => s > _sentThrough) > 1;

    /// <summary>A reading of the sensor.</summary>
    public void Make()
    {
        // Gaps are legal.
        _last += city.Chance.Of(0.1) ? (ulong)city.Chance.Number(2, 5) : 1;
        var fix = new Fix
        {
            Sequence = _last,
            SensorTimeUnixMs = city.Queue.Now.ToUnixTimeMilliseconds(),
            LatitudeE7 = (int)(driver.At.LatitudeDegrees * 1e7),
            LongitudeE7 = (int)(driver.At.LongitudeDegrees * 1e7),
            IsMock = city.Chance.Of(0.1),
        };
        _held.Add(_last, fix);
        city.History.Add(new FixMade(city.Queue.Now, driver.Id, phone, _last, fix.ContentHash(), fix.IsMock));
    }

    /// <summary>A stream is open.</summary>
    /// <returns>What to send on it.</returns>
    public FixReport Opened(Greeting greeting)
    {
        if (greeting.ResumeAfter is { } through)
        {
            city.History.Add(new SessionResumed(city.Queue.Now, driver.Id, phone, greeting.Epoch, through, Rejected(greeting.Verdicts)));
            Drop(through);
        }

        return Report(0, null);
    }

    /// <summary>What was not sent on the stream yet.</summary>
    public FixReport Unsent() => Report(_sentThrough, null);

    /// <summary>All of it, sent before or not: no harm must come of it.</summary>
    public FixReport All() => Report(0, null);

    /// <summary>The app was told of its fixes.</summary>
    /// <returns>What to send again.</returns>
    public FixReport? Told(ToldOfFixes told)
    {
        city.History.Add(new FixesTold(city.Queue.Now, driver.Id, phone, told.Through, Rejected(told.Verdicts), told.ResendAfter));
        if (told.Through is { } through)
        {
            Drop(through);
        }

        return told.ResendAfter is { } after ? Report(after, after) : null;
    }

    /// <summary>What it still holds is for the checker.</summary>
    public void Show() => city.History.Add(new BufferShown(city.Queue.Now, driver.Id, phone, IsSettled, [.. _held.Keys]));

    private static ulong[] Rejected(IEnumerable<SequencedVerdict> verdicts) => [.. verdicts.Where(v => v.Verdict.Outcome == FixOutcome.Rejected).Select(v => v.Sequence)];

    private FixReport Report(ulong after, ulong? resentAfter)
    {
        _sentThrough = _last;
        return new FixReport([.. _held.Values.Where(f => f.Sequence > after)], resentAfter, city.Chance.Of(0.2), city.Queue.Now.ToUnixTimeMilliseconds());
    }

    private void Drop(ulong through)
    {
        foreach (var sequence in _held.Keys.TakeWhile(s => s <= through).ToArray())
        {
            _held.Remove(sequence);
        }
    }
}
