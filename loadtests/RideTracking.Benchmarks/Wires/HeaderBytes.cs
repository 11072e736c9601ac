using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Google.Protobuf;
using RideTracking.Benchmarks.Fixes;
using RideTracking.Engine.Geo;

namespace RideTracking.Benchmarks.Wires;

/// <summary>
/// Unary calls by a client that compresses its headers, as gRPC's own libraries for Android, iOS, Go and Java do; .NET's sends them in full each time.
/// </summary>
internal static class HeaderBytes
{
    private const int FrameHeaderBytes = 9;
    private const int MessageHeaderBytes = 5;
    private const byte EndStream = 1;
    private const byte DataType = 0;
    private const byte HeadersType = 1;
    private const byte SettingsType = 4;
    private const byte PingType = 6;

    /// <summary>Bytes of the frames with headers, both ways, of the first and of the last of some calls, one after the other.</summary>
    public static async Task<((int Up, int Down) First, (int Up, int Down) Last)> OfCallsAsync(int port, int calls)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port);
        var frames = new Http2Frames();
        frames.Preface();
        frames.Settings((Http2Frames.InitialWindowSize, 1 << 20));
        frames.WindowUpdate(1 << 24);
        await socket.SendAsync(frames.Take());
        var told = new List<(int Up, int Down)>();
        for (var call = 0; call < calls; call++)
        {
            var stream = (2 * call) + 1;
            frames.CompressedHeaders(
                stream,
                (":method", "POST"), (":scheme", "http"), (":path", "/ridetracking.v1.DispatchService/SearchDrivers"), (":authority", $"127.0.0.1:{port}"),
                ("te", "trailers"), ("content-type", "application/grpc"), ("user-agent", "grpc-go/1.60.0"), ("authorization", WireClient.Token));
            var headers = frames.Take();
            await socket.SendAsync(headers);
            await socket.SendAsync(Message(stream));
            told.Add((headers.Length, await AnsweredAsync(socket, stream)));
        }

        return (told[0], told[^1]);
    }

    private static byte[] Message(int stream)
    {
        var body = WireData.Search(new GeoPoint(41.15, -8.61)).ToByteArray();
        var frame = new byte[FrameHeaderBytes + MessageHeaderBytes + body.Length];
        Http2Frames.FrameHeader(frame, MessageHeaderBytes + body.Length, DataType, EndStream, stream);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(FrameHeaderBytes + 1), body.Length);
        body.CopyTo(frame.AsSpan(FrameHeaderBytes + MessageHeaderBytes));
        return frame;
    }

    // Bytes of the frames with headers, until the stream has ended.
    private static async Task<int> AnsweredAsync(Socket socket, int stream)
    {
        var (header, bytes) = (new byte[FrameHeaderBytes], 0);
        while (true)
        {
            await FillAsync(socket, header);
            var payload = new byte[(header[0] << 16) | (header[1] << 8) | header[2]];
            await FillAsync(socket, payload);
            var (type, flags, of) = (header[3], header[4], BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(5)));
            if (type == SettingsType && flags == 0)
            {
                await socket.SendAsync(Http2Frames.SettingsAcknowledged);
            }
            else if (type == PingType && flags == 0)
            {
                await socket.SendAsync(Http2Frames.Pong(payload));
            }
            else if (of == stream)
            {
                bytes += type == HeadersType ? FrameHeaderBytes + payload.Length : 0;
                if ((flags & EndStream) != 0 && type is HeadersType)
                {
                    return bytes;
                }
            }
        }
    }

    private static async Task FillAsync(Socket socket, Memory<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            var read = await socket.ReceiveAsync(buffer);
            buffer = read == 0 ? throw new IOException("The server has closed the connection.") : buffer[read..];
        }
    }
}
