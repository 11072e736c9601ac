namespace RideTracking.Engine.Zones;

/// <summary>How sure a driver must be in or out. To be bound as options and not changed afterwards.</summary>
public sealed class ZoneTrackerLimits
{
    /// <summary>
    /// A fix is clear of a border when it is farther from it than its accuracy (68 %) times this; 0 to 10, 2 by default.
    /// At 2, a driver on the border itself seems clear of it once in 750 fixes (3 standard deviations, one axis).
    /// </summary>
    public double ClearAccuracies { get; set; } = 2;

    /// <summary>But never asked to be farther than this, in metres; 0 to 1,000, 50 by default.</summary>
    public double MaxClearMeters { get; set; } = 50;

    /// <summary>Taken as the accuracy of a fix that tells none, in metres; above 0, 10 by default.</summary>
    public double AssumedAccuracyMeters { get; set; } = 10;

    /// <summary>Without a clear fix, so many in a row must agree; from 2, 4 by default.</summary>
    public int AgreeingFixes { get; set; } = 4;

    /// <summary>And they must span so much time; above 0, 30 s by default.</summary>
    public TimeSpan AgreeFor { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Late fixes are judged when they fall between two fixes farther apart than this; above 0, 20 s by default.</summary>
    public TimeSpan SilenceAfter { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>So many silences of a driver are remembered; 0 to 64, 4 by default.</summary>
    public int SilencesKept { get; set; } = 4;

    /// <summary>What is wrong with the limits, to be said at start; nothing when they are usable.</summary>
    public IEnumerable<string> Problems()
    {
        if (!(ClearAccuracies is >= 0 and <= 10))
        {
            yield return $"{nameof(ClearAccuracies)} is {ClearAccuracies}; it must be 0 to 10.";
        }

        if (!(MaxClearMeters is >= 0 and <= 1_000))
        {
            yield return $"{nameof(MaxClearMeters)} is {MaxClearMeters}; it must be 0 to 1,000 m.";
        }

        if (!(AssumedAccuracyMeters > 0))
        {
            yield return $"{nameof(AssumedAccuracyMeters)} is {AssumedAccuracyMeters}; it must be above 0.";
        }

        if (AgreeingFixes < 2)
        {
            yield return $"{nameof(AgreeingFixes)} is {AgreeingFixes}; it must be 2 or more.";
        }

        if (AgreeFor <= TimeSpan.Zero || SilenceAfter <= TimeSpan.Zero)
        {
            yield return $"{nameof(AgreeFor)} and {nameof(SilenceAfter)} must be above 0.";
        }

        if (SilencesKept is < 0 or > 64)
        {
            yield return $"{nameof(SilencesKept)} is {SilencesKept}; it must be 0 to 64.";
        }
    }
}
