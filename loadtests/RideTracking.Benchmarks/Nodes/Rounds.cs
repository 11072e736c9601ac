using RideTracking.Benchmarks.Search;

namespace RideTracking.Benchmarks.Nodes;

/// <summary>What a figure was in each round.</summary>
internal sealed class Rounds
{
    private readonly List<double> _values = [];

    public double Median => Rate.Median(_values);

    public double Least => _values.Min();

    public double Most => _values.Max();

    public void Add(double value) => _values.Add(value);

    /// <summary>The median, and between what it was.</summary>
    public override string ToString() => $"{Median:f2} ({Least:f2} to {Most:f2})";
}
