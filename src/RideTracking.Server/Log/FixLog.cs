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
internal sealed partial class FixLog : BackgroundService
{
    /// <summary>Key of its loop, by whose clock it waits: I/O is paced in real time, whatever the server's clock runs at.</summary>
    internal const string Pacing = "log-pacing";

    private static readonly Backoff Retry = new(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(2));
    private static readonly TimeSpan SendOff = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly WaitingFixes _waiting;
    private readonly UnclaimedCarriers _unclaimed;
    private readonly HashSet<Carrier> _broken = [];
    private readonly FlushWaits _flushes = new();
    private readonly FlushWaits _settles = new();
    private readonly Carriers _carriers;
    private readonly SemaphoreSlim _arrived = new(0);
    private readonly SemaphoreSlim _hurry = new(0);
    private readonly LogAppend _append;
    private readonly WriteAhead _ahead;
    private readonly LogOptions _options;
    private readonly LogMetrics _metrics;
    private readonly ILogger<FixLog> _logger;
    private readonly Loop _loop;
    private readonly LogRecord[] _batch;
    private readonly FlushWindow _window;
    private int _taken;
    private bool _isAway;
    private volatile bool _claimsAnew;
    private bool _sleeping = true;
    private long _appended;
    private long _settled;

    public FixLog(
        LogAppend append, WriteAhead ahead, ConnectionClaims claims, Carriers carriers, IOptions<LogOptions> options, LogMetrics metrics,
        [FromKeyedServices(FixLog.Pacing)] Loop loop, ILogger<FixLog> logger)
    {
        _append = append;
        _ahead = ahead;
        _unclaimed = new UnclaimedCarriers(claims, carriers, WakeLoop);
        _carriers = carriers;
        _options = options.Value;
        _metrics = metrics;
        _logger = logger;
        _loop = loop;
        _waiting = new WaitingFixes(_options.MaxWaitingFixes);
        _batch = new LogRecord[_options.MaxBatchFixes];
        _window = new FlushWindow(_options, loop.Clock);
        metrics.ObserveWaiting(() => _waiting.Count);
    }

    /// <summary>
    /// A carrier is here (<see cref="Carriers.Add"/>). Who has no claim claims its driver as soon as the store is there, unless it ends before
    /// (<see cref="Ended"/>); so does who was given it under a name that this node has given up before the answer came.
    /// </summary>
    public void TakeIn(Carrier carrier)
    {
        if (carrier.Claim is { } claim && claim.Writer != _append.By)
        {
            carrier.Suspend();
        }

        if (!carrier.IsClaimed)
        {
            _unclaimed.Add(carrier);
            WakeLoop();
        }
    }

    /// <summary>The carrier's stream has ended. What it appended is still written, if it ever had its driver.</summary>
    public void Ended(Carrier carrier)
    {
        carrier.End();
        if (!carrier.IsClaimed)
        {
            _unclaimed.Remove(carrier);
        }
    }

    /// <summary>
    /// The store has forgotten who carries the drivers, or another node took this one for ended: all carriers of this node claim them anew, above
    /// what they knew, unless another has come since.
    /// </summary>
    public void ClaimAnew()
    {
        _claimsAnew = true;
        WakeLoop();
    }

