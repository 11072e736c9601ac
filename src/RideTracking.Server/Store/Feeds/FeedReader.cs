using System.Threading.Channels;
using RideTracking.Server.Hosting;
using RideTracking.Server.Store.Events;

namespace RideTracking.Server.Store.Feeds;

/// <summary>
/// Reads a feed without a gap and applies it: what is published for speed, the list for whatever of that does not come, and the
/// head once a second, so that the last message of a quiet feed is not lost for long. A feed that does not follow on what was read is
/// begun again: from its head, with all that memory has of the store read anew.
/// </summary>
/// <remarks>Thread-safe. Reading takes turns, so that entries are applied by one thread at a time; what is published never waits for it.</remarks>
internal sealed partial class FeedReader : IDisposable
{
    // More than a second's commits of a large city. Full, the newest is left out: the list has it, and is read once the rest is in.
    private const int MaxWaiting = 4_096;

    private readonly IFeedSource _source;
    private readonly OwnCommits _own;
    private readonly Action<EventEntry> _apply;
    private readonly Action<string?> _beginAgain;
    private readonly FeedMetrics _metrics;
    private readonly ILogger<FeedReader> _logger;
    private readonly Channel<EventEntry> _heard = Channel.CreateBounded<EventEntry>(MaxWaiting);
    private readonly Signal _wanted = new();
    private readonly SemaphoreSlim _turn = new(1);
    private volatile bool _isBehind;

    // Of who has the turn. No chain before the head was first seen.
    private volatile FeedChain? _chain;
    private volatile bool _isLate;
    private (ulong[] Own, ulong Through) _toBeRead = ([], 0);

    /// <param name="source">The feed.</param>
    /// <param name="own">What this node has committed to it.</param>
    /// <param name="apply">Takes an entry into memory. Never waits, never throws.</param>
    /// <param name="beginAgain">
    /// What memory has of the store is to be read anew, and why: what the feed lacks; null where only the first look came late. Returns at once.
    /// </param>
    /// <param name="metrics">What is counted.</param>
    /// <param name="loop">Reads what comes.</param>
    /// <param name="logger">Where it is told that it begins again.</param>
    public FeedReader(
        IFeedSource source, OwnCommits own, Action<EventEntry> apply, Action<string?> beginAgain, FeedMetrics metrics, Loop loop, ILogger<FeedReader> logger) =>
        (_source, _own, _apply, _beginAgain, _metrics, Loop, _logger) = (source, own, apply, beginAgain, metrics, loop, logger);

    /// <summary>Reads what comes.</summary>
    public Loop Loop { get; }

    /// <summary>Waits until there is something to take in.</summary>
    /// <exception cref="OperationCanceledException">The waiting was cancelled.</exception>
    public ValueTask<bool> WaitAsync(CancellationToken cancellation) => _isBehind ? new(true) : _wanted.WaitAsync(cancellation);

    /// <summary>An entry was published. Returns at once.</summary>
    public void Hear(ReadOnlyMemory<byte> message)
    {
        if (!_heard.Writer.TryWrite(FeedEntries.Parse(message)))
        {
            _metrics.Dropped();
            _isBehind = true;
        }

        _wanted.Set();
    }

    /// <summary>Looks whether anything was missed, or forgotten by the store, and takes in what there is.</summary>
    /// <exception cref="StackExchange.Redis.RedisException">The store is away.</exception>
    public Task LookAsync(CancellationToken cancellation) => InTurnAsync(LookAtHeadAsync, cancellation);

    /// <summary>It could not be looked: where nothing was read yet, what is read of the store meanwhile may be older than the place that is begun at.</summary>
    public void LookedInVain() => _isLate |= _chain is null;

    /// <summary>Applies what was heard, and what was missed of it.</summary>
    /// <exception cref="StackExchange.Redis.RedisException">The store is away; what was missed is still to be read.</exception>
    public Task TakeInAsync(CancellationToken cancellation) => InTurnAsync(TakeInHeardAsync, cancellation);

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    /// <summary>For tests: a node that hears of nothing until this is called.</summary>
    internal async Task<Action> HoldAsync()
    {
        await _turn.WaitAsync();
        return () => _turn.Release();
    }

    private async Task InTurnAsync(Func<Task> work, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            await work();
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task LookAtHeadAsync()
    {
        var own = _own.Committed();
        var head = await _source.HeadAsync();
        if (_chain is null)
        {
            _chain = new FeedChain(head);
            _own.Clear();
            if (_isLate)
            {
                // What was read of the store so far may be older than this.
                _beginAgain(null);
            }

            return;
        }

        var step = _chain.Judge(head);
        _isBehind |= step == FeedStep.Gap;
        await TakeInHeardAsync();
        if (step == FeedStep.Broken)
        {
            BeginAgain(head, "its last entry is another one");
        }
        else if (_chain.Judge(head) == FeedStep.Gap)
        {
            BeginAgain(head, "entries before its last one are gone");
        }
        else if (_toBeRead.Through <= _chain.At.Number && Array.Exists(_toBeRead.Own, _own.IsUnread))
        {
            BeginAgain(head, "it lacks what was committed here");
        }

        _toBeRead = (own, head.Number);
    }

    private async Task TakeInHeardAsync()
    {
        while (_heard.Reader.TryRead(out var entry))
        {
            if (Take(entry) == FeedStep.Gap)
            {
                _isBehind = true;
            }
        }

        if (_isBehind)
        {
            await TakeInListAsync();
        }
    }

    // To its end: what is published meanwhile waits, and most of it is known then.
    private async Task TakeInListAsync()
    {
        _metrics.ListRead();
        _isBehind = true;
        for (var isMore = true; isMore && _chain is not null;)
        {
            var page = await _source.ReadAsync(_chain.At.Number);
            isMore = page.Count > 0;
            foreach (var entry in page)
            {
                if (Take(entry) == FeedStep.Gap)
                {
                    BeginAgain(page[^1].At, "what came before is not kept any more");
                    break;
                }
            }
        }

        _isBehind = false;
    }

    private FeedStep Take(EventEntry entry)
    {
        if (_chain is null)
        {
            return FeedStep.Known; // What is read from now on has it.
        }

        var step = _chain.Take(entry);
        switch (step)
        {
            case FeedStep.Next:
                _own.Read(entry.At.Token);
                _apply(entry);
                _metrics.Applied();
                break;
            case FeedStep.Broken:
                BeginAgain(entry.At, "an entry does not follow on what was read");
                break;
        }

        return step;
    }

    private void BeginAgain(EventPosition at, string why)
    {
        LogBeginAgain(_chain!.At, at, why);
        _metrics.BegunAgain();
        _chain = new FeedChain(at);
        _own.Clear();
        _toBeRead = ([], 0);
        // After the place, so that what is read then has all that comes before it.
        _beginAgain(why);
    }

    [LoggerMessage(
        LogLevel.Warning,
        "The feed was read up to {At}, and now begins again at {Now}, since {Why}: the store has lost its last writes, was emptied, or this node was away for long. What memory holds of it is read anew")]
    private partial void LogBeginAgain(EventPosition at, EventPosition now, string why);
}
