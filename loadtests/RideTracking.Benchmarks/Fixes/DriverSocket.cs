using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Google.Protobuf;
using RideTracking.V1;

namespace RideTracking.Benchmarks.Fixes;

/// <summary>
/// One driver's stream on a TCP connection of its own, as little as HTTP/2 and gRPC allow: a client library would cost
/// more than the server that is measured, on the same cores. Knows one stream, and messages that fit into one frame.
/// </summary>
internal sealed class DriverSocket : IDisposable
{
    private const int FrameHeaderBytes = 9;
    private const int MessageHeaderBytes = 5;
    private const int MaxMessageBytes = 512;
    private const int StreamId = 1;
    private const int DefaultWindow = 65_535;

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly Car _car;
    private readonly byte[] _out;
    private readonly ulong _maxUnacknowledged;
    private readonly SemaphoreSlim _moved = new(0);
    private readonly TaskCompletionSource _welcomed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private byte[] _in = new byte[512];
    private long _connectionWindow = DefaultWindow;
    private long _streamWindow = DefaultWindow;
    private long _peerInitialWindow = DefaultWindow;
    private ulong _acknowledgedThrough;
    private int _filled;
    private int _filledPayload;

    private DriverSocket(Car car, int segmentBytes, ulong maxUnacknowledged)
    {
        _car = car;
        _maxUnacknowledged = maxUnacknowledged;
        _out = new byte[Math.Max(segmentBytes, 1) + MaxMessageBytes];
        SegmentBytes = segmentBytes;
    }

    /// <summary>Bytes to collect before they are sent.</summary>
    public int SegmentBytes { get; }

    /// <summary>Sequence of the last fix sent.</summary>
    public ulong Sent { get; private set; }

    public int Rejected { get; private set; }

    public int HistoryOnly { get; private set; }

    /// <summary>Completes with an error when the stream breaks.</summary>
    public Task Reading { get; private set; } = Task.CompletedTask;

    /// <summary>Connects and says hello; complete when the server has welcomed it.</summary>
    public static async Task<DriverSocket> OpenAsync(Car car, int port, string token, string session, int segmentBytes, ulong maxUnacknowledged)
    {
        var driver = new DriverSocket(car, segmentBytes, maxUnacknowledged);
        await driver._socket.ConnectAsync(IPAddress.Loopback, port);
        var opening = new Http2Frames();
        opening.Preface();
        // Nothing is ever given back to the server's windows: what it says is little.
        opening.Settings((Http2Frames.InitialWindowSize, int.MaxValue));
        opening.WindowUpdate(int.MaxValue - DefaultWindow);
        opening.Headers(
            StreamId,
            (":method", "POST"), (":scheme", "http"), (":path", "/ridetracking.v1.DriverService/Connect"), (":authority", $"127.0.0.1:{port}"),
            ("te", "trailers"), ("content-type", "application/grpc"), ("authorization", "Bearer " + token));
        await driver._socket.SendAsync(opening.Written);
        driver.Reading = driver.ReadAsync();
        driver.Put(new ConnectRequest { Hello = new Hello { ProtocolVersion = 1, DriverId = car.DriverId, SessionId = session } });
        await driver.FlushAsync();
        await (await Task.WhenAny(driver._welcomed.Task, driver.Reading));
        return driver;
    }

    /// <summary>Sends one fix in a message of its own; with others in one segment where they are collected.</summary>
    public async ValueTask SendFixAsync(bool askForAck = false)
    {
        if (Sent - Volatile.Read(ref _acknowledgedThrough) >= _maxUnacknowledged)
        {
            await AcknowledgedAsync(Sent - (_maxUnacknowledged / 2));
        }

        Put(_car.Drive(++Sent, askForAck));
        if (askForAck || _filled >= SegmentBytes)
        {
            await FlushAsync();
        }
    }

    /// <summary>Completes once everything sent so far is acknowledged.</summary>
    public Task AcknowledgedAsync() => AcknowledgedAsync(Sent);

    private async Task AcknowledgedAsync(ulong through)
    {
        while (Volatile.Read(ref _acknowledgedThrough) < through)
        {
            await MovedAsync();
        }
    }

    public void Dispose()
    {
        _socket.Dispose();
        _moved.Dispose();
    }

    private void Put(ConnectRequest message)
    {
        var size = message.CalculateSize();
        var frame = _out.AsSpan(_filled, FrameHeaderBytes + MessageHeaderBytes + size);
        Http2Frames.FrameHeader(frame, MessageHeaderBytes + size, type: 0, flags: 0, StreamId);
        frame[FrameHeaderBytes] = 0;
        BinaryPrimitives.WriteInt32BigEndian(frame[(FrameHeaderBytes + 1)..], size);
        message.WriteTo(frame[(FrameHeaderBytes + MessageHeaderBytes)..]);
        _filled += frame.Length;
        _filledPayload += frame.Length - FrameHeaderBytes;
    }