    /// <summary>Hands a fix over, or its rejection. It is dropped here when the log waits for the app to begin again, or another connection has the driver.</summary>
    public void Append(Carrier carrier, in Fix fix, in FixVerdict verdict, DriverStatus status)
    {
        bool wake, hurry;
        lock (_lock)
        {
            if (carrier.IsLost)
            {
                return;
            }

            if (_waiting.IsFull)
            {
                ForgetOldest();
            }

            if (!carrier.Ledger.Append(fix, verdict, out var run))
            {
                return;
            }

            _waiting.Add(new LogRecord { Carrier = carrier, Fix = fix, Verdict = verdict, Status = status, Run = run });
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

    /// <summary>Completes once everything appended so far is in the log, or was forgotten.</summary>
    public Task FlushAsync(CancellationToken cancellationToken)
    {
        var done = SettledIn(_flushes);
        if (!done.IsCompleted)
        {
            _hurry.Release();
        }

        return done.WaitAsync(cancellationToken);
    }

    /// <summary>The same in the batches' own time: nobody is in a hurry.</summary>
    public Task SettledAsync(CancellationToken cancellationToken) => SettledIn(_settles).WaitAsync(cancellationToken);

    private Task SettledIn(FlushWaits waits)
    {
        lock (_lock)
        {
            return _settled >= _appended ? Task.CompletedTask : waits.Add(_appended);
        }
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

    /// <summary>Whether there is something to write, or somebody to claim.</summary>
    internal bool HasWork
    {
        get
        {
            lock (_lock)
            {
                return _taken > 0 || _waiting.Count > 0 || !_unclaimed.IsEmpty || _claimsAnew;
            }
        }
    }

    /// <summary>For the simulation: one look, without the waiting before it.</summary>
    internal Task<LookOutcome> StepAsync(CancellationToken stopping)
    {
        _taken = _taken == 0 ? Take() : _taken;
        return _loop.LookAsync(WriteAsync, stopping);
    }

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
            await ClaimAsync(stopping);
            await _ahead.AllWrittenAsync().WaitAsync(stopping);
            while (!await _append.WriteAsync(_batch.AsMemory(0, _taken), Fence))
            {
                LogLost();
                ClaimAnew();
                await ClaimAsync(stopping);
            }
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

    private async Task ClaimAsync(CancellationToken stopping)
    {
        if (_claimsAnew)
        {
            _claimsAnew = false;
            _append.TakeWriter();
            SuspendAll();
        }

        await _unclaimed.ClaimAsync(_loop, stopping);
        if (_unclaimed.AreLeft)
        {
            BreakUnclaimed();
        }
    }

    // Waits for something to write, then for more to come: longer where little comes.
    private async Task CollectAsync(CancellationToken stoppingToken)
    {
        bool sleep;
        lock (_lock)
        {
            sleep = _waiting.Count == 0 && _unclaimed.IsEmpty && !_claimsAnew;
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
            collect = _waiting.Count < _batch.Length && _flushes.IsEmpty && _unclaimed.IsEmpty && !_claimsAnew;
        }

        if (collect)
        {
            await _hurry.WaitAsync(_window.Rest, stoppingToken);
        }
    }

    private int Take()
    {
        lock (_lock)
        {
            var count = _waiting.Take(_batch);
            _window.Taken((double)count / _batch.Length, _append.HasListeners);
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
            _settles.Complete(_settled);
        }
    }

    private void ForgetOldest()
    {
        var forgotten = _waiting.TakeOldest();
        _settled++;
        _settles.Complete(_settled);
        _metrics.Forgotten(1);
        if (forgotten.Carrier.Ledger.Forget(forgotten.Fix.Sequence, forgotten.Run))
        {
            _broken.Add(forgotten.Carrier);
        }
    }

    // What has no claim may not be written, and cannot be kept back without keeping back the others: the app is asked for it once it has one.
    private void BreakUnclaimed()
    {
        lock (_lock)
        {
            foreach (ref readonly var record in _batch.AsSpan(0, _taken))
            {
                if (record.Carrier is { IsClaimed: false, IsLost: false } carrier && carrier.Ledger.Forget(record.Fix.Sequence, record.Run))
                {
                    _broken.Add(carrier);
                    _metrics.Forgotten(1);
                }
            }
        }
    }

    private void TellBroken()
    {
        Carrier[] broken;
        lock (_lock)
        {
            if (_broken.Count == 0)
            {
                return;
            }

            broken = [.. _broken];
            _broken.Clear();
        }

        foreach (var carrier in broken)
        {
            carrier.Told();
        }
    }

    private void SuspendAll()
    {
        foreach (var carrier in WithWaiting().Where(c => _carriers.Of(c.DriverId) != c))
        {
            // Nobody can tell any more who has come after it.
            carrier.Lose(CarrierLoss.Ended);
        }

        foreach (var carrier in _carriers.All)
        {
            carrier.Suspend();
            _unclaimed.Add(carrier);
        }
    }

    private HashSet<Carrier> WithWaiting()
    {
        var carriers = new HashSet<Carrier>();
        foreach (ref readonly var record in _batch.AsSpan(0, _taken))
        {
            if (record.Carrier is not null)
            {
                carriers.Add(record.Carrier);
            }
        }

        lock (_lock)
        {
            _waiting.ForEach(record => carriers.Add(record.Carrier));
        }

        return carriers;
    }

    // Later connections have the drivers: their fixes under an older claim are not to be written any more.
    private void Fence(Dictionary<string, FenceMark> marks)
    {
        foreach (var mark in marks.Values)
        {
            _carriers.Fence(mark);
        }

        // Those of ended streams, too.
        foreach (var carrier in WithWaiting())
        {
            if (marks.TryGetValue(carrier.DriverId, out var mark))
            {
                mark.Fence(carrier);
            }
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

    [LoggerMessage(LogLevel.Warning, "The store has forgotten what this server wrote to it: all drivers here are claimed anew, and the apps send again what they still hold")]
    private partial void LogLost();

    [LoggerMessage(LogLevel.Warning, "Stopped while the store was away: {Waiting} fixes were not written and not acknowledged; the apps send them again")]
    private partial void LogStoppedWithWaiting(int waiting);
}
