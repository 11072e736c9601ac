namespace RideTracking.Engine.Roads.Speeds;

/// <summary>
/// Weights that grow with the time of what they weigh, instead of sums that shrink (Cormode, Shkapenyuk, Srivastava and Xu,
/// "Forward decay", ICDE 2009): so sums of several nodes simply add up, whenever each was made.
/// </summary>
internal static class ForwardDecay
{
    private static readonly DateTimeOffset Landmark = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Of something that happened then. Doubles hold a thousand half-lives.</summary>
    public static double WeightAt(DateTimeOffset time, TimeSpan halfLife) => double.Exp2((time - Landmark) / halfLife);
}
