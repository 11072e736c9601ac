using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;
using RideTracking.Server.Store.Events;
using RideTracking.Server.Store.Feeds;

namespace RideTracking.Server.Log;

/// <summary>
/// Each minute or five million fixes, on the node that holds the area's work, or on any when that one does not: a checkpoint of what the log has of every driver, so that whoever starts reads no more
/// than the segments since. Only what a checkpoint covers may expire.
/// </summary>
internal sealed partial class LogCheckpoints : LoopService
{
    private static readonly TimeSpan EveryMinute = TimeSpan.FromMinutes(1);

    // Of who does not hold the work: later than the other node's next one is.
    private static readonly TimeSpan Overdue = TimeSpan.FromMinutes(2.5);
    private static readonly TimeSpan Late = TimeSpan.FromMinutes(10);

    // So many take a starting node some ten seconds to read.
    private const long MostFixes = 5_000_000;

    private readonly FeedReader _feed;
    private readonly SegmentConnections _segment;
    private readonly LoggedDrivers _drivers;
    private readonly CheckpointStore _store;
    private readonly NodeLease _lease;
    private readonly Area _area;
    private readonly ILogger<LogCheckpoints> _logger;
    private long _writtenAtUnixMs;
    private DateTimeOffset _minuteAt;
    private long _writtenAtFixes;
    private volatile string _pointer = "";
    private volatile bool _isLate;

    public LogCheckpoints(
        Area area, [FromKeyedServices("log")] FeedReader feed, SegmentConnections segment, LoggedDrivers drivers, CheckpointStore store, NodeLease lease,
        LogMetrics metrics, ILogger<LogCheckpoints> logger)
        : base(area.MachineLoop("log_checkpoints"), EverySecond)
    {
        (_area, _feed, _segment, _drivers, _store, _lease, _logger) = (area, feed, segment, drivers, store, lease, logger);
        _minuteAt = area.Clock.Machine.GetUtcNow() + EveryMinute;
        _writtenAtUnixMs = area.Clock.Machine.GetUtcNow().ToUnixTimeMilliseconds();
        metrics.ObserveCheckpoint(() => AgeAt(area.Clock.Machine.GetUtcNow()));
    }

    /// <summary>Writes one now, whoever holds the work: two that do are no harm.</summary>
    /// <returns>Whether there is one that has all up to now.</returns>
    /// <exception cref="StackExchange.Redis.RedisException">The store is away, or refuses.</exception>
    internal async Task<bool> WriteAsync(CancellationToken stopping)
    {
        var (before, begun) = (await _store.PointerAsync(), _drivers.Begun);
        // All that is told up to here is in memory: what comes while it is copied may be in it or not.
        var (at, segment) = await _feed.StandingStillAsync(at => (at, _segment.Number), stopping);
        if (at.Number == 0 || segment == 0)
        {
            return before.Length == 0;
        }

        var written = _store.Parse(before);
        if (written?.Segment > segment)
        {
            return false; // This node is behind whoever wrote that.
        }

        var last = written?.At == at ? written : await _store.WriteAsync(before, at, segment, _drivers, () => ReachAsync(begun, stopping), stopping);
        if (last is null)
        {
            return false;
        }

        Written(last.ToString());
        await _store.ExpireAsync(last.Segment);
        if (written?.Segment < last.Segment)
        {
            await _store.ForgetAsync(written);
        }

        return true;
    }

    // Own batches are in memory when the store has answered, before they are read: one that it has forgotten since, and which nobody would read, is in no checkpoint.
    private async Task<(EventPosition At, long Segment)?> ReachAsync(int begun, CancellationToken stopping)
    {
        await _feed.ReadThroughAsync(default, stopping);
        var reach = await _feed.StandingStillAsync(at => (at, _segment.Number), stopping);
        return _drivers.Begun == begun ? reach : null;
    }

    protected override async Task LookAsync(CancellationToken stopping)
    {
        var now = _area.Clock.Machine.GetUtcNow();
        var isMinute = now >= _minuteAt;
        var fixes = _drivers.Taken;
        if (!isMinute && fixes - _writtenAtFixes < MostFixes)
        {
            return;
        }

        if (isMinute)
        {
            _minuteAt = now + EveryMinute;
            _drivers.Trim(_area.Clock.GetUtcNow().ToUnixTimeMilliseconds());
        }

        _writtenAtFixes = fixes;
        if (await _lease.HoldsWorkAsync())
        {
            await WriteAsync(stopping);
        }
        else
        {
            await LookAtOthersAsync(stopping);
        }

        if (AgeAt(now) > Late && !_isLate)
        {
            _isLate = true;
            LogLate(AgeAt(now));
        }
    }

    // Who holds the work may be unable to: then whoever can does it.
    private async Task LookAtOthersAsync(CancellationToken stopping)
    {
        var pointer = await _store.PointerAsync();
        if (pointer != _pointer)
        {
            Written(pointer);
        }
        else if (AgeAt(_area.Clock.Machine.GetUtcNow()) > Overdue)
        {
            await WriteAsync(stopping);
        }
    }

    private TimeSpan AgeAt(DateTimeOffset now) => now - DateTimeOffset.FromUnixTimeMilliseconds(Volatile.Read(ref _writtenAtUnixMs));

    private void Written(string pointer)
    {
        Volatile.Write(ref _writtenAtUnixMs, _area.Clock.Machine.GetUtcNow().ToUnixTimeMilliseconds());
        (_pointer, _isLate) = (pointer, false);
    }

    [LoggerMessage(
        LogLevel.Warning,
        "No checkpoint of the log was written for {Age}: nothing of it expires meanwhile, and whoever starts reads all since. Told once until there is one")]
    private partial void LogLate(TimeSpan age);
}
