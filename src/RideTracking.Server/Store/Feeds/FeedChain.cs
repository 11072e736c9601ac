using RideTracking.Server.Store.Events;

namespace RideTracking.Server.Store.Feeds;

/// <summary>What an entry, or a head, is to who has read a feed up to some place.</summary>
internal enum FeedStep
{
    /// <summary>It comes next.</summary>
    Next,

    /// <summary>It was read before.</summary>
    Known,

    /// <summary>Something before it was not read yet.</summary>
    Gap,

    /// <summary>It does not follow on what was read: the store has forgotten some of that.</summary>
    Broken,
}

/// <summary>
/// How far a feed was read. A number alone is never compared: a store that has forgotten its last entries gives their numbers
/// again, but never their tokens. Not thread-safe.
/// </summary>
/// <param name="at">The last entry that was read; number 0 where there was none.</param>
internal sealed class FeedChain(EventPosition at)
{
    /// <summary>The last entry that was read.</summary>
    public EventPosition At { get; private set; } = at;

    /// <summary>Takes an entry, if it comes next.</summary>
    public FeedStep Take(in EventEntry entry)
    {
        var step = Judge(entry);
        if (step == FeedStep.Next)
        {
            At = entry.At;
        }

        return step;
    }

    /// <summary>What a head is that was asked for after the last entry had been taken: known, a gap, or broken.</summary>
    public FeedStep Judge(EventPosition head) =>
        head == At ? FeedStep.Known
        : head.Number > At.Number ? FeedStep.Gap
        : FeedStep.Broken;

    private FeedStep Judge(in EventEntry entry)
    {
        if (At.Number == 0)
        {
            // The first one of all has none before it.
            return entry.BeforeToken == 0 ? FeedStep.Next : FeedStep.Gap;
        }

        if (entry.At.Number <= At.Number)
        {
            return entry.At.Number == At.Number && entry.At.Token != At.Token ? FeedStep.Broken : FeedStep.Known;
        }

        return entry.At.Number > At.Number + 1 ? FeedStep.Gap
            : entry.BeforeToken == At.Token ? FeedStep.Next
            : FeedStep.Broken;
    }
}
