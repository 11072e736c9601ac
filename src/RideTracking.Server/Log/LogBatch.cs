using System.Text;
using RideTracking.Engine.Index;
using RideTracking.Engine.Ingest;

namespace RideTracking.Server.Log;

/// <summary>A fix as it stands in the log.</summary>
/// <param name="DriverId">Whose.</param>
/// <param name="SessionId">Of which buffer of the app; with the driver and the sequence it identifies the fix.</param>
/// <param name="Fix">The fix.</param>
/// <param name="Outcome">ACCEPTED or HISTORY_ONLY.</param>
/// <param name="Status">What the driver was doing.</param>
public readonly record struct LoggedFix(string DriverId, string SessionId, Fix Fix, FixOutcome Outcome, DriverStatus Status);

/// <summary>
/// The packed form of a batch: format version, base time, then record after record of driver, session, outcome and
/// status, fix. Nothing in a record refers to another one, so a batch can be read from any record whose start is known.
/// </summary>
internal static class LogBatch
{
    private const byte Version = 1;
    private const int HeaderBytes = 1 + 10;

    /// <summary>Bytes that these records may take at the most.</summary>
    public static int MaxBytes(ReadOnlySpan<LogRecord> records)
    {
        var bytes = HeaderBytes;
        foreach (ref readonly var record in records)
        {
            bytes += PackedFix.MaxBytes + 4 + record.Carrier.DriverIdUtf8.Length + record.Carrier.SessionIdUtf8.Length;
        }

        return bytes;
    }

    public static int Write(Span<byte> buffer, ReadOnlySpan<LogRecord> records, long baseTimeUnixMs)
    {
        var writer = new PackedWriter(buffer);
        writer.Byte(Version);
        writer.Signed(baseTimeUnixMs);
        foreach (ref readonly var record in records)
        {
            writer.Bytes(record.Carrier.DriverIdUtf8);
            writer.Bytes(record.Carrier.SessionIdUtf8);
            writer.Byte((byte)((int)record.Outcome | ((int)record.Status.Availability << 4)));
            writer.Byte((byte)((int)record.Status.Work | ((int)record.Status.Link << 4)));
            PackedFix.Write(ref writer, record.Fix, baseTimeUnixMs);
        }

        return writer.Length;
    }

    /// <exception cref="InvalidDataException">Not a batch, or one of a later format.</exception>
    public static List<LoggedFix> Read(ReadOnlySpan<byte> batch)
    {
        var reader = new PackedReader(batch);
        var version = reader.Byte();
        if (version != Version)
        {
            throw new InvalidDataException($"A batch of format {version} was written by a newer server; this one reads {Version}.");
        }

        var baseTimeUnixMs = reader.Signed();
        var fixes = new List<LoggedFix>();
        while (!reader.AtEnd)
        {
            var driverId = Encoding.UTF8.GetString(reader.Bytes());
            var sessionId = Encoding.UTF8.GetString(reader.Bytes());
            var outcome = reader.Byte();
            var status = reader.Byte();
            fixes.Add(new LoggedFix(
                driverId,
                sessionId,
                PackedFix.Read(ref reader, baseTimeUnixMs),
                (FixOutcome)(outcome & 0xf),
                new DriverStatus((DriverAvailability)(outcome >> 4), (DriverWork)(status & 0xf), (DriverLink)(status >> 4))));
        }

        return fixes;
    }
}
