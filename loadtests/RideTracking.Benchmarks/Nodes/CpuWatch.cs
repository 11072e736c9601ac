using System.Diagnostics;

namespace RideTracking.Benchmarks.Nodes;

/// <summary>CPU time of some processes while something is done, less what they take at rest. Made once for all rounds.</summary>
/// <param name="processes">User and system time so far of each.</param>
internal sealed class CpuWatch(params Func<TimeSpan>[] processes)
{
    private static readonly TimeSpan RestLength = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(1);

    private TimeSpan[] _restPerSecond = [];

    /// <summary>The machine's load average over the last minute.</summary>
    public static string LoadAverage => File.ReadAllText("/proc/loadavg").Split(' ')[0];

    /// <summary>
    /// Looks at what each takes while nothing is to do. The least of all looks counts: what is still being compiled or swept up after
    /// work is none of rest's.
    /// </summary>
    public async Task RestAsync()
    {
        await Task.Delay(Settling);
        var before = Now();
        await Task.Delay(RestLength);
        var rest = Now().Select((now, i) => (now - before[i]) / RestLength.TotalSeconds).ToArray();
        _restPerSecond = _restPerSecond.Length == 0 ? rest : [.. rest.Zip(_restPerSecond, (now, least) => now < least ? now : least)];
    }

    /// <summary>Microseconds of CPU time of each process for each thing done.</summary>
    /// <param name="work">Does them, and tells how many.</param>
    public async Task<double[]> MeasureAsync(Func<Task<long>> work)
    {
        var (before, started) = (Now(), Stopwatch.GetTimestamp());
        var done = await work();
        var (after, seconds) = (Now(), Stopwatch.GetElapsedTime(started).TotalSeconds);
        return [.. after.Select((now, i) => (now - before[i] - (_restPerSecond[i] * seconds)).TotalMicroseconds / done)];
    }

    private TimeSpan[] Now() => [.. processes.Select(p => p())];
}
