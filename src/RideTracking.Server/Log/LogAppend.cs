using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Options;
using RideTracking.Engine.Ingest;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;
using RideTracking.Server.Store;
using RideTracking.Server.Store.Events;
using RideTracking.Server.Store.Feeds;
using StackExchange.Redis;

namespace RideTracking.Server.Log;

/// <summary>One batch after the other into the store. Not thread-safe: it is the log's loop's own.</summary>
public sealed class LogAppend(
    RedisStore store, StoreKeys keys, LogWriter writer, LoggedDrivers drivers, ServerClock clock, IOptions<LogOptions> options, LogMetrics metrics, LogMemory memory)
{
    // On the embedded store a call may be no larger than 1 MB.
    private const int MostBytesOfCall = 768 << 10;

    private readonly List<Carrier> _carriers = [];
    private readonly List<RedisValue> _arguments = [];
    private readonly List<string> _honoured = [];
    private byte[] _buffer = [];
    private long _attempt;
    private long _batch;
    private long _written;

    // Another name may be given at any time: what was written under the last one says nothing of this one.
    private volatile string _by = writer.Id;
    private string _attemptBy = "";
    private string _writtenBy = "";
    private long _writtenAt;
    // Of each attempt another one: which of them the log has tells what stands in it.
    private readonly List<ulong> _sent = [];
    private ulong _token;
    private int _composed;
    private byte[] _entry = [];
    private long _packedAtUnixMs;
    private bool _isPublished;
    private bool _isInDoubt;
    private long _segment = 1;
    private ConnectionNumbers _numbers;

    /// <summary>Whether other nodes see the fixes of this one when they are written.</summary>
    public bool HasListeners => writer.HasListeners;

    /// <summary>Under which name it writes. From any thread.</summary>
    internal string By => _by;

    /// <summary>What was written and not read in the log's feed yet.</summary>
    internal OwnCommits Own { get; } = new();

    /// <summary>Told of each batch that is in the log and was not published: nobody else would hear of it.</summary>
    internal Action<EventEntry> Appended { get; set; } = _ => { };

    /// <summary>
    /// Writes the records that may still be written, then moves their ledgers. Called again after a failure, it writes
    /// under the same number, so that nothing is there twice.
    /// </summary>
    /// <param name="records">In the order in which they came; those not to be written are skipped.</param>
    /// <param name="fence">Told of the drivers that later claims have taken over, with the newest claim's mark of each.</param>
    /// <returns>False when the store has forgotten what this writer wrote: nothing was written now, and the writer is another one.</returns>
    /// <exception cref="RedisException">The store is away, or has no memory left for fixes; call again.</exception>
    internal async Task<bool> WriteAsync(Memory<LogRecord> records, Action<Dictionary<string, FenceMark>> fence)
    {
        _honoured.Clear();
        if (_isInDoubt)
        {
            await LookAgainAsync(records);
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

            memory.RequireRoom();
            var count = _composed = Compose(records[..keep]);
            if (writer.Id != _by)
            {
                return false; // Who is claimed from now on is another writer's.
            }

            _isInDoubt = true;
            _attemptBy = _by;
            _sent.Add(_token);
            Own.Sent(_token);
            var reply = (string[])(await AppendAsync())!;
            _isInDoubt = false;
            if (reply[0] != "ok")
            {
                Answered(0);
            }

            switch (reply[0])
            {
                case "ok":
                    _writtenBy = _by;
                    Written(records[..count], ulong.Parse(reply[1], CultureInfo.InvariantCulture), reply[2], EventPosition.ParseToken(reply[3]));
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
    private async Task LookAgainAsync(Memory<LogRecord> records)
    {
        var written = ((string?)await store.Append.StringGetAsync(keys.LogWriter(_attemptBy)))?.Split(' ');
        if (written is not null && long.Parse(written[0], CultureInfo.InvariantCulture) > _batch)
        {
            await store.AppendWrites.ReplicatedAsync(keys.Log);
            Written(records[.._composed], ulong.Parse(written[1], CultureInfo.InvariantCulture), written[2], EventPosition.ParseToken(written[3]));
        }

        Answered(0);
        _isInDoubt = false;
    }

    /// <summary>From now on it writes under the name that there is now. What it had under the last one is claimed anew.</summary>
    internal void TakeWriter() => _by = writer.Id;

    // None of the attempts but this one is in the log.
    private void Answered(ulong written)
    {
        _sent.ForEach(token => Own.Answered(token, token == written));
        _sent.Clear();
    }

    private void Written(ReadOnlyMemory<LogRecord> records, ulong number, string before, ulong token)
    {
        _written = ++_batch;
        _writtenAt = clock.Machine.GetTimestamp();
        // An earlier attempt may have written more than this one: then the feed tells it.
        var isThis = token == _token;
        // Before anybody is told: who claims a driver then finds it.
        drivers.TakeOwn(records.Span, number, isThis ? token : null, _packedAtUnixMs);
        Answered(token);
        var rejections = 0;
        foreach (ref readonly var record in records.Span)
        {
            if (record.Verdict.Outcome == FixOutcome.Rejected)
            {
                rejections++;
                record.Carrier.Ledger.RejectionLogged(record.Fix.Sequence, record.Verdict, record.Run);
            }
        }

        metrics.Logged(records.Length - rejections);
        _carriers.ForEach(static carrier => carrier.Logged());
        if (isThis && !_isPublished)
        {
            Appended(new EventEntry(
                new EventPosition(number, token), EventPosition.ParseToken(before), _entry));
        }
    }

    // A driver that came back several times is there once for each.
    private static Dictionary<string, FenceMark> NewestOf(ReadOnlySpan<string> members)
    {
        var marks = new Dictionary<string, FenceMark>(members.Length);
        foreach (var member in members)
        {
            var mark = FenceMark.Parse(member);
            ref var newest = ref CollectionsMarshal.GetValueRefOrAddDefault(marks, mark.DriverId, out _);
            newest = mark.Claim.Epoch > (newest.Claim?.Epoch ?? 0) ? mark : newest;
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

    private int ComposeAll(Memory<LogRecord> records)
    {
        _packedAtUnixMs = clock.GetUtcNow().ToUnixTimeMilliseconds();
        var maxBytes = LogBatch.MaxBytes(records.Span);
        if (_buffer.Length < maxBytes)
        {
            _buffer = new byte[maxBytes];
        }

        CollectCarriers(records.Span);
        var length = LogBatch.Write(_buffer, _carriers, records.Span, _segment, _packedAtUnixMs, store.Format.Writes);
        // A copy: after a time-out the connection may still hold the message when the buffer is written again.
        _entry = LogEntry.Write(_by, _buffer.AsSpan(0, length));
        _isPublished = writer.HasListeners;
        _arguments.Clear();
        _arguments.Add(_batch + 1);
        // After long silence the store may have forgotten it by itself.
        _arguments.Add(clock.Machine.GetElapsedTime(_writtenAt).TotalMilliseconds < clock.RealMilliseconds(StoreExpiries.Writer) / 2 && _writtenBy == _by ? _written : 0);
        _arguments.Add(_packedAtUnixMs);
        _arguments.Add(_segment);
        _arguments.Add((long)options.Value.SegmentLength.TotalMilliseconds);
        _arguments.Add(clock.RealMilliseconds(StoreExpiries.Writer));
        _arguments.Add(_entry);
        _token = EventPosition.DrawToken();
        _arguments.Add(_token.ToString("x", CultureInfo.InvariantCulture));
        _arguments.Add(_isPublished);
        foreach (var member in _honoured)
        {
            _arguments.Add(member);
        }

        return _entry.Length;
    }

    private async Task<RedisResult> AppendAsync() =>
        await StoreScript.LogAppend.RunAsync(
            store.AppendWrites, [keys.Log, keys.LogWriter(_by), keys.LogFence(_by), keys.LogSegment(_segment)], [.. _arguments]);

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
                Number(carrier);
                _carriers.Add(carrier);
            }

            carrier.BatchThrough = record.Fix.Sequence;
        }
    }

    private void Number(Carrier carrier)
    {
        var epoch = carrier.LastClaim!.Epoch;
        if (!carrier.Opening.IsOf(_by, _segment, epoch))
        {
            carrier.Opening = new LogOpening(_by, _segment, epoch, _numbers.Next(_segment));
        }
    }
}
