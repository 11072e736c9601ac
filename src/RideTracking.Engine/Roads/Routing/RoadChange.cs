using RideTracking.Engine.Roads.Graph;

namespace RideTracking.Engine.Roads.Routing;

/// <summary>What is different on an edge for a while: closed, or slower. Only that direction: a street has two edges.</summary>
public readonly record struct RoadChange
{
    private const int LongestMilliseconds = 24 * 3_600_000; // a standstill, and still a number to calculate with

    private readonly double _factor;
    private readonly double _kmh;

    private RoadChange(int edge, double factor, double kmh) => (Edge, _factor, _kmh) = (edge, factor, kmh);

    public int Edge { get; }

    /// <summary>Nobody may drive into it. Who is on it already may drive off.</summary>
    public static RoadChange Closed(int edge) => new(edge, 0, 0);

    /// <summary>Driven at a part of its speed: 0.5 takes twice as long. Above 0.</summary>
    public static RoadChange Slowed(int edge, double speedFactor) => new(edge, Positive(speedFactor, nameof(speedFactor)), 0);

    /// <summary>Driven at this speed and no faster, in km/h, above 0.</summary>
    public static RoadChange AtMost(int edge, double kmh) => new(edge, 1, Positive(kmh, nameof(kmh)));

    /// <summary>The time of the edge, in milliseconds, when it took <paramref name="milliseconds"/> before.</summary>
    internal int Apply(RoadGraph graph, int milliseconds)
    {
        if (_factor == 0 || milliseconds == RoadMetric.Closed)
        {
            return RoadMetric.Closed;
        }

        double slower = _kmh > 0 ? Math.Max(milliseconds, graph.LengthMeters(Edge) * 3_600 / _kmh) : milliseconds / _factor;
        return (int)Math.Clamp(Math.Round(slower), 1, LongestMilliseconds);
    }

    private static double Positive(double value, string name) =>
        value is > 0 and < double.PositiveInfinity
            ? value
            : throw new ArgumentOutOfRangeException(name, value, "A speed must be above 0; a road that nobody may drive is closed.");
}
