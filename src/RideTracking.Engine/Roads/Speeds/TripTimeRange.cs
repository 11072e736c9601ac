namespace RideTracking.Engine.Roads.Speeds;

/// <summary>How long a trip takes, and how sure that is.</summary>
/// <param name="Low">One trip in ten takes less.</param>
/// <param name="Median">As many take less as more.</param>
/// <param name="High">One trip in ten takes more.</param>
public readonly record struct TripTimeRange(TimeSpan Low, TimeSpan Median, TimeSpan High)
{
    private const double WidestPower = 3;

    /// <summary>
    /// How long the rest of such a trip takes. What is still ahead is made of independent pieces, so its relative spread grows as
    /// the root of the share that remains falls; near the end it would grow without bound and stops at the third power.
    /// </summary>
    /// <param name="whole">What the roads foretold of the whole, above 0.</param>
    /// <param name="remaining">What they foretell of the rest, above 0.</param>
    public TripTimeRange OfRest(TimeSpan whole, TimeSpan remaining)
    {
        double power = Math.Clamp(Math.Sqrt(whole / remaining), 1, WidestPower);
        TimeSpan median = remaining * (Median / whole);
        return new TripTimeRange(median * Math.Pow(Low / Median, power), median, median * Math.Pow(High / Median, power));
    }
}
