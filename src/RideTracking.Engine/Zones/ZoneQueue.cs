using System.Collections.Immutable;

namespace RideTracking.Engine.Zones;

/// <summary>A driver in a queue, as it is kept.</summary>
/// <param name="DriverId">The company's id.</param>
/// <param name="JoinedAtUnixMs">By the server's clock, milliseconds since 1970: the enter event's time.</param>
/// <param name="Token">Names this stay in the queue: the enter event's id.</param>
/// <param name="AwaySinceUnixMs">Since when the driver is lost or outside; null while waiting.</param>
public sealed record QueueEntry(string DriverId, long JoinedAtUnixMs, Guid Token, long? AwaySinceUnixMs = null);

/// <summary>A place to be told to a driver.</summary>
/// <param name="DriverId">Who.</param>
/// <param name="Token">Which stay in the queue.</param>
/// <param name="Place">From 1, the next to be served; beyond the exact ones it is "no worse than". 0: not in the queue any more.</param>
/// <param name="Length">How many are in the queue.</param>
public readonly record struct QueuePlace(string DriverId, Guid Token, int Place, int Length);

/// <summary>
/// The drivers waiting in one queue zone, first in, first out: by the time they joined, then by id (ordinal), so every
/// node that knows the same entries sees the same order. Not thread-safe. Methods append what is to be told; for each
/// driver the newest place counts, and a lost telling does no harm, since <see cref="PlaceOf"/> always knows.
/// </summary>
/// <param name="limits">How patient it is.</param>
public sealed class ZoneQueue(ZoneQueueLimits limits)
{
    private readonly List<Waiting> _waiting = [];
    private readonly Dictionary<string, QueueEntry> _entries = new(StringComparer.Ordinal);

    /// <summary>How many are in the queue, those away for a moment among them.</summary>
    public int Count => _waiting.Count;

    /// <summary>The entries in order, to be kept; also what the queue is made from again, by <see cref="Restore"/>.</summary>
    public ImmutableArray<QueueEntry> Entries => [.. _waiting.Select(waiting => _entries[waiting.DriverId])];

    /// <summary>Puts back what was kept, in place of what is there. Nothing is told: apps know, or ask.</summary>
    public void Restore(IEnumerable<QueueEntry> entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        _waiting.Clear();
        _entries.Clear();
        foreach (QueueEntry entry in entries)
        {
            _entries.Add(entry.DriverId, entry);
            _waiting.Add(new Waiting(entry.JoinedAtUnixMs, entry.DriverId));
        }

        _waiting.Sort();
        for (int i = 0; i < _waiting.Count; i++)
        {
            _waiting[i].Told = Rounded(i + 1);
        }
    }

    /// <summary>
    /// A driver entered, or became available inside. One who is in the queue keeps the place and is no longer away; so a
    /// repeat changes nothing, and a short loss costs nothing.
    /// </summary>
    /// <returns>The entry as it is now.</returns>
    public QueueEntry Join(string driverId, long joinedAtUnixMs, Guid token, List<QueuePlace> told)
    {
        ArgumentException.ThrowIfNullOrEmpty(driverId);
        if (_entries.TryGetValue(driverId, out QueueEntry? known))
        {
            bool inTime = known.AwaySinceUnixMs is not { } since || joinedAtUnixMs - since <= limits.Grace.TotalMilliseconds;
            if (inTime || known.Token == token)
            {
                return _entries[driverId] = known with { AwaySinceUnixMs = null };
            }

            Remove(driverId);
        }

        var entry = new QueueEntry(driverId, joinedAtUnixMs, token);
        var waiting = new Waiting(joinedAtUnixMs, driverId);
        _entries.Add(driverId, entry);
        _waiting.Insert(~_waiting.BinarySearch(waiting), waiting);
        TellChanged(told);
        return entry;
    }

    /// <summary>
    /// A driver is lost, or seems to have gone out: the place is kept for the grace. An earlier time of being away stands.
    /// </summary>
    /// <returns>False when the driver is not in the queue.</returns>
    public bool Away(string driverId, long sinceUnixMs)
    {
        if (!_entries.TryGetValue(driverId, out QueueEntry? entry))
        {
            return false;
        }

        _entries[driverId] = entry with { AwaySinceUnixMs = entry.AwaySinceUnixMs ?? sinceUnixMs };
        return true;
    }