    private async ValueTask FlushAsync()
    {
        // Frame headers do not count against the windows (RFC 9113, 6.9).
        while (Math.Min(Volatile.Read(ref _connectionWindow), Volatile.Read(ref _streamWindow)) < _filledPayload)
        {
            await MovedAsync();
        }

        Interlocked.Add(ref _connectionWindow, -_filledPayload);
        Interlocked.Add(ref _streamWindow, -_filledPayload);
        await _socket.SendAsync(_out.AsMemory(0, _filled));
        (_filled, _filledPayload) = (0, 0);
    }

    private async Task MovedAsync()
    {
        var moved = _moved.WaitAsync();
        if (await Task.WhenAny(moved, Reading) == Reading)
        {
            await Reading;
            throw new IOException("The server has ended the stream.");
        }
    }

    private async Task ReadAsync()
    {
        var held = 0;
        while (true)
        {
            if (held == _in.Length)
            {
                Array.Resize(ref _in, _in.Length * 2);
            }

            var read = await _socket.ReceiveAsync(_in.AsMemory(held));
            if (read == 0)
            {
                throw new IOException("The server has closed the connection.");
            }

            held += read;
            var taken = 0;
            while (held - taken >= FrameHeaderBytes)
            {
                var length = (_in[taken] << 16) | (_in[taken + 1] << 8) | _in[taken + 2];
                if (held - taken - FrameHeaderBytes < length)
                {
                    break;
                }

                var reply = Take(_in[taken + 3], _in[taken + 4], _in.AsSpan(taken + 5, 4), _in.AsSpan(taken + FrameHeaderBytes, length));
                if (reply is not null)
                {
                    await _socket.SendAsync(reply);
                }

                taken += FrameHeaderBytes + length;
            }

            _in.AsSpan(taken, held - taken).CopyTo(_in);
            held -= taken;
        }
    }

    private byte[]? Take(byte type, byte flags, ReadOnlySpan<byte> stream, ReadOnlySpan<byte> payload)
    {
        const byte ackOrEnd = 1;
        switch (type)
        {
            case 0:
                TakeMessages(payload);
                return null;
            case 1 when (flags & ackOrEnd) != 0:
                throw new IOException($"The server has ended the stream: {Encoding.Latin1.GetString(payload)}");
            case 3 or 7:
                throw new IOException($"The server has broken the stream off: frame {type}, {Convert.ToHexString(payload)}");
            case 4 when (flags & ackOrEnd) == 0:
                TakeSettings(payload);
                return Http2Frames.SettingsAcknowledged;
            case 6 when (flags & ackOrEnd) == 0:
                return Http2Frames.Pong(payload);
            case 8:
                Interlocked.Add(ref BinaryPrimitives.ReadInt32BigEndian(stream) == 0 ? ref _connectionWindow : ref _streamWindow, BinaryPrimitives.ReadInt32BigEndian(payload));
                _moved.Release();
                return null;
            default:
                return null;
        }
    }

    private void TakeSettings(ReadOnlySpan<byte> settings)
    {
        for (; settings.Length >= 6; settings = settings[6..])
        {
            if (BinaryPrimitives.ReadUInt16BigEndian(settings) == Http2Frames.InitialWindowSize)
            {
                var window = BinaryPrimitives.ReadInt32BigEndian(settings[2..]);
                Interlocked.Add(ref _streamWindow, window - _peerInitialWindow);
                _peerInitialWindow = window;
            }
        }

        _moved.Release();
    }

    private void TakeMessages(ReadOnlySpan<byte> data)
    {
        while (!data.IsEmpty)
        {
            var size = data.Length < MessageHeaderBytes ? int.MaxValue : BinaryPrimitives.ReadInt32BigEndian(data[1..]);
            if (size > data.Length - MessageHeaderBytes)
            {
                throw new IOException("A message came in more than one frame, which this client does not know.");
            }

            TakeMessage(ConnectResponse.Parser.ParseFrom(data.Slice(MessageHeaderBytes, size)));
            data = data[(MessageHeaderBytes + size)..];
        }
    }

    private void TakeMessage(ConnectResponse message)
    {
        if (message.FixAck is { } ack)
        {
            Rejected += ack.Verdicts.Count(v => v.Outcome == FixOutcome.Rejected);
            HistoryOnly += ack.Verdicts.Count(v => v.Outcome == FixOutcome.HistoryOnly);
            Volatile.Write(ref _acknowledgedThrough, ack.ThroughSequence);
            _moved.Release();
        }

        switch (message.MessageCase)
        {
            case ConnectResponse.MessageOneofCase.Welcome:
                _welcomed.TrySetResult();
                break;
            case ConnectResponse.MessageOneofCase.ResendAfter or ConnectResponse.MessageOneofCase.StreamClosing:
                throw new IOException($"The server cannot follow: {message}");
            default:
                break;
        }
    }
}
