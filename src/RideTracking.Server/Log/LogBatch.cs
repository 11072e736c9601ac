using RideTracking.Engine.Index;
using RideTracking.Engine.Ingest;
using RideTracking.Server.Store;

namespace RideTracking.Server.Log;

/// <summary>A batch of the log, taken apart.</summary>
/// <param name="LoggedAtUnixMs">When it was written, by the area's time.</param>
/// <param name="Fixes">Its fixes and rejections, each session's in order.</param>
internal sealed record LoggedBatch(long LoggedAtUnixMs, List<LoggedFix> Fixes);

/// <summary>
/// The packed form of a batch: form, the segment that it stands in, base time, openings, fixes and rejections. Before a connection's
/// first record in a segment stands its opening, which gives it a number; the records name that number alone. So a segment is read from its
/// beginning, and by itself.
/// </summary>
internal static class LogBatch
{
    // The first form of a batch was of before there were forms of records.
    private const int VersionsBefore = 1;
    private const int HeaderBytes = 1 + (3 * 10);
    private const int OpeningBytes = 5 * 10;
    private const int RecordBytes = 10 + 2 + PackedFix.MaxBytes;

    /// <summary>Bytes that these records may take at the most; a rejection takes less than a fix.</summary>
    public static int MaxBytes(ReadOnlySpan<LogRecord> records)
    {
        var bytes = HeaderBytes;
        foreach (ref readonly var record in records)
        {
            // As if each had an opening of its own.
            bytes += RecordBytes + OpeningBytes + record.Carrier.DriverIdUtf8.Length + record.Carrier.SessionIdUtf8.Length;
        }

        return bytes;
    }

    /// <summary>Packs records, and the openings of <paramref name="carriers"/> that are not written yet; each record is of one of those.</summary>
    public static int Write(Span<byte> buffer, List<Carrier> carriers, ReadOnlySpan<LogRecord> records, long segment, long baseTimeUnixMs, int format)
    {
        var writer = new PackedWriter(buffer);
        writer.Byte((byte)(format + VersionsBefore));
        writer.Unsigned((ulong)segment);
        writer.Signed(baseTimeUnixMs);
        writer.Unsigned((ulong)carriers.Count(c => !c.Opening.IsWritten));
        foreach (var carrier in carriers)
        {
            if (!carrier.Opening.IsWritten)
            {
                writer.Unsigned(carrier.Opening.Number);
                writer.Bytes(carrier.DriverIdUtf8);
                writer.Bytes(carrier.SessionIdUtf8);
                writer.Unsigned((ulong)carrier.Opening.Epoch);
                writer.Unsigned((ulong)carrier.Request.Resendable);
            }
        }

        foreach (ref readonly var record in records)
        {
            var isRejection = record.Verdict.Outcome == FixOutcome.Rejected;
            writer.Unsigned((record.Carrier.Opening.Number << 1) | (isRejection ? 1UL : 0));
            if (isRejection)
            {
                writer.Unsigned(record.Fix.Sequence);
                writer.Int32((int)record.Fix.ContentHash());
                writer.Rejection(record.Verdict);
                continue;
            }

            writer.Byte((byte)((int)record.Verdict.Outcome | ((int)record.Status.Availability << 4)));
            writer.Byte((byte)((int)record.Status.Work | ((int)record.Status.Link << 4)));
            PackedFix.Write(ref writer, record.Fix, baseTimeUnixMs);
        }

        return writer.Length;
    }

    /// <summary>Reads the batches of a segment, one after the other from its beginning.</summary>
    /// <param name="entry">The next one.</param>
    /// <param name="segment">What those before have opened.</param>
    /// <exception cref="InvalidDataException">Not a batch, one of another format, or one that goes on where something before it could not be read.</exception>
    public static LoggedBatch Read(LogEntry entry, SegmentConnections segment)
    {
        var reader = new PackedReader(entry.Batch.Span);
        var connections = ReadOpenings(ref reader, entry.Writer, segment, out var baseTimeUnixMs);
        var fixes = new List<LoggedFix>();
        while (!reader.AtEnd)
        {
            var record = reader.Unsigned();
            if (!connections.TryGetValue(record >> 1, out var connection))
            {
                throw new InvalidDataException("A record names a connection that its segment has not opened.");
            }

            fixes.Add((record & 1) == 0 ? ReadFix(ref reader, connection, baseTimeUnixMs) : ReadRejection(ref reader, connection));
        }

        return new LoggedBatch(baseTimeUnixMs, fixes);
    }

    /// <summary>Reads no more than what is to be known for the batches after it.</summary>
    /// <inheritdoc cref="Read"/>
    public static void Open(LogEntry entry, SegmentConnections segment)
    {
        var reader = new PackedReader(entry.Batch.Span);
        ReadOpenings(ref reader, entry.Writer, segment, out _);
    }

    private static Dictionary<ulong, LogConnection> ReadOpenings(ref PackedReader reader, string writer, SegmentConnections segment, out long baseTimeUnixMs)
    {
        var format = reader.Byte() - VersionsBefore;
        if (format < RecordFormat.Oldest || !segment.Format.CanRead(format))
        {
            throw new InvalidDataException($"A batch is of form {format}, and this program reads them up to {segment.Format.Reads}.");
        }

        var connections = segment.Of((long)reader.Unsigned(), writer);
        baseTimeUnixMs = reader.Signed();
        for (var left = reader.Unsigned(); left > 0; left--)
        {
            connections[reader.Unsigned()] = new LogConnection(reader.Text(), reader.Text(), (long)reader.Unsigned(), (int)Math.Min(reader.Unsigned(), LoggedSession.MostResendable));
        }

        return connections;
    }

    private static LoggedFix ReadFix(ref PackedReader reader, in LogConnection connection, long baseTimeUnixMs)
    {
        var outcome = reader.Byte();
        var status = reader.Byte();
        return new LoggedFix(
            connection,
            PackedFix.Read(ref reader, baseTimeUnixMs),
            new FixVerdict((FixOutcome)(outcome & 0xf)),
            new DriverStatus((DriverAvailability)(outcome >> 4), (DriverWork)(status & 0xf), (DriverLink)(status >> 4)));
    }

    private static LoggedFix ReadRejection(ref PackedReader reader, in LogConnection connection)
    {
        var fix = new Fix { Sequence = reader.Unsigned() };
        var hash = (uint)reader.Int32();
        return new LoggedFix(connection, fix, reader.Rejection(), default) { RejectedContentHash = hash };
    }
}
