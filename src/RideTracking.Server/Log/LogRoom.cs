using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;
using RideTracking.Server.Telemetry;

namespace RideTracking.Server.Log;

/// <summary>
/// Looks each second how much memory the store has left for the log. Where it is little, on every node, a checkpoint is tried, and what one covers goes,
/// oldest first, a segment each second: some sixty times as fast as the log grows.
/// </summary>
internal sealed class LogRoom : LoopService
{
    // A checkpoint is memory, too, and covers only what came since the last one.
    private static readonly TimeSpan BetweenCheckpoints = TimeSpan.FromSeconds(10);

    private readonly Area _area;
    private readonly LogMemory _memory;
    private readonly LogCheckpoints _checkpoints;
    private readonly CheckpointStore _store;
    private readonly AreaCounter _dropped;
    private DateTimeOffset _nextCheckpointAt;

    public LogRoom(Area area, LogMemory memory, LogCheckpoints checkpoints, CheckpointStore store, AreaMeter meter)
        : base(area.MachineLoop("log_room"), EverySecond)
    {
        (_area, _memory, _checkpoints, _store) = (area, memory, checkpoints, store);
        _dropped = meter.Counter("ridetracking.log.segments.dropped", "{segment}", "Segments of the log that went before their time, for want of memory in the store.");
    }

    protected override async Task LookAsync(CancellationToken stopping)
    {
        await _memory.LookAsync(_area.Keys);
        if (_memory.Left != MemoryLeft.Enough)
        {
            await MakeRoomAsync(stopping);
        }
    }

    private async Task MakeRoomAsync(CancellationToken stopping)
    {
        if (Loop.Clock.GetUtcNow() is var now && now >= _nextCheckpointAt)
        {
            _nextCheckpointAt = now + BetweenCheckpoints;
            await _checkpoints.WriteAsync(stopping);
        }

        if (await _store.DropOldestAsync())
        {
            _dropped.Add(1);
        }
    }
}
