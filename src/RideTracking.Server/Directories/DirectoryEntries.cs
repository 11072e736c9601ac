using System.Collections.Concurrent;
using System.Collections.Immutable;
using Google.Protobuf;
using RideTracking.Server.Store;
using RideTracking.Server.Store.Feeds;
using StackExchange.Redis;

namespace RideTracking.Server.Directories;

/// <summary>
/// The entries of one kind, all of them in memory and in the store. Writes of any node reach memory by the feed, an own one with its answer
/// already; which was last the feed's numbers tell. Reads never wait for a write. Thread-safe; entries are shared and must not be changed.
/// </summary>
/// <param name="store">The store.</param>
/// <param name="feed">What is written is told in it.</param>
/// <param name="kind">As the feed calls such an entry.</param>
/// <param name="key">Hash of them by id.</param>
/// <param name="parser">Reads one.</param>
public sealed class DirectoryEntries<T>(RedisStore store, FeedWriter feed, string kind, RedisKey key, MessageParser<T> parser)
    where T : class, IMessage<T>
{
    private const int ScanPage = 500;

    private readonly Lock _lock = new();
    private readonly Lock _memory = new();

    // Numbers of the changes of entries that were changed since they were read, the removed ones too.
    private readonly Dictionary<string, ulong> _changedAt = new(StringComparer.Ordinal);
    private HashSet<string>? _changedSinceLoad;
    private readonly ConcurrentDictionary<string, T> _entries = new(StringComparer.Ordinal);
    private ImmutableSortedSet<string> _ids = ImmutableSortedSet.Create<string>(StringComparer.Ordinal);
    private Task _lastWrite = Task.CompletedTask;
    private volatile bool _isLoaded;
    private long _version;

    private RedisKey Revisions => key.Append(":revisions");

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

        return await ReadAsync(id);
    }

    /// <summary>The entry as the store has it now: memory may not have heard yet of what another node has written.</summary>
    /// <exception cref="RedisException">The store is away.</exception>
    internal async Task<T?> ReadAsync(string id)
    {
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

    /// <summary>Makes or replaces entries, those that are not older than what is there; each id once.</summary>
    /// <param name="entries">With the company's own number of each, which rises; null where there is none, and nothing is compared.</param>
    /// <returns>The places of those that are older; they are left out.</returns>
    /// <exception cref="RedisException">The store is away.</exception>
    public Task<int[]> SetAsync(IReadOnlyList<(string Id, T Entry, ulong? Revision)> entries) => InTurnAsync(async () =>
    {
        RedisValue[] arguments = [kind, .. entries.SelectMany(e => new RedisValue[] { e.Id, e.Revision ?? RedisValue.EmptyString, e.Entry.ToByteArray() })];
        var reply = (RedisResult[])(await feed.RunAsync(store.Writes, StoreScript.EntriesSet, [key, Revisions], arguments))!;
        var isSet = (string)reply[0]! == "ok";
        int[] older = [.. reply.Skip(isSet ? 2 : 1).Select(place => (int)place - 1)];
        for (var place = 0; place < entries.Count; place++)
        {
            if (!older.Contains(place))
            {
                Take(entries[place].Id, entries[place].Entry, (ulong)reply[1]);
            }
        }

        return older;
    });

    /// <summary>Makes or replaces an entry that holds the number of the change, as that is kept beside the entries.</summary>
    /// <param name="id">The entry's.</param>
    /// <param name="changes">Where the number of the last change is.</param>
    /// <param name="now">The number is at least the milliseconds of that time: a store that has forgotten its last numbers does not give them again.</param>
    /// <param name="entryOf">The entry by that number; may be asked more than once.</param>
    /// <exception cref="RedisException">The store is away.</exception>
    public Task<T> SetNumberedAsync(string id, RedisKey changes, DateTimeOffset now, Func<ulong, T> entryOf) => InTurnAsync(async () =>
    {
        // Whoever finds another number than it has read was overtaken by somebody else's change.
        while (true)
        {
            var before = (ulong)await store.Trips.StringGetAsync(changes);
            var number = Math.Max(before + 1, (ulong)now.ToUnixTimeMilliseconds());
            var entry = entryOf(number);
            var reply = (RedisResult[])(await feed.RunAsync(store.Writes, StoreScript.EntrySet, [key, changes], [kind, id, entry.ToByteArray(), before, number]))!;
            if ((string)reply[0]! == "ok")
            {
                Take(id, entry, (ulong)reply[1]);
                return entry;
            }
        }
    });

    /// <summary>Removes an entry.</summary>
    /// <returns>False when there was none.</returns>
    /// <exception cref="RedisException">The store is away.</exception>
    public Task<bool> RemoveAsync(string id) => InTurnAsync(async () =>
    {
        var reply = (RedisResult[])(await feed.RunAsync(store.Writes, StoreScript.EntryRemove, [key, Revisions], [kind, id]))!;
        if ((string)reply[0]! != "ok")
        {
            return false;
        }

        Take(id, null, (ulong)reply[1]);
        return true;
    });

    /// <summary>Takes in what any node has written.</summary>
    /// <returns>Whether it was news: an own one was taken in with its answer.</returns>
    internal bool Apply(FeedChange change)
    {
        var id = change.Text(0);
        return Take(id, change.Parts.Count > 1 ? Read(id, change.Parts[1]) : null, change.Number);
    }

    // Without a number there is no other node, and writes come one after the other.
    private bool Take(string id, T? entry, ulong number)
    {
        lock (_memory)
        {
            if (number > 0)
            {
                if (_changedAt.GetValueOrDefault(id) >= number)
                {
                    return false;
                }

                _changedAt[id] = number;
            }

            _changedSinceLoad?.Add(id);
            if (entry is null)
            {
                _entries.TryRemove(id, out _);
                _ids = _ids.Remove(id);
            }
            else
            {
                _entries[id] = entry;
                _ids = _ids.Add(id);
            }

            Interlocked.Increment(ref _version);
            return true;
        }
    }

    /// <summary>Takes the store's word for everything.</summary>
    /// <exception cref="RedisException">The store is away.</exception>
    internal Task LoadAsync() => InTurnAsync(async () =>
    {
        lock (_memory)
        {
            _changedAt.Clear();
            _changedSinceLoad = new(StringComparer.Ordinal);
        }

        var stored = new Dictionary<string, T>(StringComparer.Ordinal);
        await foreach (var entry in store.Bulk.HashScanAsync(key, pageSize: ScanPage))
        {
            if (Read(entry.Name, entry.Value) is { } read)
            {
                stored[(string)entry.Name!] = read;
            }
        }

        lock (_memory)
        {
            // What has changed meanwhile is newer than what was read.
            var isNewer = _changedSinceLoad ?? [];
            _changedSinceLoad = null;
            foreach (var (id, entry) in stored.Where(e => !isNewer.Contains(e.Key)))
            {
                _entries[id] = entry;
            }

            foreach (var id in _entries.Keys.Where(id => !stored.ContainsKey(id) && !isNewer.Contains(id)))
            {
                _entries.TryRemove(id, out _);
            }

            _ids = _entries.Keys.ToImmutableSortedSet(StringComparer.Ordinal);
            _isLoaded = true;
            Interlocked.Increment(ref _version);
        }

        return true;
    });

    private T? Read(string? id, ReadOnlyMemory<byte> stored) => store.Unreadable.Read(RecordKind.Entry, key, id, stored, bytes => parser.ParseFrom(bytes.Span));

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
