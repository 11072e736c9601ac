namespace RideTracking.Engine.Tests;

/// <summary>Errors of receivers.</summary>
internal static class Noise
{
    /// <summary>Of a normal distribution, with a standard deviation of 1 (Box and Muller, 1958).</summary>
    public static double Normal(this Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}

/// <summary>Multipath: an error that goes about slowly, so many metres to each side (a standard deviation), and is forgotten in so many seconds.</summary>
internal sealed class Drift(Random random, double meters = 15, double seconds = 300)
{
    private double _east;
    private double _north;
    private double _second;

    /// <summary>Metres off at a time, never before the last one asked for.</summary>
    public (double East, double North) At(double second)
    {
        double kept = Math.Exp(-(second - _second) / seconds), fresh = meters * Math.Sqrt(1 - kept * kept);
        _second = second;
        return (_east, _north) = (_east * kept + random.Normal() * fresh, _north * kept + random.Normal() * fresh);
    }
}
