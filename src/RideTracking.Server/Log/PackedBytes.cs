using System.Buffers.Binary;
using System.Text;
using RideTracking.Engine.Ingest;
using RideTracking.Engine.Packing;

namespace RideTracking.Server.Log;

/// <summary>Writes the log's packed numbers into a span that is long enough.</summary>
internal ref struct PackedWriter(Span<byte> buffer)
{
    /// <summary>What a rejection takes.</summary>
    public const int RejectionBytes = 1 + (2 * sizeof(double));

    private readonly Span<byte> _buffer = buffer;

    public int Length { get; private set; }

    public void Byte(byte value) => _buffer[Length++] = value;

    public void Unsigned(ulong value)
    {
        while (value >= 0x80)
        {
            _buffer[Length++] = (byte)(value | 0x80);
            value >>= 7;
        }

        _buffer[Length++] = (byte)value;
    }

    /// <summary>Zigzag, so that small negative numbers stay short.</summary>
    public void Signed(long value) => Unsigned(Varint.ToZigZag(value));

    public void Int32(int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(_buffer[Length..], value);
        Length += sizeof(int);
    }

    public void Double(double value)
    {
        BinaryPrimitives.WriteDoubleLittleEndian(_buffer[Length..], value);
        Length += sizeof(double);
    }

    public void Bytes(ReadOnlySpan<byte> value)
    {
        Unsigned((ulong)value.Length);
        value.CopyTo(_buffer[Length..]);
        Length += value.Length;
    }

    /// <summary>At most three bytes a character, and its length.</summary>
    public void Text(string value)
    {
        Unsigned((ulong)Encoding.UTF8.GetByteCount(value));
        Length += Encoding.UTF8.GetBytes(value, _buffer[Length..]);
    }

    public void Rejection(in FixVerdict verdict)
    {
        Byte((byte)verdict.Reason);
        Double(verdict.Limit);
        Double(verdict.Measured);
    }
}

/// <summary>Reads what <see cref="PackedWriter"/> wrote.</summary>
/// <remarks>A value that ends too soon throws <see cref="InvalidDataException"/>: the store gave back something else than was written.</remarks>
internal ref struct PackedReader(ReadOnlySpan<byte> buffer)
{
    private ReadOnlySpan<byte> _rest = buffer;

    public readonly bool AtEnd => _rest.IsEmpty;

    public byte Byte() => Take(1)[0];

    public ulong Unsigned() =>
        Varint.TryTake(ref _rest, out var value) ? value : throw new InvalidDataException("A packed number ends too soon, or never.");

    public long Signed() => Varint.FromZigZag(Unsigned());

    public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(sizeof(int)));

    public double Double() => BinaryPrimitives.ReadDoubleLittleEndian(Take(sizeof(double)));

    public ReadOnlySpan<byte> Bytes() => Take(checked((int)Unsigned()));

    public string Text() => Encoding.UTF8.GetString(Bytes());

    public FixVerdict Rejection() => FixVerdict.Rejected((FixRejectReason)Byte(), Double(), Double());

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _rest.Length)
        {
            throw new InvalidDataException("A packed record ends too soon.");
        }

        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
