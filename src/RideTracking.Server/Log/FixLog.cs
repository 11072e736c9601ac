using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using RideTracking.Engine.Index;
using RideTracking.Engine.Ingest;
using RideTracking.Server.Hosting;

namespace RideTracking.Server.Log;

/// <summary>Collects the fixes of this node and appends them to the area's log, one batch in flight.</summary>
/// <remarks>
/// <see cref="Append"/> may be called from any thread and never waits. The loop alone talks to the store; while the
/// store is away it tries again, and what waits is bounded by <see cref="LogOptions.MaxWaitingFixes"/>.
/// </remarks>
public sealed partial class FixLog : BackgroundService
{
    private static readonly Backoff Retry = new(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(2));
    private static readonly TimeSpan SendOff = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly WaitingFixes _waiting;
    private readonly UnclaimedCursors _unclaimed;
    private readonly List<LogCursor> _broken = [];
    private readonly FlushWaits _flushes = new();
    private readonly ConcurrentDictionary<string, LogCursor> _open = new();
    private readonly SemaphoreSlim _arrived = new(0);
    private readonly SemaphoreSlim _hurry = new(0);
    private readonly LogAppend _append;
    private readonly WriteAhead _ahead;
    private readonly LogOptions _options;
    private readonly LogMetrics _metrics;
    private readonly ILogger<FixLog> _logger;
    private readonly Loop _loop;
    private readonly LogRecord[] _batch;
    private int _taken;
    private bool _isAway;
    private bool _sleeping = true;
    private long _appended;
    private long _settled;
    private TimeSpan _window;

    public FixLog(
        LogAppend append, WriteAhead ahead, ConnectionClaims claims, IOptions<LogOptions> options, LogMetrics metrics, Loops loops, ILogger<FixLog> logger)
    {
        _append = append;
        _ahead = ahead;
        _unclaimed = new UnclaimedCursors(claims);
        _options = options.Value;
        _metrics = metrics;
        _logger = logger;
        // I/O pacing is in real time, whatever the server's clock runs at.
        _loop = loops.Create("fix_log", TimeProvider.System);
        _waiting = new WaitingFixes(_options.MaxWaitingFixes);
        _batch = new LogRecord[_options.MaxBatchFixes];
        _window = _options.MaxFlushWindow;
        metrics.ObserveWaiting(() => _waiting.Count);
    }

    /// <summary>
    /// Begins to follow a session; of the driver's session before it on this node and this one, the one that the store let in first can
    /// write no more.
    /// </summary>
    public void Open(LogCursor cursor)
    {
        LogCursor? loser = null;
        _open.AddOrUpdate(
            cursor.DriverId,
            _ =>
            {
                loser = null;
                return cursor;
            },
            (_, held) =>
            {
                // They may come here in another order than they claimed. Who could not claim yet comes after who is here.
                var isLate = cursor.IsClaimed && held.Epoch > cursor.Epoch;
                loser = isLate ? cursor : held;
                return isLate ? held : cursor;
            });
        loser?.Fence();
        if (!cursor.IsClaimed)
        {
            _unclaimed.Add(cursor);
            WakeLoop();
        }
    }

    /// <summary>Ends following a session. What it appended is still written, if it ever had its driver.</summary>
    public void Close(LogCursor cursor)
    {
        _open.TryRemove(new KeyValuePair<string, LogCursor>(cursor.DriverId, cursor));
        if (!cursor.IsClaimed)
        {
            _unclaimed.Remove(cursor);
        }
    }

    /// <summary>Hands a fix over. It is dropped here when the cursor is broken or fenced: the app will send it again.</summary>
    public void Append(LogCursor cursor, in Fix fix, FixOutcome outcome, DriverStatus status)
    {
        bool wake, hurry;
        lock (_lock)
        {
            if (cursor.IsBroken || cursor.IsFenced)
            {
                return;
            }

            if (_waiting.IsFull)
            {
                ForgetOldest();
                if (cursor.IsBroken)
                {
                    return;
                }
            }

            _waiting.Add(new LogRecord { Cursor = cursor, Fix = fix, Outcome = outcome, Status = status, Run = cursor.Run });
            _appended++;
            wake = _sleeping;
            _sleeping = false;
            hurry = _waiting.Count == _batch.Length;
        }

        if (wake)
        {
            _arrived.Release();
        }

        if (hurry)
        {
            _hurry.Release();
        }
    }

    /// <summary>The app of a broken session sends again from <see cref="LogCursor.LoggedThrough"/>.</summary>
    public void BeginAgain(LogCursor cursor)
    {
        lock (_lock)
        {
            _broken.Remove(cursor);
            cursor.BeginAgain();
        }
    }

