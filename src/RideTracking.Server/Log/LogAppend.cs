using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Options;
using RideTracking.Engine.Ingest;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;
using RideTracking.Server.Store;
using StackExchange.Redis;

namespace RideTracking.Server.Log;

/// <summary>One batch after the other into the store. Not thread-safe: it is the log's loop's own.</summary>
public sealed class LogAppend(
    RedisStore store, StoreKeys keys, LogWriterId writer, ServerClock clock, IOptions<LogOptions> options, LogMetrics metrics)
{
    private readonly List<LogCursor> _cursors = [];
    private readonly List<RedisValue> _arguments = [];
    private readonly List<string> _honoured = [];
    private byte[] _buffer = [];
    private long _attempt;
    private long _batch;
    private long _segment = 1;

    /// <summary>
    /// Writes the records that may still be written, then moves their cursors. Called again after a failure, it writes
    /// under the same number, so that nothing is there twice.
    /// </summary>
    /// <param name="records">In the order in which they came; those not to be written are skipped.</param>
    /// <param name="fence">Told of the drivers that later claims have taken over, with the newest claim's epoch.</param>
    /// <exception cref="RedisException">The store is away; call again.</exception>
    internal async Task WriteAsync(Memory<LogRecord> records, Action<Dictionary<string, long>> fence)
    {
        _honoured.Clear();
        while (true)
        {
            var keep = KeepWritable(records.Span);
            if (keep == 0)
            {
                // An attempt whose reply was lost may have been written under this number; the next batch is another one.
                _batch++;
                return;
            }

            var reply = (string[])(await AppendAsync(records[..keep]))!;
            switch (reply[0])
            {
                case "ok":
                    _batch++;
                    _segment = long.Parse(reply[2], CultureInfo.InvariantCulture);
                    metrics.Logged(keep);
                    foreach (var cursor in _cursors)
                    {
                        cursor.Advance(cursor.BatchThrough);
                    }

                    return;
                case "segment":
                    _segment = long.Parse(reply[1], CultureInfo.InvariantCulture);
                    break;
                default:
                    _honoured.AddRange(reply.AsSpan(1));
                    fence(EpochsOf(reply.AsSpan(1)));
                    break;
            }
        }
    }

    // A driver that came back several times is there once for each.
    private static Dictionary<string, long> EpochsOf(ReadOnlySpan<string> members)
    {
        var epochs = new Dictionary<string, long>(members.Length);
        foreach (var member in members)
        {
            var space = member.LastIndexOf(' ');
            var epoch = long.Parse(member.AsSpan(space + 1), CultureInfo.InvariantCulture);
            ref var newest = ref CollectionsMarshal.GetValueRefOrAddDefault(epochs, member[..space], out _);
            newest = Math.Max(newest, epoch);
        }

        return epochs;
    }

    // Moves what is to be written to the front and returns how much that is.
    private static int KeepWritable(Span<LogRecord> records)
    {
        var kept = 0;
        for (var i = 0; i < records.Length; i++)
        {
            var record = records[i];
            if (record.Cursor is { } cursor && cursor.MayWrite(record.Fix.Sequence, record.Run))
            {
                records[kept++] = record;
            }
        }

        records[kept..].Clear();
        return kept;
    }

    private async Task<RedisResult> AppendAsync(Memory<LogRecord> records)
    {
        var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
        var maxBytes = LogBatch.MaxBytes(records.Span);
        if (_buffer.Length < maxBytes)
        {
            _buffer = new byte[maxBytes];
        }

        var length = LogBatch.Write(_buffer, records.Span, now);
        CollectCursors(records.Span);
        _arguments.Clear();
        _arguments.Add(_batch + 1);
        _arguments.Add(now);
        _arguments.Add(_segment);
        _arguments.Add((long)options.Value.SegmentLength.TotalMilliseconds);
        _arguments.Add(clock.RealMilliseconds(options.Value.Retention + options.Value.SegmentLength));
        _arguments.Add(clock.RealMilliseconds(StoreExpiries.Writer));
        // A copy: after a time-out the connection may still hold the message when the buffer is written again.
        _arguments.Add(_buffer.AsSpan(0, length).ToArray());
        _arguments.Add(_honoured.Count);
        foreach (var member in _honoured)
        {
            _arguments.Add(member);
        }

        foreach (var cursor in _cursors)
        {
            _arguments.Add(cursor.DriverIdUtf8);
            _arguments.Add(LastFix.Write(
                cursor.BatchThrough, cursor.SessionIdUtf8, cursor.Present!.Value, cursor.Verdicts.RejectionsThrough(cursor.BatchThrough)));
        }

        return await StoreScript.LogAppend.RunAsync(
            store.AppendWrites,
            [keys.Log, keys.LogWriter(writer.Value), keys.LogFence(writer.Value), keys.LastFixes, keys.LogSegment(_segment), keys.LogSegment(_segment + 1)],
            [.. _arguments]);
    }

    private void CollectCursors(ReadOnlySpan<LogRecord> records)
    {
        _cursors.Clear();
        _attempt++;
        foreach (ref readonly var record in records)
        {
            var cursor = record.Cursor;
            if (cursor.InAttempt != _attempt)
            {
                cursor.InAttempt = _attempt;
                _cursors.Add(cursor);
            }

            cursor.BatchThrough = record.Fix.Sequence;
            if (record.Outcome == FixOutcome.Accepted || cursor.Present is null)
            {
                cursor.Present = record.Fix;
            }
        }
    }
}
