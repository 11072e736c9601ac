using System.Diagnostics;
using Grpc.Core;
using RideTracking.V1;

namespace RideTracking.Server.Tests.Fleet;

/// <summary>Reads a <c>WatchFleet</c> as a page does, and keeps what the page would show.</summary>
internal sealed class FleetReader(AsyncServerStreamingCall<WatchFleetResponse> call) : IDisposable
{
    private readonly Dictionary<uint, string> _ids = [];
    /// <summary>Ends a test that waits for what never comes.</summary>
    private readonly CancellationTokenSource _patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

    /// <summary>What is shown, by the company's id.</summary>
    public Dictionary<string, FleetDriver> Shown { get; } = [];

    /// <summary>Every frame so far.</summary>
    public List<WatchFleetResponse> Frames { get; } = [];

    public async Task<WatchFleetResponse> NextAsync()
    {
        _patience.CancelAfter(TimeSpan.FromSeconds(60));
        Assert.True(await call.ResponseStream.MoveNext(_patience.Token), "the server ended the stream");
        var frame = call.ResponseStream.Current;
        Frames.Add(frame);
        foreach (var slot in frame.LeftSlots)
        {
            Assert.True(_ids.Remove(slot, out var id), $"slot {slot} left but was never sent");
            Shown.Remove(id!);
        }

        foreach (var driver in frame.Drivers)
        {
            if (_ids.TryGetValue(driver.Slot, out var known))
            {
                Assert.Equal("", driver.DriverId);
                Shown[known] = driver;
            }
            else
            {
                Assert.NotEqual("", driver.DriverId);
                _ids[driver.Slot] = driver.DriverId;
                Shown[driver.DriverId] = driver;
            }
        }

        return frame;
    }

    public async Task<FleetReader> ReadSnapshotAsync()
    {
        while (!(await NextAsync()).SnapshotComplete)
        {
            Assert.True(Frames[^1].Snapshot);
        }

        return this;
    }

    /// <summary>Reads on until it is so.</summary>
    public async Task UntilAsync(Func<FleetReader, bool> isSo)
    {
        var started = Stopwatch.GetTimestamp();
        while (!isSo(this))
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromMinutes(2), "it never came to be so");
            await NextAsync();
        }
    }

    public void Dispose()
    {
        call.Dispose();
        _patience.Dispose();
    }
}