    /// <summary>A driver is heard again, still inside.</summary>
    /// <returns>False when the driver is not in the queue.</returns>
    public bool Back(string driverId)
    {
        if (!_entries.TryGetValue(driverId, out QueueEntry? entry))
        {
            return false;
        }

        _entries[driverId] = entry with { AwaySinceUnixMs = null };
        return true;
    }

    /// <summary>A driver has a trip, signed off, pauses, or was moved: out at once.</summary>
    /// <param name="driverId">Who.</param>
    /// <param name="token">Leaves only this stay; null for any. So an old, repeated event ends no new stay.</param>
    /// <param name="told">Gets the places to be told, the leaver's (0) among them.</param>
    /// <returns>False when there is no such stay.</returns>
    public bool Leave(string driverId, Guid? token, List<QueuePlace> told)
    {
        if (!_entries.TryGetValue(driverId, out QueueEntry? entry) || token is { } only && only != entry.Token)
        {
            return false;
        }

        Remove(driverId);
        told.Add(new QueuePlace(driverId, entry.Token, 0, Count));
        TellChanged(told);
        return true;
    }

    /// <summary>Takes out those who were away for longer than the grace.</summary>
    /// <returns>How many.</returns>
    public int Expire(long nowUnixMs, List<QueuePlace> told)
    {
        QueueEntry[] gone =
        [
            .. _entries.Values.Where(
                entry => entry.AwaySinceUnixMs is { } since && nowUnixMs - since > limits.Grace.TotalMilliseconds)
                .OrderBy(entry => entry.JoinedAtUnixMs).ThenBy(entry => entry.DriverId, StringComparer.Ordinal),
        ];
        foreach (QueueEntry entry in gone)
        {
            Remove(entry.DriverId);
        }

        told.AddRange(gone.Select(entry => new QueuePlace(entry.DriverId, entry.Token, 0, Count)));
        TellChanged(told);
        return gone.Length;
    }

    /// <summary>Everybody leaves: the zone is no more, or no queue any longer.</summary>
    public void Clear(List<QueuePlace> told)
    {
        told.AddRange(Entries.Select(entry => new QueuePlace(entry.DriverId, entry.Token, 0, 0)));
        _waiting.Clear();
        _entries.Clear();
    }

    /// <summary>The exact place from 1; 0 for who is not in the queue.</summary>
    public int PlaceOf(string driverId) => _entries.TryGetValue(driverId, out QueueEntry? entry)
        ? _waiting.BinarySearch(new Waiting(entry.JoinedAtUnixMs, driverId)) + 1
        : 0;

    /// <summary>The first who are there and may be offered a trip, in order; who is away is passed over, not put back.</summary>
    public IEnumerable<string> Ready() =>
        _waiting.Where(waiting => _entries[waiting.DriverId].AwaySinceUnixMs is null).Select(waiting => waiting.DriverId);

    private void Remove(string driverId)
    {
        _entries.Remove(driverId, out QueueEntry? entry);
        _waiting.RemoveAt(_waiting.BinarySearch(new Waiting(entry!.JoinedAtUnixMs, driverId)));
    }

    private void TellChanged(List<QueuePlace> told)
    {
        for (int i = 0; i < _waiting.Count; i++)
        {
            Waiting waiting = _waiting[i];
            int place = Rounded(i + 1);
            if (place != waiting.Told)
            {
                waiting.Told = place;
                told.Add(new QueuePlace(waiting.DriverId, _entries[waiting.DriverId].Token, place, Count));
            }
        }
    }

    /// <summary>Exact in front, then up to the next 5, 25, 125 ...: one who leaves is told to few, however long the queue.</summary>
    private int Rounded(int place)
    {
        int step = 1;
        for (long exact = limits.ExactPlaces; place > exact; exact *= 5)
        {
            step *= 5;
        }

        return (place + step - 1) / step * step;
    }

    private sealed class Waiting(long joinedAtUnixMs, string driverId) : IComparable<Waiting>
    {
        public string DriverId { get; } = driverId;

        private long JoinedAtUnixMs { get; } = joinedAtUnixMs;

        /// <summary>The place that the driver heard last; 0 for none.</summary>
        public int Told { get; set; }

        public int CompareTo(Waiting? other) => other is null ? 1
            : JoinedAtUnixMs != other.JoinedAtUnixMs ? JoinedAtUnixMs.CompareTo(other.JoinedAtUnixMs)
            : string.CompareOrdinal(DriverId, other.DriverId);
    }
}
