using Google.Protobuf;
using Google.Rpc;
using RideTracking.Server.Protocol;

namespace RideTracking.Server.Directories;

/// <summary>The entries of one kind in an import: written many at once, the same ones as before not at all. Used by one call.</summary>
/// <param name="entries">Where they go.</param>
/// <param name="named">An entry's id and revision.</param>
/// <param name="faultOf">Why an entry cannot be taken; null when it can.</param>
/// <param name="isDry">Nothing is written.</param>
internal sealed class ImportedEntries<T>(DirectoryEntries<T> entries, Func<T, (string Id, ulong? Revision)> named, Func<T, Status?> faultOf, bool isDry)
    where T : class, IMessage<T>
{
    // One script: not so many that others wait for it, and below what the embedded store takes at once.
    private const int MostAtOnce = 500;
    private const int MostBytesAtOnce = 256 * 1024;

    // By which of the import's entries each came.
    private readonly Dictionary<string, uint> _came = new(StringComparer.Ordinal);
    private readonly List<(string Id, T Entry, ulong? Revision)> _waiting = [];
    private int _bytes;

    /// <summary>How many were not there before.</summary>
    public uint Added { get; private set; }

    /// <summary>How many were another before.</summary>
    public uint Changed { get; private set; }

    /// <summary>How many are as they were.</summary>
    public uint Unchanged { get; private set; }

    /// <summary>Takes an entry; tells those that are refused, this one or some that came before.</summary>
    public async Task<List<V1.ImportRefusal>> TakeAsync(uint index, T entry)
    {
        var (id, revision) = named(entry);
        if (faultOf(entry) is { } fault)
        {
            return [Refused(index, id, fault)];
        }

        if (!_came.TryAdd(id, index))
        {
            return [Refused(index, id, Refusal.AlreadyExists("IMPORTED_TWICE", $"{id} has come already, as entry {_came[id]}; that one counts."))];
        }

        if (entry.Equals(entries.Find(id)))
        {
            Unchanged++;
            return [];
        }

        _waiting.Add((id, entry, revision));
        _bytes += entry.CalculateSize();
        return _waiting.Count < MostAtOnce && _bytes < MostBytesAtOnce ? [] : await WriteAsync();
    }

    /// <summary>Writes what waits; tells what is refused of it.</summary>
    /// <exception cref="StackExchange.Redis.RedisException">The store is away; an import may be repeated.</exception>
    public async Task<List<V1.ImportRefusal>> WriteAsync()
    {
        if (_waiting.Count == 0)
        {
            return [];
        }

        var isNew = _waiting.Select(w => entries.Find(w.Id) is null).ToArray();
        var older = isDry ? [] : await entries.SetAsync(_waiting);
        for (var place = 0; place < _waiting.Count; place++)
        {
            if (older.Contains(place))
            {
                continue;
            }

            if (isNew[place])
            {
                Added++;
            }
            else
            {
                Changed++;
            }
        }

        List<V1.ImportRefusal> refused = [.. older.Select(place => Refused(_came[_waiting[place].Id], _waiting[place].Id, CompanyDirectory.Older(_waiting[place].Id)))];
        _waiting.Clear();
        _bytes = 0;
        return refused;
    }

    /// <summary>The ids of those that are there and did not come.</summary>
    public List<string> Missing()
    {
        var missing = new List<string>();
        for (var page = entries.After("", MostAtOnce); page.Count > 0; page = entries.After(named(page[^1]).Id, MostAtOnce))
        {
            missing.AddRange(page.Select(e => named(e).Id).Where(id => !_came.ContainsKey(id)));
        }

        return missing;
    }

    private static V1.ImportRefusal Refused(uint index, string id, Status why) => new() { Index = index, Id = id, Status = why };
}
