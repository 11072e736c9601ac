using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using RideTracking.Engine.Fanout;
using RideTracking.Engine.Index;
using RideTracking.Server.Hosting;
using RideTracking.Server.Tests.Fixtures;

namespace RideTracking.Server.Tests.Streams;

/// <summary>
/// Follows one fix from the wire to its acknowledgement by a trace of the files that it passes: whenever the server looks at
/// its clock, or wakes a follower, somebody has the fix in hand, and the stack tells who gave it to whom.
/// </summary>
public sealed partial class FixWayTests
{
    private const int MostStations = 15;

    [Fact]
    public async Task A_fix_passes_the_stations_of_the_guide_and_never_goes_back()
    {
        var guide = await File.ReadAllTextAsync(Repository.PathOf("docs/architecture.md"), TestContext.Current.CancellationToken);
        string[] stations = [.. Station().Matches(guide).Select(m => m.Groups["file"].Value)];
        string[] beside = [.. Beside().Match(guide).Groups["files"].Value.Split(["`", ", "], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];
        Assert.InRange(stations.Length, 1, MostStations);
        Assert.Equal(stations.Length, stations.Distinct().Count());
        Assert.All(stations, file => Assert.NotEmpty(FilesNamed(file)));

        var time = new TracingTime();
        await using var server = await ServerHost.StartAsync(
            configure: (WebApplicationBuilder builder) => builder.Services.AddKeyedSingleton<TimeProvider>(Clock.MachineClock, time));
        await using var phone = await DriverPhone.ConnectAsync(server, "d1");
        var slot = server.City.GetRequiredService<DriverSlots>().GetOrAdd("d1");
        using var follower = server.City.GetRequiredService<PositionFanout>().Follow(slot, time.Trace);
        follower.TryTake(out _);
        time.IsTracing = true;
        await phone.SendAsync(DriverPhone.Batch(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds(), first: 1, count: 1));
        await phone.ReadAckAsync(through: 1);
        time.IsTracing = false;

        // What a loop begins elsewhere, such as the sweep, has no fix in hand.
        var passed = time.Traces.Where(trace => stations.Contains(trace.SkipWhile(beside.Contains).FirstOrDefault())).ToList();
        foreach (var trace in passed)
        {
            Assert.Empty(trace.Except(stations).Except(beside));
            var way = trace.Select(file => Array.IndexOf(stations, file)).Where(at => at >= 0).ToList();
            Assert.True(way.SequenceEqual(way.Order()), $"back from {string.Join(" to ", trace)}");
        }

        // Those that loop or await, and so stay on the stack as themselves however hot the rest gets.
        Assert.Superset(
            new HashSet<string>(["DriverCalls", "FixIntake", "PositionFanout", "FixLog", "LogAppend", "Downlink"]),
            passed.SelectMany(trace => trace).ToHashSet());
    }

    private static IEnumerable<string> FilesNamed(string file) =>
        Directory.EnumerateFiles(Repository.PathOf("src"), file + ".cs", SearchOption.AllDirectories);

    [GeneratedRegex(@"^\d+\. `(?<room>[A-Za-z/]+)/(?<file>[A-Za-z]+)`", RegexOptions.Multiline)]
    private static partial Regex Station();

    [GeneratedRegex(@"Beside the way, and called by a station for a moment: (?<files>[^.]+)\.")]
    private static partial Regex Beside();

    /// <summary>The machine's clock, which notes who looks at it.</summary>
    private sealed class TracingTime : TimeProvider
    {
        public volatile bool IsTracing;

        /// <summary>The server's and the engine's files on the stack, from the outermost in.</summary>
        public ConcurrentQueue<string[]> Traces { get; } = new();

        public void Trace()
        {
            if (IsTracing)
            {
                Traces.Enqueue([.. new StackTrace(fNeedFileInfo: true).GetFrames().Reverse()
                    .Where(frame => frame.GetFileName()?.Contains("/src/RideTracking.", StringComparison.Ordinal) is true)
                    .Select(frame => Path.GetFileNameWithoutExtension(frame.GetFileName()!))]);
            }
        }

        public override DateTimeOffset GetUtcNow()
        {
            Trace();
            return System.GetUtcNow();
        }

        public override long GetTimestamp()
        {
            Trace();
            return System.GetTimestamp();
        }

        public override long TimestampFrequency => System.TimestampFrequency;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            System.CreateTimer(callback, state, dueTime, period);
    }
}
