using System.Globalization;
using RideTracking.Server.Areas;
using RideTracking.Server.Log;
using RideTracking.Server.Store;
using RideTracking.Server.Store.Events;
using RideTracking.Server.Store.Feeds;
using RideTracking.Simulation.Checking;
using RideTracking.Simulation.Time;
using StackExchange.Redis;

namespace RideTracking.Simulation.Store;

/// <summary>
/// Writes down what the store holds of the log of fixes after each script: batches, claims, checkpoints, segments that expire. Read with the server's
/// own form of a batch, and nothing else of it.
/// </summary>
internal sealed class LogWatch(IDatabase database, StoreKeys keys, EventQueue queue, History history)
{
    private readonly SegmentConnections _connections = new(new RecordFormat());
    private readonly SortedSet<(string DriverId, string Session)> _sessions = [];
    private Seen _seen = new();
    private Seen _kept = new();

    /// <summary>Called with each batch that is published.</summary>
    public event Action<ReadOnlyMemory<byte>>? Published;

    /// <summary>Where the simulation keeps when segments expire: in the city's time, and so that it is forgotten with the rest.</summary>
    public RedisKey Expiries { get; } = StoreTimeInScripts.ExpiriesOf(keys);

    /// <summary>The store goes back to what it holds now.</summary>
    public void Keep() => _kept = _seen.Copy();

    /// <summary>It has gone back.</summary>
    public void Forget()
    {
        _seen = _kept.Copy();
        _connections.Clear();
    }

    /// <summary>Looks at what a script with these keys may have touched.</summary>
    /// <param name="touched">Its keys.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="drivers">Of whom it speaks.</param>
    /// <param name="look">Counts the scripts.</param>
    /// <param name="storeTime">What the store's clock says.</param>
    public void Look(RedisKey[] touched, RedisValue[] arguments, string[] drivers, int look, DateTimeOffset storeTime)
    {
        if (touched.Contains(keys.Connections))
        {
            foreach (var driver in drivers)
            {
                LookAtClaim(driver, look);
            }
        }

        if (touched[0] == keys.Log)
        {
            LookAtBatches(isPublished: arguments[8] == "1", look);
        }

        if (touched[0] == keys.LogCheckpoint)
        {
            LookAtCheckpoint(look);
        }

        if (touched[0] == keys.Log || touched[0].ToString().StartsWith(keys.LogSegmentPrefix, StringComparison.Ordinal))
        {
            Expire(storeTime, look);
        }
    }

    /// <summary>What the log holds when all is over.</summary>
    public void Show()
    {
        var fixes = new List<(string, ulong)>();
        for (var segment = 1L; segment <= _seen.Segment; segment++)
        {
            var connections = new SegmentConnections(new RecordFormat());
            fixes.AddRange(database.ListRange(keys.LogSegment(segment)).Select(e => Read(LogEntry.Of(FeedEntries.Parse((byte[])e!)), connections))
                .SelectMany(b => b.Fixes).Select(f => (f.SessionId, f.Fix.Sequence)));
        }

        history.Add(new LogShown(queue.Now, [.. fixes]));
    }

    private void LookAtClaim(string driver, int look)
    {
        var stored = (string?)database.HashGet(keys.Connections, driver);
        var claim = stored is null ? null : DriverClaim.Parse(stored);
        if (claim is not null && _seen.Claims.GetValueOrDefault(driver) != claim)
        {
            _seen.Claims[driver] = claim;
            history.Add(new DriverClaimed(queue.Now, look, driver, claim.Epoch, claim.Writer));
        }
    }

