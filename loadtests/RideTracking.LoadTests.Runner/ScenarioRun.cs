using System.Diagnostics;
using RideTracking.LoadTests.Scenarios;

namespace RideTracking.LoadTests.Runner;

/// <summary>One scenario, done over and over by as many copies at once, and how long each time took.</summary>
/// <param name="scenario">What is done.</param>
/// <param name="copies">By how many at once.</param>
internal sealed class ScenarioRun(ILoadScenario scenario, int copies)
{
    private readonly List<double>[] _milliseconds = [.. Enumerable.Range(0, copies).Select(_ => new List<double>())];
    private long _failed;
    private string? _failure;

    /// <summary>What is done.</summary>
    public ILoadScenario Scenario => scenario;

    /// <summary>Does it until the time is over. What is under way then is not counted.</summary>
    public Task RunAsync(CancellationToken over) => Task.WhenAll(_milliseconds.Select(times => Task.Run(() => RepeatAsync(times, over), CancellationToken.None)));

    /// <summary>A line of the table.</summary>
    public string Report(TimeSpan during)
    {
        var times = _milliseconds.SelectMany(t => t).Order().ToArray();
        string At(double share) => times.Length == 0 ? "-" : $"{times[(int)Math.Min(times.Length - 1, share * times.Length)]:F1}";
        return $"| `{scenario.Name}` | {copies} | {times.Length:N0} | {_failed} | {times.Length / during.TotalSeconds:N0} | {At(0.5)} | {At(0.75)} | {At(0.95)} | {At(0.99)} |"
            + (_failure is null ? "" : $" {_failure}");
    }

    private async Task RepeatAsync(List<double> times, CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            var began = Stopwatch.GetTimestamp();
            try
            {
                await scenario.RunOnceAsync(over);
                times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            }
            catch (Exception) when (over.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // Whatever it is, it is what the report is about.
                Interlocked.Increment(ref _failed);
                Interlocked.CompareExchange(ref _failure, $"{e.GetType().Name}: {e.Message}", null);
            }
        }
    }
}
