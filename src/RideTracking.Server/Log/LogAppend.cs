using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Options;
using RideTracking.Engine.Ingest;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;
using RideTracking.Server.Store;
using RideTracking.Server.Store.Events;
using StackExchange.Redis;

namespace RideTracking.Server.Log;

/// <summary>One batch after the other into the store. Not thread-safe: it is the log's loop's own.</summary>
public sealed class LogAppend(
    RedisStore store, StoreKeys keys, LogWriter writer, ServerClock clock, IOptions<LogOptions> options, LogMetrics metrics)
{
    // On the embedded store a call may be no larger than 1 MB, and what else a driver's last fix carries may be some kilobytes.
    private const int MostBytesOfCall = 768 << 10;

    private readonly List<Carrier> _carriers = [];
    private readonly List<SequencedVerdict> _rejections = [];
    private readonly List<SequenceContent> _contents = [];
    private readonly List<RedisValue> _arguments = [];
    private readonly List<string> _honoured = [];
    private byte[] _buffer = [];
    private long _attempt;
    private long _batch;
    private long _written;

    // Another name may be given at any time: what was written under the last one says nothing of this one.
    private string _by = "";
    private string _writtenBy = "";
    private long _writtenAt;
    private string _token = "";
    private long _tokenOf;
    private bool _isInDoubt;
    private long _segment = 1;

    /// <summary>Whether other nodes see the fixes of this one when they are written.</summary>
    public bool HasListeners => writer.HasListeners;

    /// <summary>
    /// Writes the records that may still be written, then moves their ledgers. Called again after a failure, it writes
    /// under the same number, so that nothing is there twice.
    /// </summary>
    /// <param name="records">In the order in which they came; those not to be written are skipped.</param>
    /// <param name="fence">Told of the drivers that later claims have taken over, with the newest claim's mark of each.</param>
    /// <returns>False when the store has forgotten what this writer wrote: nothing was written now, and the writer is another one.</returns>
    /// <exception cref="RedisException">The store is away; call again.</exception>
    internal async Task<bool> WriteAsync(Memory<LogRecord> records, Action<Dictionary<string, FenceMark>> fence)
    {
        _honoured.Clear();
        if (_isInDoubt)
        {
            await LookAgainAsync();
        }

        while (true)
        {
            var keep = KeepWritable(records.Span);
            if (keep == 0)
            {
                // An attempt whose reply was lost may have been written under this number; the next batch is another one.
                _batch++;
                return true;
            }

            var count = Compose(records[..keep]);
            _isInDoubt = true;
            var reply = (string[])(await AppendAsync())!;
            _isInDoubt = false;
            switch (reply[0])
            {
                case "ok":
                    _written = ++_batch;
                    _writtenBy = _by;
                    _writtenAt = clock.Machine.GetTimestamp();
                    _segment = long.Parse(reply[2], CultureInfo.InvariantCulture);
                    metrics.Logged(count);
                    _carriers.ForEach(static carrier => carrier.Logged());
                    if (count == keep)
                    {
                        return true;
                    }

                    break;
                case "lost":
                    writer.Renew();
                    _written = 0;
                    return false;
                case "segment":
                    _segment = long.Parse(reply[1], CultureInfo.InvariantCulture);
                    break;
                default:
                    _honoured.AddRange(reply.AsSpan(1));
                    fence(NewestOf(reply.AsSpan(1)));
                    break;
            }
        }
    }

    // The reply to the last attempt never came. What it wrote may not be written again, also when its apps have begun again meanwhile.
    private async Task LookAgainAsync()
    {
        var written = (string?)await store.Append.StringGetAsync(keys.LogWriter(writer.Id));
        if (written is not null && long.Parse(written.AsSpan(0, written.IndexOf(' ')), CultureInfo.InvariantCulture) > _batch)
        {
            _written = ++_batch;
            _writtenAt = clock.Machine.GetTimestamp();
            _carriers.ForEach(static carrier => carrier.Logged());
        }

        _isInDoubt = false;
    }

    // A driver that came back several times is there once for each.
    private static Dictionary<string, FenceMark> NewestOf(ReadOnlySpan<string> members)
    {
        var marks = new Dictionary<string, FenceMark>(members.Length);
        foreach (var member in members)
        {
            var mark = FenceMark.Parse(member);
            ref var newest = ref CollectionsMarshal.GetValueRefOrAddDefault(marks, mark.DriverId, out _);
            newest = mark.Epoch > newest.Epoch ? mark : newest;
        }

        return marks;
    }

    // Moves what is to be written to the front and returns how much that is.
    private static int KeepWritable(Span<LogRecord> records)
    {
        var kept = 0;
        for (var i = 0; i < records.Length; i++)
        {
            var record = records[i];
            if (record.Carrier is { } carrier && carrier.MayWrite(record.Fix.Sequence, record.Run))
            {
                records[kept++] = record;
            }
        }

        records[kept..].Clear();
        return kept;
    }

    // Returns how many of the records go into this call: nearly always all.
    private int Compose(Memory<LogRecord> records)
    {
        var count = records.Length;
        while (ComposeAll(records[..count]) > MostBytesOfCall && count > 1)
        {
            count /= 2;
        }

        return count;
    }

    private long ComposeAll(Memory<LogRecord> records)
    {
        var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
        var maxBytes = LogBatch.MaxBytes(records.Span);
        if (_buffer.Length < maxBytes)
        {
            _buffer = new byte[maxBytes];
        }

        var length = LogBatch.Write(_buffer, records.Span, now);
        CollectCarriers(records.Span);
        _arguments.Clear();
        _by = writer.Id;
        _arguments.Add(_batch + 1);
        // After long silence the store may have forgotten it by itself.
        _arguments.Add(clock.Machine.GetElapsedTime(_writtenAt).TotalMilliseconds < clock.RealMilliseconds(StoreExpiries.Writer) / 2 && _writtenBy == _by ? _written : 0);
        _arguments.Add(now);
        _arguments.Add(_segment);
        _arguments.Add((long)options.Value.SegmentLength.TotalMilliseconds);
        _arguments.Add(clock.RealMilliseconds(options.Value.Retention + options.Value.SegmentLength));
        _arguments.Add(clock.RealMilliseconds(StoreExpiries.Writer));
        // A copy: after a time-out the connection may still hold the message when the buffer is written again.
        _arguments.Add(_buffer.AsSpan(0, length).ToArray());
        _arguments.Add(TokenOfBatch());
        _arguments.Add(_by);
        _arguments.Add(writer.HasListeners);
        _arguments.Add(_honoured.Count);
        foreach (var member in _honoured)
        {
            _arguments.Add(member);
        }

        long bytes = length;
        foreach (var carrier in _carriers)
        {
            _rejections.Clear();
            _contents.Clear();
            carrier.Ledger.CopyStored(carrier.BatchThrough, _rejections, _contents);
            var last = LastFix.Write(carrier.BatchThrough, carrier.SessionIdUtf8, carrier.BatchPresent!.Value, _rejections, _contents);
            _arguments.Add(carrier.DriverIdUtf8);
            _arguments.Add(last);
            bytes += carrier.DriverIdUtf8.Length + last.Length + (2 * Apply.BytesOfLength);
        }

        return bytes;
    }

    // Tried again it is the same batch, which an attempt whose reply was lost may have written.
    private string TokenOfBatch()
    {
        if (_tokenOf != _batch + 1)
        {
            (_token, _tokenOf) = (EventPosition.NewToken(), _batch + 1);
        }

        return _token;
    }

    private async Task<RedisResult> AppendAsync() =>
        await StoreScript.LogAppend.RunAsync(
            store.AppendWrites,
            [keys.Log, keys.LogWriter(_by), keys.LogFence(_by), keys.LastFixes, keys.LogSegment(_segment), keys.LogSegment(_segment + 1)],
            [.. _arguments]);

    private void CollectCarriers(ReadOnlySpan<LogRecord> records)
    {
        _carriers.Clear();
        _attempt++;
        foreach (ref readonly var record in records)
        {
            var carrier = record.Carrier;
            if (carrier.InAttempt != _attempt)
            {
                carrier.InAttempt = _attempt;
                carrier.BatchPresent = carrier.Present;
                _carriers.Add(carrier);
            }

            carrier.BatchThrough = record.Fix.Sequence;
            if (record.Outcome == FixOutcome.Accepted || carrier.BatchPresent is null)
            {
                carrier.BatchPresent = record.Fix;
            }
        }
    }
}
