using System.Buffers.Binary;

namespace RideTracking.Server.Drivers;

/// <summary>Reads standard protobuf from contiguous bytes without allocating. Anything malformed throws <see cref="InvalidDataException"/>.</summary>
internal ref struct WireReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    public readonly bool AtEnd => _rest.IsEmpty;

    public readonly int Left => _rest.Length;

    public uint Tag()
    {
        var tag = (uint)Varint();
        return tag >> 3 == 0 ? throw Malformed() : tag;
    }

    public ulong Varint() => Engine.Packing.Varint.TryTake(ref _rest, out var value) ? value : throw Malformed();

    public int Fixed32() => BinaryPrimitives.ReadInt32LittleEndian(Take(sizeof(int)));

    public int ZigZag32() => (int)Engine.Packing.Varint.FromZigZag((uint)Varint());

    public ReadOnlySpan<byte> Bytes()
    {
        var length = Varint();
        return length > (ulong)_rest.Length ? throw Malformed() : Take((int)length);
    }

    public void Skip(uint tag)
    {
        switch (tag & 7)
        {
            case 0:
                Varint();
                break;
            case 1:
                Take(8);
                break;
            case 2:
                Bytes();
                break;
            case 5:
                Take(4);
                break;
            default:
                // Groups are not part of proto3; nobody who speaks this protocol sends one.
                throw Malformed();
        }
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _rest.Length)
        {
            throw Malformed();
        }

        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }

    private static InvalidDataException Malformed() => new("The message is not valid protobuf.");
}
