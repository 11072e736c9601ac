using RideTracking.Server.Areas;
using RideTracking.Server.Store;
using RideTracking.Server.Store.Events;
using RideTracking.Server.Store.Feeds;

namespace RideTracking.Server.Log;

/// <summary>The log as a feed: its batches by their numbers, in whichever segments they are. Thread-safe, but for its beginning.</summary>
/// <param name="store">Where it is.</param>
/// <param name="keys">Where there.</param>
/// <param name="reader">Knows which segment is the oldest.</param>
/// <param name="checkpoint">From where on it is read at the beginning.</param>
/// <param name="drivers">Who has then what was read.</param>
/// <param name="segment">What the segment that is being written has opened: what comes after the beginning names it. Of who reads the feed alone.</param>
internal sealed class LogFeed(
    RedisStore store, StoreKeys keys, LogReader reader, CheckpointStore checkpoint, LoggedDrivers drivers, SegmentConnections segment) : IFeedSource
{
    // Batches of some hundred fixes.
    private const int Page = 64;

    public async Task<EventPosition> HeadAsync() => (await NewestAsync()).Head;

    public async Task<EventPosition> BeginAsync()
    {
        segment.Clear();
        var anew = drivers.BeginAnew();
        var (head, newest) = await NewestAsync();
        if (head.Number > 0)
        {
            foreach (var (driverId, through) in await checkpoint.ForgottenAsync())
            {
                anew.Forgotten[driverId] = through;
            }

            for (var number = await checkpoint.ReadAsync(anew) ?? await reader.OldestAsync(newest); number <= newest; number++)
            {
                await foreach (var (at, batch) in reader.ReadBatchesAsync(number, segment))
                {
                    anew.Take(batch, at.Number);
                }
            }
        }

        drivers.Replace(anew);
        return head;
    }

    public async Task<IReadOnlyList<EventEntry>> ReadAsync(ulong afterNumber)
    {
        var (head, newest) = await NewestAsync();
        if (head.Number <= afterNumber)
        {
            return [];
        }

        // Numbers follow each other in a segment and from one to the next, so the first of each tells where the others are.
        var (number, first) = (newest, await FirstNumberAsync(newest));
        while (first > afterNumber + 1 && await FirstNumberAsync(number - 1) is > 0 and var before)
        {
            (number, first) = (number - 1, before);
        }

        var page = await ReadAsync(number, Math.Max(first, afterNumber + 1) - first);
        return page.Count == 0 && number < newest ? await ReadAsync(number + 1, 0) : page;
    }

    // 0 for a segment that has expired, or never was.
    private async Task<ulong> FirstNumberAsync(long number) => await ReadAsync(number, 0, 1) is [var first] ? first.At.Number : 0;

    private async Task<List<EventEntry>> ReadAsync(long number, ulong from, int most = Page) =>
        [.. (await store.Feeds.ListRangeAsync(keys.LogSegment(number), (long)from, (long)from + most - 1)).Select(e => FeedEntries.Parse((byte[])e!))];

    private async Task<(EventPosition Head, long Segment)> NewestAsync()
    {
        var log = await store.Feeds.HashGetAsync(keys.Log, ["number", "token", "segment"]);
        return log[0].IsNull
            ? default
            : (new EventPosition((ulong)log[0], EventPosition.ParseToken((string?)log[1] ?? "0")), (long)log[2]);
    }
}
