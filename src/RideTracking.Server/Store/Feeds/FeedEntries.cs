using System.Globalization;
using RideTracking.Server.Store.Events;
using StackExchange.Redis;

namespace RideTracking.Server.Store.Feeds;

/// <summary>A feed as the store keeps it: the truth, whatever was published. Thread-safe.</summary>
internal sealed class FeedEntries(RedisStore store, FeedKeys keys)
{
    /// <summary>The last entry; number 0 where there is none.</summary>
    /// <exception cref="RedisException">The store is away.</exception>
    public async Task<EventPosition> HeadAsync() => EventPosition.OfLast((byte[]?)await store.Feeds.StringGetAsync(keys.Head));

    /// <summary>The entries that are kept after a number, oldest first.</summary>
    /// <exception cref="RedisException">The store is away.</exception>
    public async Task<IReadOnlyList<EventEntry>> ReadAsync(ulong afterNumber, int most) =>
        [.. (await store.Feeds.SortedSetRangeByScoreAsync(keys.Entries, afterNumber, exclude: Exclude.Start, take: most)).Select(e => Parse((byte[])e!))];

    /// <summary>An entry as it is kept and published.</summary>
    /// <exception cref="FormatException">It begins with no number.</exception>
    public static EventEntry Parse(ReadOnlyMemory<byte> entry)
    {
        var end = entry.Span.IndexOf((byte)' ');
        return end > 0 && ulong.TryParse(entry.Span[..end], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? EventEntry.Read(number, entry)
            : throw new FormatException("An entry of a feed begins with its number.");
    }
}
