using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Google.Protobuf;

namespace RideTracking.Benchmarks.Fixes;

/// <summary>
/// The few frames that open and keep an HTTP/2 connection (RFC 9113), headers without compression (RFC 7541, 6.2.2), or named by a number from the
/// second time on (6.2.1, 6.1).
/// </summary>
internal sealed class Http2Frames
{
    /// <summary>The setting that is the window of each new stream.</summary>
    public const ushort InitialWindowSize = 4;

    /// <summary>What each frame begins with.</summary>
    public const int FrameHeaderBytes = 9;

    private const int MessageHeaderBytes = 5;
    private const byte SettingsType = 4;
    private const byte PingType = 6;
    private const byte Acknowledged = 1;
    private const byte EndHeaders = 4;
    private const byte EndStream = 1;

    private readonly ArrayBufferWriter<byte> _buffer = new();
    private readonly List<(string Name, string Value)> _told = [];

    public static byte[] SettingsAcknowledged { get; } = Frame(SettingsType, Acknowledged, 0, []);

    public ReadOnlyMemory<byte> Written => _buffer.WrittenMemory;

    public static byte[] Pong(ReadOnlySpan<byte> ping) => Frame(PingType, Acknowledged, 0, ping);

    public static void FrameHeader(Span<byte> frame, int length, byte type, byte flags, int stream)
    {
        BinaryPrimitives.WriteInt32BigEndian(frame, (length << 8) | type);
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame[5..], stream);
    }

    /// <summary>A frame with a whole gRPC message.</summary>
    public static byte[] Message(IMessage message, int stream, bool endsStream)
    {
        var size = message.CalculateSize();
        var frame = new byte[FrameHeaderBytes + MessageHeaderBytes + size];
        FrameHeader(frame, MessageHeaderBytes + size, type: 0, endsStream ? EndStream : (byte)0, stream);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(FrameHeaderBytes + 1), size);
        message.WriteTo(frame.AsSpan(FrameHeaderBytes + MessageHeaderBytes));
        return frame;
    }

    public void Preface() => _buffer.Write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8);

    public void Settings(params ReadOnlySpan<(ushort Name, int Value)> settings)
    {
        var payload = new byte[settings.Length * 6];
        for (var i = 0; i < settings.Length; i++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(payload.AsSpan(i * 6), settings[i].Name);
            BinaryPrimitives.WriteInt32BigEndian(payload.AsSpan((i * 6) + 2), settings[i].Value);
        }

        _buffer.Write(Frame(SettingsType, 0, 0, payload));
    }

    public void WindowUpdate(int bytes)
    {
        var payload = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(payload, bytes);
        _buffer.Write(Frame(8, 0, 0, payload));
    }

    public void Headers(int stream, params ReadOnlySpan<(string Name, string Value)> headers)
    {
        var block = new ArrayBufferWriter<byte>();
        foreach (var (name, value) in headers)
        {
            block.Write<byte>([0]);
            Text(block, name);
            Text(block, value);
        }

        _buffer.Write(Frame(1, EndHeaders, stream, block.WrittenSpan));
    }

    /// <summary>The same, each header in full only once in a connection. For so few headers that the other side keeps them all.</summary>
    public void CompressedHeaders(int stream, params ReadOnlySpan<(string Name, string Value)> headers)
    {
        const byte firstOfConnection = 62;
        var block = new ArrayBufferWriter<byte>();
        foreach (var header in headers)
        {
            var told = _told.IndexOf(header);
            if (told >= 0)
            {
                block.Write<byte>([(byte)(128 | (firstOfConnection + _told.Count - 1 - told))]);
                continue;
            }

            block.Write<byte>([64]);
            Text(block, header.Name);
            Text(block, header.Value);
            _told.Add(header);
        }

        _buffer.Write(Frame(1, EndHeaders, stream, block.WrittenSpan));
    }

    /// <summary>What was written since the last time.</summary>
    public byte[] Take()
    {
        var written = _buffer.WrittenSpan.ToArray();
        _buffer.Clear();
        return written;
    }

    private static void Text(ArrayBufferWriter<byte> block, string text)
    {
        const int longLength = 127;
        if (text.Length < longLength)
        {
            block.Write<byte>([(byte)text.Length]);
        }
        else
        {
            block.Write<byte>([longLength]);
            var rest = text.Length - longLength;
            for (; rest >= 128; rest >>= 7)
            {
                block.Write<byte>([(byte)(rest | 128)]);
            }

            block.Write<byte>([(byte)rest]);
        }

        block.Write(Encoding.ASCII.GetBytes(text));
    }

    private static byte[] Frame(byte type, byte flags, int stream, ReadOnlySpan<byte> payload)
    {
        var frame = new byte[9 + payload.Length];
        FrameHeader(frame, payload.Length, type, flags, stream);
        payload.CopyTo(frame.AsSpan(9));
        return frame;
    }
}
