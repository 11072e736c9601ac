using System.Net;
using System.Net.Sockets;
using RideTracking.Benchmarks.Fixes;
using RideTracking.Engine.Geo;

namespace RideTracking.Benchmarks.Wires;

/// <summary>
/// Unary calls by a client that compresses its headers, as gRPC's own libraries for Android, iOS, Go and Java do; .NET's sends them in full each time.
/// </summary>
internal static class HeaderBytes
{
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
        var reader = new Http2Reader(socket);
        var message = WireData.Search(new GeoPoint(41.15, -8.61));
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
            await socket.SendAsync(Http2Frames.Message(message, stream, endsStream: true));
            told.Add((headers.Length, await AnsweredAsync(reader, stream)));
        }

        return (told[0], told[^1]);
    }

    // Bytes of the frames with headers, until the stream has ended.
    private static async Task<int> AnsweredAsync(Http2Reader reader, int stream)
    {
        var bytes = 0;
        while (true)
        {
            var frame = await reader.NextAsync() ?? throw new IOException("The server has closed the connection.");
            if (frame.Stream != stream)
            {
                continue;
            }

            bytes += frame.Type == Http2Reader.HeadersType ? frame.Bytes : 0;
            if (frame.EndsStream)
            {
                return bytes;
            }
        }
    }
}
