using System.Diagnostics;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using RideTracking.V1;

namespace RideTracking.Benchmarks.Nodes;

/// <summary>One ordinary driver on a node, and who watches them on its map there: how long a fix takes from the one to the other, looked at all the while.</summary>
internal sealed class LagProbe : IAsyncDisposable
{
    private const int StepE7 = 900;

    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(100);

    private readonly NodePhone _phone;
    private readonly AsyncServerStreamingCall<WatchFleetResponse> _map;
    private readonly StreamWatch<WatchFleetResponse> _watch;
    private readonly CancellationTokenSource _ending = new();
    private readonly (int Latitude, int Longitude) _homeE7;
    private readonly Lock _lock = new();
    private List<double> _milliseconds = [];
    private Task _probing = Task.CompletedTask;

    private LagProbe(NodePhone phone, AsyncServerStreamingCall<WatchFleetResponse> map)
    {
        (_phone, _map, _homeE7) = (phone, map, phone.PlaceE7);
        _watch = new StreamWatch<WatchFleetResponse>(map.ResponseStream);
    }

    public static async Task<LagProbe> StartAsync(NodeClient node, string driverId, (int Latitude, int Longitude) placeE7)
    {
        var phone = await NodePhone.ConnectAsync(node, driverId, placeE7);
        double south = placeE7.Latitude / 1e7, west = placeE7.Longitude / 1e7;
        var map = node.Fleet.WatchFleet(
            new WatchFleetRequest
            {
                Viewport = new Viewport { South = south - 0.05, North = south + 0.05, West = west - 0.05, East = west + 0.05 },
                MinFrameInterval = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(10)),
            },
            node.Ops);
        var probe = new LagProbe(phone, map);
        await probe._watch.WhenAsync(r => r.SnapshotComplete);
        probe._probing = probe.ProbeAsync();
        return probe;
    }

    /// <summary>What was measured since it was asked last, ms.</summary>
    public Lags Take()
    {
        lock (_lock)
        {
            var taken = new Lags(_milliseconds);
            _milliseconds = [];
            return taken;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _probing;
        _watch.Dispose();
        _map.Dispose();
        _phone.Dispose();
        _ending.Dispose();
    }

    private async Task ProbeAsync()
    {
        for (var i = 0; !_ending.IsCancellationRequested; i++)
        {
            var place = (_homeE7.Latitude + (StepE7 * (1 + (i % 2))), _homeE7.Longitude);
            var seen = _watch.WhenAsync(r => r.Drivers.Any(d => d.LatitudeE7 == place.Item1 && d.LongitudeE7 == place.Item2));
            var started = Stopwatch.GetTimestamp();
            await _phone.ReportAsync(place, TimeSpan.FromSeconds(1));
            var milliseconds = Stopwatch.GetElapsedTime(started, await seen).TotalMilliseconds;
            lock (_lock)
            {
                _milliseconds.Add(milliseconds);
            }

            await Task.Delay(Every);
        }
    }
}

/// <summary>How late fixes were seen, ms.</summary>
internal readonly record struct Lags(List<double> Milliseconds)
{
    public override string ToString() => Milliseconds.Count == 0 ? "nothing was seen" : $"p50 {Of(0.5):f0}, p99 {Of(0.99):f0}, at most {Milliseconds.Max():f0} ms ({Milliseconds.Count} times)";

    private double Of(double share) => Milliseconds.Order().ElementAt((int)Math.Ceiling(Milliseconds.Count * share) - 1);
}
