using System.Globalization;
using RideTracking.Server.Areas;
using RideTracking.Server.Store;
using RideTracking.Server.Store.Feeds;

namespace RideTracking.Server.Log;

/// <summary>Reads the log back, oldest batch first.</summary>
public sealed class LogReader(RedisStore store, StoreKeys keys)
{
    private const int BatchesAtATime = 64;

    /// <summary>Every fix that the log holds, but for batches that cannot be read. What is appended meanwhile may or may not be among them.</summary>
    public async IAsyncEnumerable<LoggedFix> ReadAsync()
    {
        var newest = (string?)await store.Bulk.HashGetAsync(keys.Log, "segment");
        if (newest is null)
        {
            yield break;
        }

        var last = long.Parse(newest, CultureInfo.InvariantCulture);
        for (var segment = await OldestAsync(last); segment <= last; segment++)
        {
            await foreach (var fix in ReadSegmentAsync(segment))
            {
                yield return fix;
            }
        }
    }

    /// <summary>The fixes that were taken since a time, by the server's clock; the newest segment first.</summary>
    public async IAsyncEnumerable<LoggedFix> ReadSinceAsync(DateTimeOffset since)
    {
        var newest = (string?)await store.Bulk.HashGetAsync(keys.Log, "segment");
        var first = since.ToUnixTimeMilliseconds();
        var found = newest is not null;
        // A segment holds about a minute; late fixes are in newer ones, so the first with nothing new enough is the last to read.
        for (var segment = found ? long.Parse(newest!, CultureInfo.InvariantCulture) : 0; found && segment > 0; segment--)
        {
            found = false;
            await foreach (var fix in ReadSegmentAsync(segment))
            {
                if (fix.Fix.FixedAtUnixMs >= first)
                {
                    found = true;
                    yield return fix;
                }
            }
        }
    }

    private async IAsyncEnumerable<LoggedFix> ReadSegmentAsync(long segment)
    {
        for (long start = 0; ; start += BatchesAtATime)
        {
            var batches = await store.Bulk.ListRangeAsync(keys.LogSegment(segment), start, start + BatchesAtATime - 1);
            for (var i = 0; i < batches.Length; i++)
            {
                var fixes = store.Unreadable.Read(
                    RecordKind.LogBatch, keys.LogSegment(segment), $"{start + i}", (byte[])batches[i]!, static entry => LogBatch.Read(LogEntry.Of(FeedEntries.Parse(entry)).Batch.Span));
                foreach (var fix in fixes ?? [])
                {
                    yield return fix;
                }
            }

            if (batches.Length < BatchesAtATime)
            {
                break;
            }
        }
    }

    // Segments expire in the order in which they were written, so the oldest is found by halving.
    private async Task<long> OldestAsync(long newest)
    {
        long low = 1, high = newest;
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            if (await store.Bulk.KeyExistsAsync(keys.LogSegment(middle)))
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low;
    }
}
