using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Google.Protobuf;
using RideTracking.Benchmarks.Fixes;

namespace RideTracking.Benchmarks.Readers;

/// <summary>A call, on a TCP connection of its own, that gives the server no window for more than a few bytes of what it answers.</summary>
internal static class UnreadStream
{
    private const int StreamId = 1;
    private const int FrameHeaderBytes = 9;
    private const int MessageHeaderBytes = 5;
    private const int Window = 64;
    private const byte EndStream = 1;
    private const byte HeadersType = 1;
    private const byte ResetType = 3;
    private const byte SettingsType = 4;
    private const byte PingType = 6;
    private const byte GoAwayType = 7;

    /// <summary>Calls, and waits until the server ends it.</summary>
    /// <returns>How long that took; null when it was stopped first.</returns>
    public static async Task<TimeSpan?> LastAsync(int port, string path, string? token, IMessage request, bool isOpenEnded, CancellationToken stop)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        var started = Stopwatch.GetTimestamp();
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, port, stop);
            var opening = new Http2Frames();
            opening.Preface();
            opening.Settings((Http2Frames.InitialWindowSize, Window));
            (string, string)[] headers =
            [
                (":method", "POST"), (":scheme", "http"), (":path", path), (":authority", $"127.0.0.1:{port}"), ("te", "trailers"), ("content-type", "application/grpc"),
                .. token is null ? Array.Empty<(string, string)>() : [("authorization", "Bearer " + token)],
            ];
            opening.Headers(StreamId, headers);
            await socket.SendAsync(opening.Written, stop);
            await socket.SendAsync(Message(request, isOpenEnded), stop);
            await UntilEndedAsync(socket, stop);
            return Stopwatch.GetElapsedTime(started);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
        catch (SocketException)
        {
            // Broken off.
            return Stopwatch.GetElapsedTime(started);
        }
    }

    private static byte[] Message(IMessage request, bool isOpenEnded)
    {
        var size = request.CalculateSize();
        var frame = new byte[FrameHeaderBytes + MessageHeaderBytes + size];
        Http2Frames.FrameHeader(frame, MessageHeaderBytes + size, type: 0, isOpenEnded ? (byte)0 : EndStream, StreamId);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(FrameHeaderBytes + 1), size);
        request.WriteTo(frame.AsSpan(FrameHeaderBytes + MessageHeaderBytes));
        return frame;
    }

    private static async Task UntilEndedAsync(Socket socket, CancellationToken stop)
    {
        var header = new byte[FrameHeaderBytes];
        while (await FillAsync(socket, header, stop))
        {
            var payload = new byte[(header[0] << 16) | (header[1] << 8) | header[2]];
            var (type, flags) = (header[3], header[4]);
            if (!await FillAsync(socket, payload, stop) || type is ResetType or GoAwayType || (type == HeadersType && (flags & EndStream) != 0))
            {
                return;
            }

            if (type == SettingsType && flags == 0)
            {
                await socket.SendAsync(Http2Frames.SettingsAcknowledged, stop);
            }
            else if (type == PingType && flags == 0)
            {
                await socket.SendAsync(Http2Frames.Pong(payload), stop);
            }
        }
    }

    // False when the connection was closed.
    private static async Task<bool> FillAsync(Socket socket, Memory<byte> buffer, CancellationToken stop)
    {
        while (buffer.Length > 0)
        {
            var read = await socket.ReceiveAsync(buffer, stop);
            if (read == 0)
            {
                return false;
            }

            buffer = buffer[read..];
        }

        return true;
    }
}
