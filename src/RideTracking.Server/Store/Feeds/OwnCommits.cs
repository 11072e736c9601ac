using System.Collections.Concurrent;

namespace RideTracking.Server.Store.Feeds;

/// <summary>
/// This node's commits that were not read in the feed yet: memory has them by the script's reply. One that a store said was
/// committed, and that the feed does not have, the store has forgotten. Bounded by the calls under way and a second's commits. Thread-safe.
/// </summary>
public sealed class OwnCommits
{
    // Whether the store has said that it is committed.
    private readonly ConcurrentDictionary<ulong, bool> _unread = new();

    /// <summary>One is sent.</summary>
    internal void Sent(ulong token) => _unread[token] = false;

    /// <summary>The store has answered.</summary>
    internal void Answered(ulong token, bool isCommitted)
    {
        if (!isCommitted)
        {
            _unread.TryRemove(token, out _);
        }
        else
        {
            // Read by now, it is there no more.
            _unread.TryUpdate(token, true, false);
        }
    }

    /// <summary>It was read in the feed.</summary>
    internal void Read(ulong token) => _unread.TryRemove(token, out _);

    /// <summary>Those that are committed by now, and were not read.</summary>
    internal ulong[] Committed() => [.. _unread.Where(c => c.Value).Select(c => c.Key)];

    /// <summary>Whether one was not read yet.</summary>
    internal bool IsUnread(ulong token) => _unread.ContainsKey(token);

    /// <summary>
    /// What is read from the store now has all that it knows of them: also of those whose answers are still to come, and whose entries may be
    /// before the place that is gone on from.
    /// </summary>
    internal void Clear() => _unread.Clear();
}
