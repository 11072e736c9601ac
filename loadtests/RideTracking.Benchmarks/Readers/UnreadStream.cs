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
    private const int Window = 64;

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
            await socket.SendAsync(Http2Frames.Message(request, StreamId, endsStream: !isOpenEnded), stop);
            var reader = new Http2Reader(socket);
            while (await reader.NextAsync(stop) is { EndsStream: false, Type: not (Http2Reader.ResetType or Http2Reader.GoAwayType) })
            {
                // Not ended yet.
            }

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
}
