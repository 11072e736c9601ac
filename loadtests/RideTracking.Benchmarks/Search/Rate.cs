namespace RideTracking.Benchmarks.Search;

/// <summary>Operations a second of CPU time of this process, all its threads, kernel and garbage collection included.</summary>
internal static class Rate
{
    /// <summary>Runs for about a time and tells the rate. The function does a batch and tells how many operations that was.</summary>
    public static double Of(TimeSpan duration, Func<int> batch)
    {
        var started = Environment.CpuUsage.TotalTime;
        var used = TimeSpan.Zero;
        long operations = 0;
        while (used < duration)
        {
            operations += batch();
            used = Environment.CpuUsage.TotalTime - started;
        }

        return operations / used.TotalSeconds;
    }

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }
}
