using System.Diagnostics;
using RideTracking.Benchmarks.Processes;

namespace RideTracking.Benchmarks.Fixes;

/// <summary>Many drivers' streams to one server.</summary>
internal sealed class Flood : IDisposable
{
    private readonly List<DriverSocket> _drivers = [];

    public long Sent => _drivers.Sum(d => (long)d.Sent);

    public long Rejected => _drivers.Sum(d => (long)d.Rejected);

    public long HistoryOnly => _drivers.Sum(d => (long)d.HistoryOnly);

    /// <summary>Opens a stream for each car, some at a time: a server accepts only so many at once.</summary>
    public async Task OpenAsync(IEnumerable<Car> cars, DriverServer server, string session, int segmentBytes)
    {
        await Parallel.ForEachAsync(cars, new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (car, _) =>
        {
            var driver = await DriverSocket.OpenAsync(car, server.Port, server.Token, session, segmentBytes, server.MaxUnacknowledged);
            lock (_drivers)
            {
                _drivers.Add(driver);
            }
        });
    }

    /// <summary>Sends all that the server takes.</summary>
    public Task SaturateAsync(TimeSpan duration)
    {
        var started = Stopwatch.GetTimestamp();
        return Task.WhenAll(_drivers.Select(driver => Task.Run(async () =>
        {
            while (Stopwatch.GetElapsedTime(started) < duration)
            {
                await driver.SendFixAsync();
            }
        })));
    }

    /// <summary>Sends one fix of each driver in each interval, evenly spread over it.</summary>
    public async Task PaceAsync(TimeSpan interval, TimeSpan duration)
    {
        var started = Stopwatch.GetTimestamp();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        for (long next = 0; Stopwatch.GetElapsedTime(started) < duration; await timer.WaitForNextTickAsync())
        {
            var due = (long)(Stopwatch.GetElapsedTime(started) / interval * _drivers.Count);
            for (; next < due; next++)
            {
                await _drivers[(int)(next % _drivers.Count)].SendFixAsync();
            }
        }
    }

    /// <summary>Asks each stream's server whether it has everything, and waits until it has.</summary>
    public Task ConfirmAsync() => Task.WhenAll(_drivers.Select(async driver =>
    {
        await driver.SendFixAsync(askForAck: true);
        await driver.AcknowledgedAsync();
    }));

    public void Dispose() => _drivers.ForEach(driver => driver.Dispose());
}
