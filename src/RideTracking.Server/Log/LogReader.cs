using System.Globalization;
using RideTracking.Engine.Ingest;
using RideTracking.Server.Areas;
using RideTracking.Server.Store;
using RideTracking.Server.Store.Events;
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

    /// <summary>A segment's batches, but for those that cannot be read.</summary>
    /// <param name="number">Of the segment.</param>
    /// <param name="segment">Has then what they have opened.</param>
    internal async IAsyncEnumerable<(EventPosition At, LoggedBatch Batch)> ReadBatchesAsync(long number, SegmentConnections segment)
    {
        var key = keys.LogSegment(number);
        for (long start = 0; ; start += BatchesAtATime)
        {
            var batches = await store.Bulk.ListRangeAsync(key, start, start + BatchesAtATime - 1);
            for (var i = 0; i < batches.Length; i++)
            {
                if (store.Unreadable.Read(RecordKind.LogBatch, key, $"{start + i}", (byte[])batches[i]!, stored => Read(FeedEntries.Parse(stored), segment)) is { } read)
                {
                    yield return read;
                }
            }

            if (batches.Length < BatchesAtATime)
            {
                break;
            }
        }
    }

    private static (EventPosition At, LoggedBatch Batch)? Read(EventEntry entry, SegmentConnections segment) => (entry.At, LogBatch.Read(LogEntry.Of(entry), segment));

    private async IAsyncEnumerable<LoggedFix> ReadSegmentAsync(long number)
    {
        await foreach (var (_, batch) in ReadBatchesAsync(number, new SegmentConnections(store.Format)))
        {
            foreach (var fix in batch.Fixes)
            {
                if (fix.Outcome != FixOutcome.Rejected)
                {
                    yield return fix;
                }
            }
        }
    }

    // Segments expire in the order in which they were written, so the oldest is found by halving.
    internal async Task<long> OldestAsync(long newest)
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
