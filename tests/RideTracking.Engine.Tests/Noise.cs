namespace RideTracking.Engine.Tests;

/// <summary>Errors of receivers.</summary>
internal static class Noise
{
    /// <summary>Of a normal distribution, with a standard deviation of 1 (Box and Muller, 1958).</summary>
    public static double Normal(this Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}

/// <summary>Multipath: an error that goes about slowly, 15 m to each side, and is forgotten in five minutes.</summary>
internal sealed class Drift(Random random)
{
    private double _east;
    private double _north;
    private int _second;

    /// <summary>Metres off at a time, never before the last one asked for.</summary>
    public (double East, double North) At(int second)
    {
        double kept = Math.Exp(-(second - _second) / 300.0), fresh = 15 * Math.Sqrt(1 - kept * kept);
        _second = second;
        return (_east, _north) = (_east * kept + random.Normal() * fresh, _north * kept + random.Normal() * fresh);
    }
}
