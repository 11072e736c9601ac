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

    private readonly LogQueue _queue;
    private readonly UnclaimedCarriers _unclaimed;
    private readonly Carriers _carriers;
    private readonly Signal _arrived = new();
    private readonly SemaphoreSlim _hurry = new(0);
    private readonly LogAppend _append;
    private readonly WriteAhead _ahead;
    private readonly ILogger<FixLog> _logger;
    private readonly Loop _loop;
    private readonly FlushWindow _window;
    private bool _isAway;
    private volatile bool _claimsAnew;

    public FixLog(
        LogAppend append, WriteAhead ahead, ConnectionClaims claims, Carriers carriers, IOptions<LogOptions> options, LogMetrics metrics,
        [FromKeyedServices(FixLog.Pacing)] Loop loop, ILogger<FixLog> logger)
    {
        (_append, _ahead, _carriers, _loop, _logger) = (append, ahead, carriers, loop, logger);
        _queue = new LogQueue(options.Value, metrics);
        _unclaimed = new UnclaimedCarriers(claims, carriers, _arrived.Set);
        _window = new FlushWindow(options.Value, loop.Clock);
        metrics.ObserveWaiting(() => _queue.Waiting);
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
            _arrived.Set();
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
        _arrived.Set();
    }

    /// <summary>Hands a fix over, or its rejection. It is dropped here when the log waits for the app to begin again, or another connection has the driver.</summary>
    public void Append(Carrier carrier, in Fix fix, in FixVerdict verdict, DriverStatus status)
    {
        if (_queue.Add(carrier, fix, verdict, status, out var isFull))
        {
            _arrived.Set();
            if (isFull)
            {
                _hurry.Release();
            }
        }
    }

    /// <summary>Completes once everything appended so far is in the log, or was forgotten.</summary>
    public Task FlushAsync(CancellationToken cancellationToken)
    {
        var done = _queue.FlushedAsync();
        if (!done.IsCompleted)
        {
            _hurry.Release();
        }

        return done.WaitAsync(cancellationToken);
    }

    /// <summary>The same in the batches' own time: nobody is in a hurry.</summary>
    public Task SettledAsync(CancellationToken cancellationToken) => _queue.SettledAsync().WaitAsync(cancellationToken);

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
            LogStoppedWithWaiting(_queue.Waiting);
        }

        await base.StopAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => _loop.WheneverAsync(TakeAsync, WriteAsync, stoppingToken, Retry);

    /// <summary>Whether there is something to write, or somebody to claim.</summary>
    internal bool HasWork => !_queue.Batch.IsEmpty || !_queue.IsEmpty || HasClaims;

    private bool HasClaims => !_unclaimed.IsEmpty || _claimsAnew;

    /// <summary>For the simulation: one look, without the waiting before it.</summary>
    internal Task<LookOutcome> StepAsync(CancellationToken stopping)
    {
        TakeBatch();
        return _loop.LookAsync(WriteAsync, stopping);
    }

    private async ValueTask<bool> TakeAsync(CancellationToken stopping)
    {
        if (_queue.Batch.IsEmpty)
        {
            await CollectAsync(stopping);
            TakeBatch();
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
            while (!await _append.WriteAsync(_queue.Batch, Fence))
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
            LogBack(_queue.Waiting);
        }

        _queue.Settle();
        foreach (var carrier in _queue.TakeBroken())
        {
            carrier.Told();
        }
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
            _queue.BreakUnclaimed();
        }
    }

    // Waits for something to write, then for more to come: longer where little comes.
    private async Task CollectAsync(CancellationToken stoppingToken)
    {
        // What has woken it before may be written already.
        while (!HasWork)
        {
            await _arrived.WaitAsync(stoppingToken);
        }

        while (_hurry.Wait(0, stoppingToken))
        {
            // Left over from a batch that is already written.
        }

        if (!_queue.IsDue && !HasClaims)
        {
            await _hurry.WaitAsync(_window.Rest, stoppingToken);
        }
    }

    private void TakeBatch()
    {
        if (_queue.TakeBatch() is { } fill)
        {
            _window.Taken(fill, _append.HasListeners);
        }
    }

    private void SuspendAll()
    {
        foreach (var carrier in _queue.Carriers().Where(c => _carriers.Of(c.DriverId) != c))
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

    // Later connections have the drivers: their fixes under an older claim are not to be written any more.
    private void Fence(Dictionary<string, FenceMark> marks)
    {
        foreach (var mark in marks.Values)
        {
            _carriers.Fence(mark);
        }

        // Those of ended streams, too.
        foreach (var carrier in _queue.Carriers())
        {
            if (marks.TryGetValue(carrier.DriverId, out var mark))
            {
                _carriers.Fence(carrier, mark);
            }
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
