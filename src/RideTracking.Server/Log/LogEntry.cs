using System.Text;
using RideTracking.Server.Store.Events;

namespace RideTracking.Server.Log;

/// <summary>A batch as the log keeps it and publishes it: an entry of the log's feed, whose writer is told before the batch.</summary>
/// <param name="Writer">Which run of which node has written it.</param>
/// <param name="Batch">The packed fixes (<see cref="LogBatch"/>).</param>
internal readonly record struct LogEntry(string Writer, ReadOnlyMemory<byte> Batch)
{
    /// <summary>Takes it apart.</summary>
    /// <exception cref="InvalidDataException">It names no writer.</exception>
    public static LogEntry Of(in EventEntry entry)
    {
        var end = entry.Record.Span.IndexOf((byte)' ');
        return end < 0
            ? throw new InvalidDataException("A batch of the log names no writer.")
            : new LogEntry(Encoding.ASCII.GetString(entry.Record.Span[..end]), entry.Record[(end + 1)..]);
    }

    /// <summary>What <see cref="Of"/> takes apart.</summary>
    public static byte[] Write(string writer, ReadOnlySpan<byte> batch)
    {
        var entry = new byte[writer.Length + 1 + batch.Length];
        Encoding.ASCII.GetBytes(writer, entry);
        entry[writer.Length] = (byte)' ';
        batch.CopyTo(entry.AsSpan(writer.Length + 1));
        return entry;
    }
}
