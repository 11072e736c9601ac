using System.Collections.Concurrent;

namespace RideTracking.Server.Hosting;

/// <summary>
/// Who wants to hear of one thing each, by its id: a stream of its own driver. The one who has listened last hears it, as
/// the newest of a driver's streams does. What is told is told outside of any lock. Thread-safe.
/// </summary>
/// <typeparam name="T">What they hear.</typeparam>
public sealed class Listeners<T>
{
    private readonly ConcurrentDictionary<string, Action<T>> _heard = new(StringComparer.Ordinal);

    /// <summary>Listens until the result is disposed. Bounded by the open streams.</summary>
    /// <param name="id">Of what.</param>
    /// <param name="hear">Returns at once and does not throw.</param>
    public IDisposable Listen(string id, Action<T> hear)
    {
        _heard[id] = hear;
        return new Listening(this, id, hear);
    }

    /// <summary>Whether somebody listens.</summary>
    public bool IsHeard(string id) => _heard.ContainsKey(id);

    /// <summary>Tells whoever listens.</summary>
    public void Tell(string id, T news)
    {
        if (_heard.TryGetValue(id, out var hear))
        {
            hear(news);
        }
    }

    private sealed class Listening(Listeners<T> all, string id, Action<T> hear) : IDisposable
    {
        public void Dispose() => all._heard.TryRemove(KeyValuePair.Create(id, hear));
    }
}
