using System.Diagnostics;

namespace RideTracking.Benchmarks.Nodes.Late;

/// <summary>How late one kind of thing was seen, each time that it was looked at, in milliseconds.</summary>
/// <param name="what">What is seen.</param>
internal sealed class Lateness(string what)
{
    private readonly List<double> _same = [];
    private readonly List<double> _other = [];

    /// <summary>Seen on the node where it happened.</summary>
    public void AddSame(double milliseconds) => _same.Add(milliseconds);

    /// <summary>Seen on another one.</summary>
    public void AddOther(double milliseconds) => _other.Add(milliseconds);

    /// <summary>Does something that is seen on both nodes.</summary>
    /// <param name="act">What is done.</param>
    /// <param name="same">When it was seen where it was done.</param>
    /// <param name="other">When it was seen on the other node.</param>
    public async Task AddAsync(Func<Task> act, Task<long> same, Task<long> other)
    {
        var started = Stopwatch.GetTimestamp();
        await act();
        await AddAsync(started, same, other);
    }

    /// <summary>The same of something that was done at a time.</summary>
    public async Task AddAsync(long started, Task<long> same, Task<long> other)
    {
        AddSame(Milliseconds(started, await same));
        AddOther(Milliseconds(started, await other));
    }

    /// <summary>Milliseconds between two timestamps, 0 at the least.</summary>
    public static double Milliseconds(long from, long to) => Math.Max(0, Stopwatch.GetElapsedTime(from, to).TotalMilliseconds);

    /// <summary>A row of the table.</summary>
    public override string ToString()
    {
        var ratio = _same.Count > 0 && _other.Count > 0 ? $"{Of(_other, 0.99) / Of(_same, 0.99),6:f1}" : "     -";
        return $"  {what,-44} {Of(_same, 0.5),8:f1} {Of(_same, 0.99),8:f1} {Of(_other, 0.5),8:f1} {Of(_other, 0.99),8:f1} {ratio} {Math.Max(_same.Count, _other.Count),6}";
    }

    public static string Header => $"  {"ms",-44} {"same p50",8} {"p99",8} {"other p50",8} {"p99",7} {"p99 x",6} {"times",6}";

    private static double Of(List<double> values, double share) =>
        values.Count == 0 ? double.NaN : values.Order().ElementAt((int)Math.Ceiling(values.Count * share) - 1);
}
