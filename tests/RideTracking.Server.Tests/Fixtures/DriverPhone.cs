using Grpc.Core;
using RideTracking.Server.Access;
using RideTracking.V1;

namespace RideTracking.Server.Tests.Fixtures;

/// <summary>The raw stream of a driver's app: it does nothing by itself, so that a test can do it wrong.</summary>
public sealed class DriverPhone : IAsyncDisposable
{
    public const int StartLatitudeE7 = 411_500_000;
    public const int StartLongitudeE7 = -86_100_000;

    private readonly AsyncDuplexStreamingCall<ConnectRequest, ConnectResponse> _call;

    private DriverPhone(AsyncDuplexStreamingCall<ConnectRequest, ConnectResponse> call, string driverId)
    {
        _call = call;
        DriverId = driverId;
    }

    public string DriverId { get; }

    public Welcome Welcome { get; private set; } = new();

    public AsyncDuplexStreamingCall<ConnectRequest, ConnectResponse> Call => _call;

    /// <summary>A call with the driver's token, on which nothing was said yet.</summary>
    public static DriverPhone Dial(ServerHost server, string driverId, ChannelBase? channel = null) =>
        new(new DriverService.DriverServiceClient(channel ?? server.Channel()).Connect(server.TokenOf(Role.Driver, driverId)), driverId);

    /// <summary>A stream that was welcomed.</summary>
    public static async Task<DriverPhone> ConnectAsync(
        ServerHost server, string driverId, string sessionId = "s1", ChannelBase? channel = null, Action<Hello>? configure = null)
    {
        var phone = Dial(server, driverId, channel);
        var hello = new Hello { ProtocolVersion = 1, DriverId = driverId, SessionId = sessionId };
        configure?.Invoke(hello);
        await phone.SendAsync(new ConnectRequest { Hello = hello });
        var first = await phone.ReadAsync();
        phone.Welcome = first.Welcome ?? throw new InvalidOperationException($"Not welcomed but {first}");
        phone.Policy = phone.Welcome.ReportingPolicy;
        return phone;
    }

    public Task SendAsync(ConnectRequest message) => _call.RequestStream.WriteAsync(message);

    public Task SendAsync(LocationBatch locations) => SendAsync(new ConnectRequest { Locations = locations });

    /// <summary>The next message, whatever it is.</summary>
    public async Task<ConnectResponse> ReadAsync()
    {
        if (!await _call.ResponseStream.MoveNext(TestContext.Current.CancellationToken))
        {
            throw new InvalidOperationException("The stream ended.");
        }

        if (_call.ResponseStream.Current.StreamClosing is not null)
        {
            await _call.RequestStream.CompleteAsync();
        }

        Policy = _call.ResponseStream.Current.ReportingPolicy ?? Policy;
        return _call.ResponseStream.Current;
    }

    /// <summary>How often it was told last to report.</summary>
    public ReportingPolicy Policy { get; private set; } = new();

    /// <summary>Reads until a message is what is looked for; acknowledgements and commands on the way are collected.</summary>
    public async Task<ConnectResponse> ReadUntilAsync(Func<ConnectResponse, bool> found)
    {
        while (true)
        {
            var message = await ReadAsync();
            if (message.FixAck is not null)
            {
                Acks.Add(message.FixAck);
            }

            if (found(message))
            {
                return message;
            }

            if (message.Command is not null)
            {
                Passed.Enqueue(message.Command);
            }
        }
    }

    public List<FixAck> Acks { get; } = [];

    /// <summary>Commands that came while something else was looked for.</summary>
    public Queue<Command> Passed { get; } = [];

    /// <summary>Reads until everything up to a sequence is acknowledged; returns all verdicts so far.</summary>
    public async Task<List<FixVerdict>> ReadAckAsync(ulong through)
    {
        if (Acks.Count == 0 || Acks[^1].ThroughSequence < through)
        {
            await ReadUntilAsync(m => m.FixAck?.ThroughSequence >= through);
        }

        return [.. Acks.SelectMany(a => a.Verdicts)];
    }

    /// <summary>How the server ended the call.</summary>
    public async Task<RpcException> ReadFailureAsync()
    {
        return await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (true)
            {
                await ReadAsync();
            }
        });
    }

    /// <summary>A batch of fixes a second apart, driving north at 11 m/s, sent as the last is taken.</summary>
    public static LocationBatch Batch(long sentAtUnixMs, ulong first, int count = 1, bool ackRequested = true)
    {
        var batch = new LocationBatch { SentAtUnixMs = sentAtUnixMs, AckRequested = ackRequested };
        for (var i = 0; i < count; i++)
        {
            var sequence = first + (ulong)i;
            batch.Fixes.Add(new Fix
            {
                Sequence = sequence,
                SensorTimeUnixMs = sentAtUnixMs - ((count - 1 - i) * 1000L),
                LatitudeE7 = StartLatitudeE7 + ((int)sequence * 1000),
                LongitudeE7 = StartLongitudeE7,
                HorizontalAccuracyDecimeters = 50,
                CourseCentidegrees = 0,
                SpeedCentimetersPerSecond = 1100,
            });
        }

        return batch;
    }

    public ValueTask DisposeAsync()
    {
        _call.Dispose();
        return ValueTask.CompletedTask;
    }
}
