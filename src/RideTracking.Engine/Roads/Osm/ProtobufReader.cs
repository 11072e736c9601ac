namespace RideTracking.Engine.Roads.Osm;

/// <summary>Reads the fields of one protobuf message. Whatever is not well-formed ends in a <see cref="RoadFileException"/>.</summary>
internal ref struct ProtobufReader
{
    public const int VarintType = 0;
    public const int Fixed64Type = 1;
    public const int BytesType = 2;
    public const int Fixed32Type = 5;

    private readonly ReadOnlySpan<byte> _bytes;
    private readonly long _fileOffset;
    private int _at;
    private int _type;

    /// <param name="bytes">The message.</param>
    /// <param name="fileOffset">Where the part of the file starts that the message is of, for error messages.</param>
    public ProtobufReader(ReadOnlySpan<byte> bytes, long fileOffset)
    {
        _bytes = bytes;
        _fileOffset = fileOffset;
    }

    public readonly bool IsAtEnd => _at == _bytes.Length;

    /// <summary>The number of the next field, to be read or skipped; 0 at the end.</summary>
    public int NextField()
    {
        if (IsAtEnd)
        {
            return 0;
        }

        ulong tag = Varint();
        _type = (int)(tag & 7);
        return tag is >= 8 and <= uint.MaxValue ? (int)(tag >> 3) : throw Broken("a field has the number 0 or one beyond 32 bits");
    }

    public ReadOnlySpan<byte> ReadBytes()
    {
        RequireType(BytesType);
        ulong length = Varint();
        if (length > (ulong)(_bytes.Length - _at))
        {
            throw Broken($"a field of {length} bytes is longer than the rest of its message");
        }

        ReadOnlySpan<byte> bytes = _bytes.Slice(_at, (int)length);
        _at += (int)length;
        return bytes;
    }

    /// <summary>A message within this one, or packed numbers.</summary>
    public ProtobufReader ReadMessage() => new(ReadBytes(), _fileOffset);

    public long ReadInt64()
    {
        RequireType(VarintType);
        return (long)Varint();
    }

    /// <summary>A number from 0 up that fits an int.</summary>
    public int ReadCount()
    {
        long value = ReadInt64();
        return value is >= 0 and <= int.MaxValue ? (int)value : throw Broken($"{value} is no length and no index");
    }

    public void Skip()
    {
        switch (_type)
        {
            case VarintType:
                Varint();
                break;
            case Fixed64Type:
                Advance(8);
                break;
            case BytesType:
                ReadBytes();
                break;
            case Fixed32Type:
                Advance(4);
                break;
            default:
                throw Broken($"wire type {_type} does not exist or is out of use");
        }
    }

    /// <summary>The next of packed numbers.</summary>
    public long PackedSigned() => Packing.Varint.FromZigZag(Varint());

    /// <summary>The next of packed numbers, from 0 up, that fits an int.</summary>
    public int PackedIndex()
    {
        ulong value = Varint();
        return value <= int.MaxValue ? (int)value : throw Broken($"{value} is no index");
    }

    public readonly RoadFileException Broken(string what) => RoadFileException.At(_fileOffset, $"{what}.");

    private ulong Varint()
    {
        ReadOnlySpan<byte> rest = _bytes[_at..];
        if (!Packing.Varint.TryTake(ref rest, out ulong value))
        {
            throw Broken(rest.Length < Packing.Varint.MaxBytes ? "a message ends within a number" : "a number is longer than ten bytes");
        }

        _at = _bytes.Length - rest.Length;
        return value;
    }

    private void Advance(int count)
    {
        if (_bytes.Length - _at < count)
        {
            throw Broken("a message ends within a number");
        }

        _at += count;
    }

    private readonly void RequireType(int type)
    {
        if (_type != type)
        {
            throw Broken($"a field has wire type {_type}, {type} was expected");
        }
    }
}
