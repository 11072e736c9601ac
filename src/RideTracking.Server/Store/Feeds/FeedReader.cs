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
internal sealed partial class FeedReader
{
    // More than a second's commits of a large city. Full, the newest is left out: the list has it, and is read once the rest is in.
    private const int MaxWaiting = 4_096;

    private const string LacksOwn = "it lacks what was committed here";

    private readonly IFeedSource _source;
    private readonly OwnCommits _own;
    private readonly Action<EventEntry> _apply;
    private readonly Action<string?> _beginAgain;
    private readonly FeedMetrics _metrics;
    private readonly ILogger<FeedReader> _logger;
    private long _caughtUpAt;
    private readonly Channel<EventEntry> _heard = Channel.CreateBounded<EventEntry>(MaxWaiting);
    private readonly Signal _wanted = new();
    private volatile bool _isBehind;

    // Of who has the turn. No chain before the head was first seen.
    private volatile FeedChain? _chain;
    private volatile bool _isLate;
    private string? _lacks;
    private long _looks;
    private long _lookDone;
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
        IFeedSource source, OwnCommits own, Action<EventEntry> apply, Action<string?> beginAgain, FeedMetrics metrics, Loop loop, ILogger<FeedReader> logger)
    {
        (_source, _own, _apply, _beginAgain, _metrics, Loop, _logger, _caughtUpAt) = (source, own, apply, beginAgain, metrics, loop, logger, loop.Clock.GetTimestamp());
        metrics.Measure(this);
    }

    /// <summary>Reads what comes.</summary>
    public Loop Loop { get; }

    /// <summary>How far this node is behind: since when it has not had all that there was at a look. About a second where all is well; begins anew when the store was away.</summary>
    public TimeSpan Behind => Loop.Clock.GetElapsedTime(Volatile.Read(ref _caughtUpAt));

    /// <summary>Whose turn it is to read.</summary>
    internal Turns Turns { get; } = new();

    /// <summary>Waits until there is something to take in.</summary>
    /// <exception cref="OperationCanceledException">The waiting was cancelled.</exception>
    public ValueTask<bool> WaitAsync(CancellationToken cancellation) => _isBehind ? new(true) : _wanted.WaitAsync(cancellation);

    /// <summary>An entry was published. Returns at once.</summary>
    public void Hear(ReadOnlyMemory<byte> message) => Hear(FeedEntries.Parse(message));

    /// <summary>An entry was committed here, and is published to nobody. Returns at once.</summary>
    public void Hear(in EventEntry entry)
    {
        if (!_heard.Writer.TryWrite(entry))
        {
            _metrics.Dropped();
            _isBehind = true;
        }

        _wanted.Set();
    }

    /// <summary>Looks whether anything was missed, or forgotten by the store, and takes in what there is.</summary>
    /// <exception cref="StackExchange.Redis.RedisException">The store is away.</exception>
    public Task LookAsync(CancellationToken cancellation) => Turns.RunAsync(LookAtHeadAsync, cancellation);

    /// <summary>Waits until all is taken in up to a place that the store has just told.</summary>
    /// <exception cref="StackExchange.Redis.RedisException">The store is away.</exception>
    public Task ReadThroughAsync(EventPosition position, CancellationToken cancellation)
    {
        var before = Volatile.Read(ref _looks);
        return Turns.RunAsync(
            async () =>
            {
                await TakeInHeardAsync();
                var own = _own.Committed();
                // Beyond the place it may be what the store has forgotten since. A look that began later than this was asked is as good as one's own.
                if ((_chain?.At == position && own.Length == 0) || _lookDone > before)
                {
                    return;
                }

                await LookAtHeadAsync();
                if (Array.Exists(own, _own.IsUnread))
                {
                    await BeginAgainAsync(LacksOwn);
                }
            },
            cancellation);
    }

    /// <summary>Asks something of how far it is, while it stands still; the default where it has not begun.</summary>
    /// <param name="ask">Is given the last entry that was taken in.</param>
    /// <param name="cancellation">Of the waiting.</param>
    public async Task<T?> StandingStillAsync<T>(Func<EventPosition, T> ask, CancellationToken cancellation)
    {
        T? answer = default;
        await Turns.RunAsync(
            () =>
            {
                answer = _chain is { } chain ? ask(chain.At) : default;
                return Task.CompletedTask;
            },
            cancellation);
        return answer;
    }

    /// <summary>It could not be looked: where nothing was read yet, what is read of the store meanwhile may be older than the place that is begun at.</summary>
    public void LookedInVain()
    {
        _isLate |= _chain is null;
        // It is the store that is away then: how far this node is behind is counted from when it is back.
        Volatile.Write(ref _caughtUpAt, Loop.Clock.GetTimestamp());
    }

    /// <summary>Applies what was heard, and what was missed of it.</summary>
    /// <exception cref="StackExchange.Redis.RedisException">The store is away; what was missed is still to be read.</exception>
    public Task TakeInAsync(CancellationToken cancellation) => Turns.RunAsync(TakeInHeardAsync, cancellation);

    /// <summary>For tests: a node that hears of nothing until this is called.</summary>
    internal async Task<Action> HoldAsync()
    {
        await Turns.TakeAsync(CancellationToken.None);
        return Turns.Give;
    }

    private async Task LookAtHeadAsync()
    {
        var look = Interlocked.Increment(ref _looks);
        var beganAt = Loop.Clock.GetTimestamp();
        await LookAsync();
        _lookDone = look;
        // It has taken in all that was there when it began, or has begun again.
        Volatile.Write(ref _caughtUpAt, beganAt);
    }

    private async Task LookAsync()
    {
        var own = _own.Committed();
        if (_chain is not { } chain)
        {
            await BeginAsync();
            return;
        }

        var head = await _source.HeadAsync();
        var step = chain.Judge(head);
        _isBehind |= step == FeedStep.Gap;
        await TakeInHeardAsync();
        if (_chain != chain)
        {
            return; // It was begun again.
        }

        if (step == FeedStep.Broken)
        {
            await BeginAgainAsync("its last entry is another one");
        }
        else if (chain.Judge(head) == FeedStep.Gap)
        {
            await BeginAgainAsync("entries before its last one are gone");
        }
        else if (_toBeRead.Through <= chain.At.Number && Array.Exists(_toBeRead.Own, _own.IsUnread))
        {
            await BeginAgainAsync(LacksOwn);
        }
        else
        {
            _toBeRead = (own, head.Number);
        }
    }

    private async Task TakeInHeardAsync()
    {
        while (_heard.Reader.TryRead(out var entry))
        {
            switch (Take(entry))
            {
                case FeedStep.Gap:
                    _isBehind = true;
                    break;
                case FeedStep.Broken:
                    await BeginAgainAsync("an entry does not follow on what was read");
                    break;
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
        for (var isMore = true; isMore && _chain is { } chain;)
        {
            var page = await _source.ReadAsync(chain.At.Number);
            isMore = page.Count > 0;
            foreach (var entry in page)
            {
                var step = Take(entry);
                if (step is FeedStep.Gap or FeedStep.Broken)
                {
                    await BeginAgainAsync(step == FeedStep.Gap ? "what came before is not kept any more" : "an entry does not follow on what was read");
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
        if (step == FeedStep.Next)
        {
            _own.Read(entry.At.Token);
            _apply(entry);
            _metrics.Applied();
        }

        return step;
    }

    private async Task BeginAgainAsync(string why)
    {
        LogBeginAgain(_chain!.At, why);
        _metrics.BegunAgain();
        (_chain, _lacks) = (null, why);
        await BeginAsync();
    }

    private async Task BeginAsync()
    {
        _chain = new FeedChain(await _source.BeginAsync());
        _own.Clear();
        _toBeRead = ([], 0);
        if (_isLate || _lacks is not null)
        {
            // After the place, so that what is read then has all that comes before it.
            _beginAgain(_lacks);
            (_isLate, _lacks) = (false, null);
        }
    }

    [LoggerMessage(
        LogLevel.Warning,
        "The feed was read up to {At}, and now begins again, since {Why}: the store has lost its last writes, was emptied, or this node was away for long. What memory holds of it is read anew")]
    private partial void LogBeginAgain(EventPosition at, string why);
}
