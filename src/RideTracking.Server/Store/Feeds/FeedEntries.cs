using System.Globalization;
using RideTracking.Server.Store.Events;
using StackExchange.Redis;

namespace RideTracking.Server.Store.Feeds;

/// <summary>What scripts tell by <c>prologue-feed.lua</c>. Thread-safe.</summary>
internal sealed class FeedEntries(RedisStore store, FeedKeys keys) : IFeedSource
{
    private const int Page = 500;

    public async Task<EventPosition> HeadAsync() => EventPosition.OfLast((byte[]?)await store.Feeds.StringGetAsync(keys.Head));

    public async Task<IReadOnlyList<EventEntry>> ReadAsync(ulong afterNumber) =>
        [.. (await store.Feeds.SortedSetRangeByScoreAsync(keys.Entries, afterNumber, exclude: Exclude.Start, take: Page)).Select(e => Parse((byte[])e!))];

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
