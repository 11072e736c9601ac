using Grpc.Core;
using RideTracking.Engine.Fanout;
using RideTracking.Server.Areas;
using RideTracking.Server.Protocol;
using RideTracking.Server.Telemetry;
using RideTracking.V1;

namespace RideTracking.Server.Api.Fleet;

/// <summary>
/// One open <c>WatchFleet</c>: the only writer of its stream. What changes between two frames conflates in the mailbox,
/// each driver once, so a reader that is slow gets fewer frames and never grows memory.
/// </summary>
internal sealed class FleetWatch(
    CityFleet fleet,
    FleetTotals totals,
    FleetMetrics metrics,
    FollowerMetrics followers,
    TimeProvider clock,
    FleetOptions options)
{
    /// <summary>Frames are paced in the watcher's time, which no replay speeds up.</summary>
    private static readonly TimeProvider Pace = TimeProvider.System;

    private readonly FleetFrame _frame = new(fleet.Slots);
    private readonly ViewportChange[] _changes = new ViewportChange[options.MaxDriversPerFrame];
    private long _countsSentAt;

    /// <summary>Writes frames until cancelled.</summary>
    public async Task RunAsync(FleetWatchRequest request, IServerStreamWriter<WatchFleetResponse> stream, CancellationToken cancellation)
    {
        // No wake: a viewport worth watching changes all the time, and a frame is due at each tick anyway.
        using var mailbox = fleet.Fanout.Watch(request.Viewport, static () => { });
        await WriteSnapshotAsync(mailbox, stream, cancellation);

        using var ticks = new PeriodicTimer(request.FrameInterval, Pace);
        while (await ticks.WaitForNextTickAsync(cancellation))
        {
            await WriteChangesAsync(mailbox, stream, cancellation);
        }
    }

    private async Task WriteSnapshotAsync(ViewportMailbox mailbox, IServerStreamWriter<WatchFleetResponse> stream, CancellationToken cancellation)
    {
        _frame.Message.Snapshot = true;
        while (!_frame.Message.SnapshotComplete)
        {
            var count = mailbox.Drain(_changes);
            _frame.Fill(_changes.AsSpan(0, count), clock.GetUtcNow());
            _frame.Message.SnapshotComplete = count < _changes.Length;
            if (_frame.Message.SnapshotComplete)
            {
                AddCounts();
            }

            await WriteAsync(stream, cancellation);
        }

        _frame.Message.Snapshot = _frame.Message.SnapshotComplete = false;
    }

    private async Task WriteChangesAsync(ViewportMailbox mailbox, IServerStreamWriter<WatchFleetResponse> stream, CancellationToken cancellation)
    {
        // So many frames hold every driver once; what changes again meanwhile waits for the next tick.
        var frames = (fleet.Slots.Count / _changes.Length) + 1;
        for (var count = _changes.Length; frames > 0 && count == _changes.Length; frames--)
        {
            count = mailbox.Drain(_changes);
            _frame.Fill(_changes.AsSpan(0, count), clock.GetUtcNow());
            if (Pace.GetElapsedTime(_countsSentAt) >= options.CountsInterval)
            {
                AddCounts();
            }

            if (count > 0 || _frame.Message.Counts is not null)
            {
                await WriteAsync(stream, cancellation);
                RecordLag(count);
            }
        }
    }

    private Task WriteAsync(IServerStreamWriter<WatchFleetResponse> stream, CancellationToken cancellation)
    {
        metrics.Sent(_frame.Message.Drivers.Count);
        return stream.WriteAsync(_frame.Message, cancellation);
    }

    private void AddCounts()
    {
        _frame.Message.Counts = totals.Current();
        _countsSentAt = Pace.GetTimestamp();
    }

    private void RecordLag(int count)
    {
        foreach (ref readonly var change in _changes.AsSpan(0, count))
        {
            if (change.Kind == ViewportChangeKind.Changed)
            {
                followers.Sent(StreamKind.Fleet, change.Driver.Fix.AgeAt(clock.GetUtcNow()));
            }
        }
    }
}
