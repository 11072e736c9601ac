using System.Globalization;

namespace RideTracking.Engine.Roads.Speeds;

/// <summary>
/// What was seen of a road in an hour, in sums that add up over nodes and times. Weighted by <c>2^(time / half-life)</c>
/// (see <c>ForwardDecay</c>). Sums of times, not of speeds or logarithms: what is lost at a red light by one car in three is
/// lost by a third on average, and trips are sums of times.
/// </summary>
/// <param name="FreeFlowSeconds">What the driving seen takes at free flow.</param>
/// <param name="DrivenSeconds">What it took.</param>
public readonly record struct SpeedSums(double FreeFlowSeconds, double DrivenSeconds)
{
    public static SpeedSums operator +(SpeedSums a, SpeedSums b) =>
        new(a.FreeFlowSeconds + b.FreeFlowSeconds, a.DrivenSeconds + b.DrivenSeconds);

    public static SpeedSums operator *(SpeedSums sums, double factor) =>
        new(sums.FreeFlowSeconds * factor, sums.DrivenSeconds * factor);

    /// <summary>The two numbers, exactly, with a slash between.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{FreeFlowSeconds:R}/{DrivenSeconds:R}");

    /// <summary>False unless both are finite and not negative.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out SpeedSums sums)
    {
        sums = default;
        int slash = text.IndexOf('/');
        if (slash < 0
            || !double.TryParse(text[..slash], NumberStyles.Float, CultureInfo.InvariantCulture, out double freeFlow)
            || !double.TryParse(text[(slash + 1)..], NumberStyles.Float, CultureInfo.InvariantCulture, out double driven)
            || !double.IsFinite(freeFlow) || !double.IsFinite(driven) || freeFlow < 0 || driven < 0)
        {
            return false;
        }

        sums = new SpeedSums(freeFlow, driven);
        return true;
    }
}