    /// <summary>Completes once everything appended so far is in the log, or was forgotten.</summary>
    public Task FlushAsync(CancellationToken cancellationToken)
    {
        Task done;
        lock (_lock)
        {
            if (_settled >= _appended)
            {
                return Task.CompletedTask;
            }

            done = _flushes.Add(_appended);
        }

        _hurry.Release();
        return done.WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        // What streams appended while they drained still gets its chance, unless the store is away.
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(SendOff);
        try
        {
            await FlushAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            LogStoppedWithWaiting(_waiting.Count);
        }

        await base.StopAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => _loop.WheneverAsync(TakeAsync, WriteAsync, stoppingToken, Retry);

    private async ValueTask<bool> TakeAsync(CancellationToken stopping)
    {
        if (_taken == 0)
        {
            await CollectAsync(stopping);
            _taken = Take();
        }

        return true;
    }

    // What was taken stays until it is written.
    private async Task WriteAsync(CancellationToken stopping)
    {
        try
        {
            await _unclaimed.ClaimAsync(_loop, stopping);
            if (_unclaimed.HasFaulty)
            {
                BreakUnclaimed();
            }

            await _ahead.AllWrittenAsync().WaitAsync(stopping);
            await _append.WriteAsync(_batch.AsMemory(0, _taken), Fence);
        }
        catch (Exception e) when (_loop.Passes(e))
        {
            if (!_isAway)
            {
                _isAway = true;
                LogAway(e);
            }

            throw;
        }

        if (_isAway)
        {
            _isAway = false;
            LogBack(_waiting.Count);
        }

        Settle(_taken);
        _taken = 0;
        TellBroken();
    }

    // Waits for something to write, then for more to come: longer where little comes.
    private async Task CollectAsync(CancellationToken stoppingToken)
    {
        bool sleep;
        lock (_lock)
        {
            sleep = _waiting.Count == 0 && _unclaimed.IsEmpty;
            _sleeping = sleep;
        }

        if (sleep)
        {
            await _arrived.WaitAsync(stoppingToken);
        }

        while (_hurry.Wait(0, stoppingToken))
        {
            // Left over from a batch that is already written.
        }

        bool collect;
        lock (_lock)
        {
            collect = _waiting.Count < _batch.Length && _flushes.IsEmpty && _unclaimed.IsEmpty;
        }

        if (collect)
        {
            await _hurry.WaitAsync(_window, stoppingToken);
        }
    }

    private int Take()
    {
        lock (_lock)
        {
            var count = _waiting.Take(_batch);
            var fill = (double)count / _batch.Length;
            var next = _options.MaxFlushWindow - ((_options.MaxFlushWindow - _options.MinFlushWindow) * Math.Min(1, fill * 4));
            _window = (_window + next) / 2;
            return count;
        }
    }

    private void Settle(int count)
    {
        Array.Clear(_batch, 0, count);
        lock (_lock)
        {
            _settled += count;
            _flushes.Complete(_settled);
        }
    }

    private void ForgetOldest()
    {
        var forgotten = _waiting.TakeOldest();
        _settled++;
        _metrics.Forgotten(1);
        if (!forgotten.Cursor.IsBroken && forgotten.Run == forgotten.Cursor.Run)
        {
            forgotten.Cursor.Break(forgotten.Fix.Sequence);
            _broken.Add(forgotten.Cursor);
        }
    }

    // What has no claim may not be written, and cannot be kept back without keeping back the others: the app is asked for it once it has one.
    private void BreakUnclaimed()
    {
        lock (_lock)
        {
            foreach (ref readonly var record in _batch.AsSpan(0, _taken))
            {
                if (record.Cursor is { IsClaimed: false, IsAbandoned: false, IsFenced: false, IsBroken: false } cursor && record.Run == cursor.Run)
                {
                    cursor.Break(record.Fix.Sequence);
                    _broken.Add(cursor);
                    _metrics.Forgotten(1);
                }
            }
        }
    }

    private void TellBroken()
    {
        LogCursor[] broken;
        lock (_lock)
        {
            if (_broken.Count == 0)
            {
                return;
            }

            broken = [.. _broken];
            _broken.Clear();
        }

        foreach (var cursor in broken)
        {
            cursor.TellBroken();
        }
    }

    // Later connections have the drivers: their fixes under an older claim are not to be written any more.
    private void Fence(Dictionary<string, long> epochs)
    {
        var fenced = new HashSet<LogCursor>();
        void Collect(LogCursor cursor)
        {
            if (epochs.TryGetValue(cursor.DriverId, out var epoch) && cursor.Epoch < epoch)
            {
                fenced.Add(cursor);
            }
        }

        foreach (var driverId in epochs.Keys)
        {
            if (_open.TryGetValue(driverId, out var open))
            {
                Collect(open);
            }
        }

        foreach (ref readonly var record in _batch.AsSpan())
        {
            if (record.Cursor is not null)
            {
                Collect(record.Cursor);
            }
        }

        lock (_lock)
        {
            _waiting.ForEachCursor(Collect);
        }

        foreach (var cursor in fenced)
        {
            cursor.Fence();
        }
    }

    private void WakeLoop()
    {
        bool wake;
        lock (_lock)
        {
            wake = _sleeping;
            _sleeping = false;
        }

        if (wake)
        {
            _arrived.Release();
        }
    }

    [LoggerMessage(LogLevel.Warning, "The log cannot be written; fixes wait, acknowledgements too")]
    private partial void LogAway(Exception exception);

    [LoggerMessage(LogLevel.Information, "The log is written again; {Waiting} fixes wait")]
    private partial void LogBack(int waiting);

    [LoggerMessage(LogLevel.Warning, "Stopped while the store was away: {Waiting} fixes were not written and not acknowledged; the apps send them again")]
    private partial void LogStoppedWithWaiting(int waiting);
}
