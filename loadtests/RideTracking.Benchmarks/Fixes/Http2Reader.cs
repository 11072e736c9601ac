using System.Buffers.Binary;
using System.Net.Sockets;

namespace RideTracking.Benchmarks.Fixes;

/// <summary>A frame that the server has sent.</summary>
/// <param name="Type">See <see cref="Http2Reader"/>.</param>
/// <param name="EndsStream">Whether it is the last of its stream.</param>
/// <param name="Stream">Of which; 0 for the connection.</param>
/// <param name="Bytes">Its length, its header included.</param>
internal readonly record struct Http2Frame(byte Type, bool EndsStream, int Stream, int Bytes);

/// <summary>Reads a server's frames one by one, and answers for the connection what must be answered.</summary>
internal sealed class Http2Reader(Socket socket)
{
    public const byte HeadersType = 1;
    public const byte ResetType = 3;
    public const byte GoAwayType = 7;

    private const byte SettingsType = 4;
    private const byte PingType = 6;
    private const byte EndStream = 1;

    private readonly byte[] _header = new byte[Http2Frames.FrameHeaderBytes];

    /// <summary>The next one; null when the connection was closed.</summary>
    public async Task<Http2Frame?> NextAsync(CancellationToken stop = default)
    {
        if (!await FillAsync(_header, stop))
        {
            return null;
        }

        var payload = new byte[(_header[0] << 16) | (_header[1] << 8) | _header[2]];
        var (type, flags) = (_header[3], _header[4]);
        if (!await FillAsync(payload, stop))
        {
            return null;
        }

        if (type == SettingsType && flags == 0)
        {
            await socket.SendAsync(Http2Frames.SettingsAcknowledged, stop);
        }
        else if (type == PingType && flags == 0)
        {
            await socket.SendAsync(Http2Frames.Pong(payload), stop);
        }

        return new Http2Frame(
            type, type == HeadersType && (flags & EndStream) != 0, BinaryPrimitives.ReadInt32BigEndian(_header.AsSpan(5)), _header.Length + payload.Length);
    }

    // False when the connection was closed.
    private async Task<bool> FillAsync(Memory<byte> buffer, CancellationToken stop)
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
