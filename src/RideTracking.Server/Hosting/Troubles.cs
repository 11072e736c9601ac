using System.Collections.Concurrent;

namespace RideTracking.Server.Hosting;

/// <summary>What is wrong with this node just now, each told by whoever knows it, in words for who has to mend it. Thread-safe.</summary>
public sealed class Troubles
{
    private readonly ConcurrentDictionary<Watched, string> _watched = new();

    /// <summary>Until the result is disposed it is asked, whenever somebody looks at the node's health.</summary>
    /// <param name="of">What it concerns: a constant. Several may concern the same.</param>
    /// <param name="look">What is wrong; null when nothing is. Returns at once and does not throw.</param>
    public IDisposable Watch(string of, Func<Trouble?> look)
    {
        var watched = new Watched(this, look);
        _watched[watched] = of;
        return watched;
    }

    /// <summary>All that is watched, with what is wrong of it now: nothing, or more than one thing.</summary>
    public IReadOnlyDictionary<string, Trouble[]> Now() =>
        _watched.GroupBy(w => w.Value, w => w.Key, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.Select(w => w.Look()).OfType<Trouble>().ToArray(), StringComparer.Ordinal);

    private sealed class Watched(Troubles all, Func<Trouble?> look) : IDisposable
    {
        public Trouble? Look() => look();

        public void Dispose() => all._watched.TryRemove(this, out _);
    }
}

/// <summary>What an area watches, until it closes.</summary>
internal sealed class AreaTroubles(Troubles troubles) : IDisposable
{
    private readonly ConcurrentBag<IDisposable> _watched = [];

    /// <inheritdoc cref="Troubles.Watch"/>
    public void Watch(string of, Func<Trouble?> look) => _watched.Add(troubles.Watch(of, look));

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var watched in _watched)
        {
            watched.Dispose();
        }
    }
}

/// <summary>Something that is wrong.</summary>
/// <param name="Words">What it is, and what mends it.</param>
/// <param name="TakesNoStreams">Whether new streams are better opened on another node; those that are open go on here.</param>
public sealed record Trouble(string Words, bool TakesNoStreams = false);
