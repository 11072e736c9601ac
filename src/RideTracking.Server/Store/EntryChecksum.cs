using System.Buffers.Binary;
using System.Buffers.Text;
using System.Numerics;

namespace RideTracking.Server.Store;

/// <summary>The checksum of an entry of the embedded store's file, from part to part: CRC-32C of the number, and of the length and the bytes of each part after the head.</summary>
internal struct EntryChecksum
{
    private int _parts;
    private uint? _written;

    /// <summary>The entry's number.</summary>
    public long Number { get; private set; }

    /// <summary>When it was made (ms).</summary>
    public long Milliseconds { get; private set; }

    /// <summary>The checksum of the parts so far.</summary>
    public uint Value { get; private set; }

    /// <summary>Whether it is what stands in the head, as after the last part.</summary>
    public readonly bool IsRight => _parts > 1 && Value == _written;

    /// <summary>Takes the next part.</summary>
    public void Add(ReadOnlySpan<byte> part)
    {
        switch (_parts++)
        {
            case 0 when part.Length == EntryHead.Bytes:
                Number = BinaryPrimitives.ReadInt64LittleEndian(part);
                _written = BinaryPrimitives.ReadUInt32LittleEndian(part[EntryHead.NumberBytes..]);
                Add(0, part[..EntryHead.NumberBytes]);
                break;
            case 1:
                Milliseconds = Utf8Parser.TryParse(part, out long milliseconds, out _) ? milliseconds : 0;
                Add(Value, part);
                break;
            default:
                Add(Value, part);
                break;
        }
    }

    private void Add(uint sum, ReadOnlySpan<byte> bytes)
    {
        sum = BitOperations.Crc32C(sum, (uint)bytes.Length);
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
        {
            sum = BitOperations.Crc32C(sum, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        }

        foreach (var b in bytes)
        {
            sum = BitOperations.Crc32C(sum, b);
        }

        Value = sum;
    }
}