    private void LookAtBatches(bool isPublished, int look)
    {
        var newest = (long?)database.HashGet(keys.Log, "segment") ?? 0;
        for (var segment = Math.Max(_seen.Segment, 1); segment <= newest; segment++)
        {
            var read = segment == _seen.Segment ? _seen.Batches : 0;
            // What the segment has opened is read again after the store has forgotten.
            var from = _connections.Number == segment ? read : 0;
            var entries = database.ListRange(keys.LogSegment(segment), from, -1);
            foreach (var stored in entries)
            {
                var entry = FeedEntries.Parse((byte[])stored!);
                var written = LogEntry.Of(entry);
                var batch = Read(written, _connections);
                if (from++ >= read)
                {
                    Add(entry, written.Writer, batch, segment, look);
                    if (isPublished)
                    {
                        Published?.Invoke((byte[])stored!);
                    }
                }
            }

            (_seen.Segment, _seen.Batches) = (segment, from);
        }
    }

    // Nobody can read it: what it has is not kept.
    private LoggedBatch Read(LogEntry entry, SegmentConnections connections)
    {
        try
        {
            return LogBatch.Read(entry, connections);
        }
        catch (InvalidDataException e)
        {
            history.Add(new Unexpected(queue.Now, "the log", $"a batch of {entry.Writer}: {e.Message}"));
            return new LoggedBatch(0, []);
        }
    }

    private void Add(in EventEntry entry, string writer, LoggedBatch batch, long segment, int look)
    {
        foreach (var fix in batch.Fixes)
        {
            _sessions.Add((fix.DriverId, fix.SessionId));
        }

        history.Add(new BatchLogged(
            queue.Now, look, segment, entry.At.Number, entry.BeforeToken == _seen.Token, writer,
            [.. batch.Fixes.Select(f => new LogRecordRead(f.DriverId, f.SessionId, f.Fix.Sequence, f.ContentHash, f.Outcome == Engine.Ingest.FixOutcome.Rejected, f.Connection.Epoch))]));
        _seen.Token = entry.At.Token;
    }

    private void LookAtCheckpoint(int look)
    {
        var pointer = (string?)database.StringGet(keys.LogCheckpoint) ?? "";
        if (pointer == _seen.Checkpoint)
        {
            return;
        }

        _seen.Checkpoint = pointer;
        var checkpoint = Checkpoint.Parse(pointer);
        var parts = database.ListRange(keys.LogCheckpointParts(checkpoint.Name));
        var drivers = new Dictionary<string, LoggedDriver>(StringComparer.Ordinal);
        foreach (var part in parts)
        {
            var reader = new PackedReader((byte[])part!);
            while (!reader.AtEnd)
            {
                var driver = LoggedDriver.Read(ref reader);
                drivers[driver.DriverId] = driver;
            }
        }

        history.Add(new CheckpointStored(
            queue.Now, look, checkpoint.At.Number, checkpoint.Segment, parts.Length == checkpoint.Parts,
            [.. _sessions.Select(s => new SessionEnd(s.DriverId, s.Session, drivers.GetValueOrDefault(s.DriverId)?.Resume(new DriverClaim(0, ""), s.Session, 0).ResumeAfterSequence ?? 0))]));
    }

    private void Expire(DateTimeOffset storeTime, int look)
    {
        foreach (var due in database.HashGetAll(Expiries).Where(e => (long)e.Value <= storeTime.ToUnixTimeMilliseconds())
            .Select(e => long.Parse(((string)e.Name!)[keys.LogSegmentPrefix.Length..], CultureInfo.InvariantCulture)).Order().ToArray())
        {
            database.KeyDelete(keys.LogSegment(due));
            database.HashDelete(Expiries, keys.LogSegment(due).ToString());
            history.Add(new SegmentExpired(queue.Now, look, due));
        }
    }

    /// <summary>How far the log was seen.</summary>
    private sealed class Seen
    {
        public long Segment { get; set; }

        public long Batches { get; set; }

        public ulong Token { get; set; }

        public string Checkpoint { get; set; } = "";

        public Dictionary<string, DriverClaim> Claims { get; private init; } = new(StringComparer.Ordinal);

        public Seen Copy() => new() { Segment = Segment, Batches = Batches, Token = Token, Checkpoint = Checkpoint, Claims = new(Claims, StringComparer.Ordinal) };
    }
}
