using System.Buffers.Binary;
using Garnet.server;

namespace RideTracking.Server.Store;

/// <summary>
/// What an entry of the embedded store's file begins with: its number, one more than the one before, and a checksum of that and all
/// parts that follow, since Garnet itself would not notice that entries are damaged or missing.
/// </summary>
internal static class EntryHead
{
    /// <summary>What stands where it will be.</summary>
    public const string Room = "............";

    /// <summary>How long it is.</summary>
    public const int Bytes = NumberBytes + sizeof(uint);

    /// <summary>How long the number in it is; the checksum follows.</summary>
    public const int NumberBytes = sizeof(long);

    /// <summary>Whether there is only the room for it, as in what was never in the file.</summary>
    public static bool IsRoom(SessionParseState parts) => parts.Count > 0 && parts.GetArgSliceByRef(0).ReadOnlySpan.SequenceEqual("............"u8);

    /// <summary>Writes it over the room for it.</summary>
    public static void Write(SessionParseState parts, long number)
    {
        var head = parts.GetArgSliceByRef(0).Span;
        BinaryPrimitives.WriteInt64LittleEndian(head, number);
        BinaryPrimitives.WriteUInt32LittleEndian(head[NumberBytes..], SumOf(parts).Value);
    }

    /// <summary>The entry's number.</summary>
    public static long NumberIn(SessionParseState parts) => BinaryPrimitives.ReadInt64LittleEndian(parts.GetArgSliceByRef(0).ReadOnlySpan);

    /// <summary>Whether the entry is what was written.</summary>
    public static bool IsWhole(SessionParseState parts) => SumOf(parts).IsRight;

    private static EntryChecksum SumOf(SessionParseState parts)
    {
        var sum = default(EntryChecksum);
        for (var i = 0; i < parts.Count; i++)
        {
            sum.Add(parts.GetArgSliceByRef(i).ReadOnlySpan);
        }

        return sum;
    }
}
