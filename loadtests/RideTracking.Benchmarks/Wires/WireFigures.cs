using RideTracking.Benchmarks.Nodes;

namespace RideTracking.Benchmarks.Wires;

/// <summary>What was measured of one wire, round by round.</summary>
internal sealed class WireFigures
{
    private (double Body, double Around) _up;
    private (double Body, double Around) _down;

    public static string Heading { get; } =
        $"{"up, B",12}{"down, B",12}{"CPU, us",9}{"(from..to)",16}{"calls/CPU s",13}{"calls/s",10}{"allocated",11}{"p50 ms",9}{"p99 ms",9}   (bytes: body + all else)";

    public Rounds CpuMicroseconds { get; } = new();

    public Rounds AllocatedBytes { get; } = new();

    public Rounds CallsPerSecond { get; } = new();

    public Rounds MedianMilliseconds { get; } = new();

    public Rounds P99Milliseconds { get; } = new();

    /// <summary>They are the same in each round, but for the digits of numbers.</summary>
    public void Bytes(double bodyUp, double aroundUp, double bodyDown, double aroundDown) => (_up, _down) = ((bodyUp, aroundUp), (bodyDown, aroundDown));

    public override string ToString() =>
        $"{$"{_up.Body:f0}+{_up.Around:f0}",12}{$"{_down.Body:f0}+{_down.Around:f0}",12}{CpuMicroseconds.Median,9:f1}{$"({CpuMicroseconds.Least:f1}..{CpuMicroseconds.Most:f1})",16}"
        + $"{1e6 / CpuMicroseconds.Median,13:n0}{CallsPerSecond.Median,10:n0}{AllocatedBytes.Median,11:n0}{MedianMilliseconds.Median,9:f2}{P99Milliseconds.Median,9:f2}";
}
