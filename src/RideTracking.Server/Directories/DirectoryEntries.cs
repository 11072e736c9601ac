using System.Collections.Concurrent;
using System.Collections.Immutable;
using Google.Protobuf;
using RideTracking.Server.Store;
using StackExchange.Redis;

namespace RideTracking.Server.Directories;

/// <summary>
/// The entries of one kind, all of them in memory and in the store. Writes go to the store first and one after the other,
/// so that memory and store never disagree on which was last. Reads never wait for a write. Thread-safe; entries are
/// shared and must not be changed.
/// </summary>
public sealed class DirectoryEntries<T>(RedisStore store, RedisKey key, MessageParser<T> parser)
    where T : class, IMessage<T>
{
    private const int ScanPage = 500;

    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<string, T> _entries = new(StringComparer.Ordinal);
    private ImmutableSortedSet<string> _ids = ImmutableSortedSet.Create<string>(StringComparer.Ordinal);
    private Task _lastWrite = Task.CompletedTask;
    private volatile bool _isLoaded;
    private long _version;

    /// <summary>Rises with each change.</summary>
    public long Version => Interlocked.Read(ref _version);

    /// <summary>How many there are.</summary>
    public int Count => _ids.Count;

    /// <summary>The entry, if it is known by now.</summary>
    public T? Find(string id) => _entries.GetValueOrDefault(id);

    /// <summary>The entry, asking the store while memory does not hold everything yet.</summary>
    /// <exception cref="RedisException">The store is away and was never read.</exception>
    public async ValueTask<T?> FindAsync(string id)
    {
        if (Find(id) is { } known || _isLoaded)
        {
            return Find(id);
        }

        var stored = await store.Trips.HashGetAsync(key, id);
        return stored.IsNull ? null : Read(id, stored);
    }

    /// <summary>The entries whose ids come after one, in order of id.</summary>
    public IReadOnlyList<T> After(string id, int most)
    {
        var ids = _ids;
        var at = ids.IndexOf(id);
        var page = new List<T>();
        for (var i = at < 0 ? ~at : at + 1; i < ids.Count && page.Count < most; i++)
        {
            if (_entries.TryGetValue(ids[i], out var entry))
            {
                page.Add(entry);
            }
        }

        return page;
    }

    /// <summary>A page of entries in order of id, and the token of the next one; an empty token after the last.</summary>
    public (IReadOnlyList<T> Entries, string NextToken) Page(string token, int size, Func<T, string> id)
    {
        // One more tells whether there is another page.
        var found = After(token, size + 1);
        return found.Count > size ? ([.. found.Take(size)], id(found[size - 1])) : (found, "");
    }

    /// <summary>Makes or replaces an entry.</summary>
    /// <exception cref="RedisException">The store is away.</exception>
    public Task SetAsync(string id, T entry) => InTurnAsync(async () =>
    {
        await store.Writes.HashSetAsync(key, id, entry.ToByteArray());
        _entries[id] = entry;
        _ids = _ids.Add(id);
        Interlocked.Increment(ref _version);
        return true;
    });

    /// <summary>Removes an entry.</summary>
    /// <returns>False when there was none.</returns>
    /// <exception cref="RedisException">The store is away.</exception>
    public Task<bool> RemoveAsync(string id) => InTurnAsync(async () =>
    {
        var was = (bool)await StoreScript.EntryRemove.RunAsync(store.Writes, [key], [id]);
        _entries.TryRemove(id, out _);
        _ids = _ids.Remove(id);
        Interlocked.Increment(ref _version);
        return was;
    });

    /// <summary>Takes the store's word for everything.</summary>
    /// <exception cref="RedisException">The store is away.</exception>
    internal Task LoadAsync() => InTurnAsync(async () =>
    {
        var stored = new Dictionary<string, T>(StringComparer.Ordinal);
        await foreach (var entry in store.Bulk.HashScanAsync(key, pageSize: ScanPage))
        {
            if (Read(entry.Name, entry.Value) is { } read)
            {
                stored[(string)entry.Name!] = read;
            }
        }

        foreach (var (id, entry) in stored)
        {
            _entries[id] = entry;
        }

        foreach (var id in _entries.Keys.Where(id => !stored.ContainsKey(id)))
        {
            _entries.TryRemove(id, out _);
        }

        _ids = stored.Keys.ToImmutableSortedSet(StringComparer.Ordinal);
        _isLoaded = true;
        Interlocked.Increment(ref _version);
        return true;
    });

    private T? Read(string? id, RedisValue stored) => store.Unreadable.Read(RecordKind.Entry, key, id, (byte[])stored!, bytes => parser.ParseFrom(bytes));

    // Each write waits for the one before; as many wait as there are calls that write.
    private Task<TResult> InTurnAsync<TResult>(Func<Task<TResult>> write)
    {
        lock (_lock)
        {
            var turn = AfterAsync(_lastWrite, write);
            _lastWrite = turn;
            return turn;
        }
    }

    private static async Task<TResult> AfterAsync<TResult>(Task previous, Func<Task<TResult>> write)
    {
        // Yields in any case: nothing of this runs under the lock. What went wrong before is its caller's to know.
        await previous.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        return await write();
    }
}
