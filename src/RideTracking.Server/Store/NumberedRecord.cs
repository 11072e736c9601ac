using System.Buffers.Text;

namespace RideTracking.Server.Store;

/// <summary>A record as scripts write it: a number, a space, the bytes.</summary>
internal static class NumberedRecord
{
    /// <summary>The number and what follows it.</summary>
    public static (ulong Number, ReadOnlyMemory<byte> Record) Read(ReadOnlyMemory<byte> stored) =>
        Utf8Parser.TryParse(stored.Span, out ulong number, out var end)
            ? (number, stored[(end + 1)..])
            : throw new FormatException("The store holds a record that does not begin with its number.");
}
