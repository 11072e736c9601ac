using System.Globalization;
using RideTracking.Server.Areas;
using RideTracking.Server.Store;
using RideTracking.Server.Store.Events;
using RideTracking.Server.Store.Feeds;

namespace RideTracking.Server.Log;

/// <summary>The log as a feed: its batches by their numbers, in whichever segments they are. Thread-safe.</summary>
internal sealed class LogFeed(RedisStore store, StoreKeys keys) : IFeedSource
{
    // Batches of some hundred fixes.
    private const int Page = 64;

    public async Task<EventPosition> HeadAsync() => (await NewestAsync()).Head;

    public async Task<IReadOnlyList<EventEntry>> ReadAsync(ulong afterNumber)
    {
        var (head, newest) = await NewestAsync();
        if (head.Number <= afterNumber)
        {
            return [];
        }

        // Numbers follow each other in a segment and from one to the next, so the first of each tells where the others are.
        var (segment, first) = (newest, await FirstNumberAsync(newest));
        while (first > afterNumber + 1 && await FirstNumberAsync(segment - 1) is > 0 and var before)
        {
            (segment, first) = (segment - 1, before);
        }

        var page = await ReadAsync(segment, Math.Max(first, afterNumber + 1) - first);
        return page.Count == 0 && segment < newest ? await ReadAsync(segment + 1, 0) : page;
    }

    // 0 for a segment that has expired, or never was.
    private async Task<ulong> FirstNumberAsync(long segment) => await ReadAsync(segment, 0, 1) is [var first] ? first.At.Number : 0;

    private async Task<List<EventEntry>> ReadAsync(long segment, ulong from, int most = Page) =>
        [.. (await store.Feeds.ListRangeAsync(keys.LogSegment(segment), (long)from, (long)from + most - 1)).Select(e => FeedEntries.Parse((byte[])e!))];

    private async Task<(EventPosition Head, long Segment)> NewestAsync()
    {
        var log = await store.Feeds.HashGetAsync(keys.Log, ["number", "token", "segment"]);
        return log[0].IsNull
            ? default
            : (new EventPosition((ulong)log[0], ulong.Parse((string?)log[1] ?? "0", NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)), (long)log[2]);
    }
}
