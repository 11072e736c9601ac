namespace RideTracking.Server.Hosting;

/// <summary>
/// A loop that no fault ends. Each item of its work is tried by itself: one that fails is told once, counted, and left alone
/// for a while (twice as long each time, up to a minute), and the rest goes on. A failure that passes by itself (the store is
/// away, or refuses) is no item's fault: it ends the look, quietly, and the next one tries again. Thread-safe.
/// </summary>
public sealed partial class Loop
{
    // The look itself, beside the items of it.
    private const string Look = "";

    private static readonly Backoff EvenPace = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));

    private readonly Predicate<Exception> _passes;
    private readonly LoopMetrics _metrics;
    private readonly ILogger<Loop> _logger;
    private long _lookedAtTicks;
    private readonly FaultyItems _faulty;
    private int _isFull;

    internal Loop(string name, TimeProvider clock, Predicate<Exception> passes, LoopMetrics metrics, ILogger<Loop> logger)
    {
        (Name, Clock, _passes, _metrics, _logger) = (name, clock, passes, metrics, logger);
        _faulty = new FaultyItems(clock);
    }

    /// <summary>What it is called in logs and metrics.</summary>
    public string Name { get; }

    /// <summary>Whose intervals and waits.</summary>
    public TimeProvider Clock { get; }

    /// <summary>When the last look at an interval that is over began: what was so by then has been seen. The minimum before the first.</summary>
    public DateTimeOffset LookedAt => new(Volatile.Read(ref _lookedAtTicks), TimeSpan.Zero);

    /// <summary>Whether a failure is nobody's fault and passes by itself.</summary>
    public bool Passes(Exception e) => _passes(e);

    /// <summary>Looks again an interval after the last look began, at the earliest, until it is stopped; never twice at once.</summary>
    public async Task EveryAsync(TimeSpan interval, Func<CancellationToken, Task> look, CancellationToken stopping)
    {
        try
        {
            using var timer = new PeriodicTimer(interval, Clock);
            while (await timer.WaitForNextTickAsync(stopping))
            {
                var beganAt = Clock.GetUtcNow();
                await LookAsync(look, stopping);
                Volatile.Write(ref _lookedAtTicks, beganAt.UtcTicks);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The server stops; what is to go on, the next one takes up.
        }
    }

    /// <summary>Looks whenever there is something to look at, until it is stopped or there never will be.</summary>
    /// <param name="waitAsync">Waits for something; false when nothing comes any more.</param>
    /// <param name="look">Takes what there is.</param>
    /// <param name="stopping">Ends it.</param>
    /// <param name="pace">Of new tries while something passes; each second without it.</param>
    public async Task WheneverAsync(
        Func<CancellationToken, ValueTask<bool>> waitAsync, Func<CancellationToken, Task> look, CancellationToken stopping, Backoff? pace = null)
    {
        var waits = pace ?? EvenPace;
        try
        {
            while (await waitAsync(stopping))
            {
                switch (await LookAsync(look, stopping))
                {
                    case LookOutcome.Done:
                        waits.Reset();
                        break;
                    case LookOutcome.Waiting:
                        await Task.Delay(waits.Next(), Clock, stopping);
                        break;
                    default:
                        await Task.Delay(_faulty.WaitOf(Look), Clock, stopping);
                        break;
                }
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    /// <summary>Does something once, trying until it is done or stopped.</summary>
    public async Task UntilDoneAsync(Func<CancellationToken, Task> work, CancellationToken stopping)
    {
        try
        {
            var waits = EvenPace;
            while (await LookAsync(work, stopping) is not LookOutcome.Done and var outcome)
            {
                await Task.Delay(outcome is LookOutcome.Waiting ? waits.Next() : _faulty.WaitOf(Look), Clock, stopping);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The server stops; the next one does it.
        }
    }

    /// <summary>One look. Nothing that it throws comes out of here, but that it was stopped.</summary>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public async Task<LookOutcome> LookAsync(Func<CancellationToken, Task> look, CancellationToken stopping)
    {
        var outcome = LookOutcome.Waiting;
        try
        {
            outcome = IsWaiting(Look) ? LookOutcome.BackedOff
                : await TryAsync(Look, () => look(stopping), stopping) ? LookOutcome.Done
                : LookOutcome.Fault;
        }
        catch (Exception e) when (_passes(e))
        {
            LogWaiting(Name, e.Message);
        }

        ForgetGone();
        _metrics.Looked(Name, outcome);
        return outcome;
    }

    /// <summary>Tries one item of the work by itself.</summary>
    /// <param name="item">What it is told as, and remembered by: an id.</param>
    /// <param name="work">What to do.</param>
    /// <param name="stopping">A cancellation by this is no fault.</param>
    /// <returns>False when it failed for a reason of its own, or did so before and is left alone for now.</returns>
    /// <exception cref="Exception">A failure that passes by itself, or a cancellation: the look ends.</exception>
    public async Task<bool> TryAsync(string item, Func<Task> work, CancellationToken stopping)
    {
        if (IsWaiting(item))
        {
            return false;
        }

        try
        {
            await work();
        }
        catch (Exception e) when (IsFault(e, stopping))
        {
            Failed(item, e);
            return false;
        }

        Well(item);
        return true;
    }

    /// <summary>The same of what does not wait for anything.</summary>
    public bool Try<TState>(string item, TState state, Action<TState> work)
    {
        if (IsWaiting(item))
        {
            return false;
        }

        try
        {
            work(state);
        }
        catch (Exception e) when (IsFault(e, CancellationToken.None))
        {
            Failed(item, e);
            return false;
        }

        Well(item);
        return true;
    }

    /// <summary>Whether an item failed before and is left alone for now.</summary>
    public bool IsWaiting(string item) => _faulty.WaitOf(item) > TimeSpan.Zero;

    /// <summary>Forgets the faulty items that nobody has tried for long. Each look does it by itself.</summary>
    public void ForgetGone() => _metrics.Faulty(Name, -_faulty.ForgetGone(Look));

    private bool IsFault(Exception e, CancellationToken stopping) =>
        !_passes(e) && !(e is OperationCanceledException && stopping.IsCancellationRequested);

    /// <summary>An item has failed for a reason of its own. For who tries by itself; <see cref="TryAsync"/> does it all.</summary>
    public void Failed(string item, Exception e)
    {
        _metrics.Faulted(Name);
        var (isNews, isOneMore) = _faulty.Failed(item, $"{e.GetType().FullName}: {e.Message}");
        _metrics.Faulty(Name, isOneMore ? 1 : 0);
        if (isNews)
        {
            if (item == Look)
            {
                LogLookFailed(e, Name);
            }
            else
            {
                LogFailed(e, Name, item);
            }
        }
        else if (_faulty.Count >= FaultyItems.Most && Interlocked.Exchange(ref _isFull, 1) == 0)
        {
            LogTooMany(e, Name, FaultyItems.Most);
        }
    }

    /// <summary>An item did not fail. Costs next to nothing while none does.</summary>
    public void Well(string item)
    {
        if (_faulty.Well(item))
        {
            _metrics.Faulty(Name, -1);
            if (item == Look)
            {
                LogLookWell(Name);
            }
            else
            {
                LogWell(Name, item);
            }
        }
    }

    [LoggerMessage(LogLevel.Debug, "The loop {Loop} waits: {Message}")]
    private partial void LogWaiting(string loop, string message);

    [LoggerMessage(LogLevel.Error, "The loop {Loop} failed; it goes on, and tries again later. Told once as long as it fails the same way")]
    private partial void LogLookFailed(Exception exception, string loop);

    [LoggerMessage(LogLevel.Error, "The loop {Loop} failed at {Item}; the rest goes on, and this is tried again later. Told once as long as it fails the same way")]
    private partial void LogFailed(Exception exception, string loop, string item);

    [LoggerMessage(LogLevel.Error, "The loop {Loop} fails at more than {Most} items; further ones are not told")]
    private partial void LogTooMany(Exception exception, string loop, int most);

    [LoggerMessage(LogLevel.Information, "The loop {Loop} is well again")]
    private partial void LogLookWell(string loop);

    [LoggerMessage(LogLevel.Information, "The loop {Loop} does not fail at {Item} any more")]
    private partial void LogWell(string loop, string item);
}
