using System.Collections.Concurrent;

namespace RideTracking.Server.Hosting;

/// <summary>What is wrong with this node just now, each told by whoever knows it, in words for who has to mend it. Thread-safe.</summary>
public sealed class Troubles
{
    private readonly ConcurrentQueue<(string Of, Func<Trouble?> Look)> _watched = new();

    /// <summary>From now on it is asked, whenever somebody looks at the node's health.</summary>
    /// <param name="of">What it concerns: a constant. Several may concern the same.</param>
    /// <param name="look">What is wrong; null when nothing is. Returns at once and does not throw.</param>
    public void Watch(string of, Func<Trouble?> look) => _watched.Enqueue((of, look));

    /// <summary>All that is watched, with what is wrong of it now: nothing, or more than one thing.</summary>
    public IReadOnlyDictionary<string, Trouble[]> Now() =>
        _watched.GroupBy(w => w.Of, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.Select(w => w.Look()).OfType<Trouble>().ToArray(), StringComparer.Ordinal);
}

/// <summary>Something that is wrong.</summary>
/// <param name="Words">What it is, and what mends it.</param>
/// <param name="TakesNoStreams">Whether new streams are better opened on another node; those that are open go on here.</param>
public sealed record Trouble(string Words, bool TakesNoStreams = false);
