using System.Buffers.Text;
using System.Text;
using Google.Protobuf.WellKnownTypes;
using RideTracking.Client.Tests.Fixtures;
using RideTracking.V1;
using Stream = RideTracking.Client.Tests.Fixtures.ScriptedStream<RideTracking.V1.ConnectRequest, RideTracking.V1.ConnectResponse>;

namespace RideTracking.Client.Tests;

/// <summary>What a connection does by the clock; the clock is the test's.</summary>
public sealed class DriverConnectionTimeTests : IAsyncLifetime
{
    private static readonly ReportingPolicy _policy = new()
    {
        MaxBatchDelay = Duration.FromTimeSpan(TimeSpan.FromSeconds(2)),
        HeartbeatInterval = Duration.FromTimeSpan(TimeSpan.FromSeconds(20)),
    };

    private readonly WatchedTime _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly CancellationTokenSource _stopping = new();
    private readonly OfflineBuffer _buffer = OfflineBuffer.InMemory();
    private ScriptedServer _server = null!;
    private DriverConnection _connection = null!;
    private Task<ConnectionEnd> _running = null!;
    private Task<TimeSpan>? _sleeping;
    private Func<string> _token = () => "opaque";

    public async ValueTask InitializeAsync() => _server = await ScriptedServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        await _server.DisposeAsync();
        _buffer.Dispose();
        _stopping.Dispose();
    }

    [Fact]
    public async Task Fixes_are_collected_for_as_long_as_the_policy_says()
    {
        var stream = await StartAsync();
        Report();
        Assert.Equal(2, (await _time.SleepAsync(atMost: TimeSpan.FromSeconds(10))).TotalSeconds, 0.001);
        _time.Advance(TimeSpan.FromSeconds(0.5));
        Report();
        var message = await AdvanceUntilAsync(stream.ReadAsync());
        var batch = message.Locations;
        Assert.Equal([2_000, 1_500], batch.Fixes.Select(fix => batch.SentAtUnixMs - fix.SensorTimeUnixMs));
    }

    [Fact]
    public async Task Enough_fixes_go_at_once()
    {
        var stream = await StartAsync();
        for (var i = 0; i < 3; i++)
            Report();
        Assert.Equal(3, (await stream.ReadAsync()).Locations.Fixes.Count);
    }

    [Fact]
    public async Task A_flush_goes_at_once_and_asks_for_the_acknowledgement()
    {
        var stream = await StartAsync();
        Report();
        var flush = _connection.FlushAsync(Patience.Token);
        var batch = (await stream.ReadAsync()).Locations;
        Assert.True(batch.AckRequested);
        await stream.WriteAsync(new ConnectResponse { FixAck = new FixAck { ThroughSequence = batch.Fixes[^1].Sequence } });
        await flush;
    }

    [Fact]
    public async Task A_flush_when_all_is_sent_sends_the_newest_fix_once_more_to_hear_of_it()
    {
        var stream = await StartAsync();
        for (var i = 0; i < 3; i++)
            Report();
        Assert.False((await stream.ReadAsync()).Locations.AckRequested);
        var flush = _connection.FlushAsync(Patience.Token);
        var again = (await stream.ReadAsync()).Locations;
        Assert.True(again.AckRequested);
        Assert.Equal([3ul], again.Fixes.Select(fix => fix.Sequence));
        await stream.WriteAsync(new ConnectResponse { FixAck = new FixAck { ThroughSequence = 3 } });
        await flush;
        Assert.Equal(1, _connection.Counts.FixesResent);
    }

    [Fact]
    public async Task A_heartbeat_comes_before_the_silence_is_too_long()
    {
        var stream = await StartAsync();
        var due = await _time.SleepAsync(atMost: TimeSpan.FromSeconds(20));
        Assert.InRange(due, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(20));
        _time.Advance(due);
        var message = await AdvanceUntilAsync(stream.ReadAsync());
        Assert.Equal(88u, message.Heartbeat.BatteryPercent);
    }

    [Fact]
    public async Task There_is_no_heartbeat_while_there_is_something_else_to_say()
    {
        var stream = await StartAsync();
        for (var i = 0; i < 4; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(10));
            Report();
            var flush = _connection.FlushAsync(Patience.Token);
            var batch = (await stream.ReadAsync()).Locations;
            Assert.NotNull(batch);
            await stream.WriteAsync(new ConnectResponse { FixAck = new FixAck { ThroughSequence = batch.Fixes[^1].Sequence } });
            await flush;
        }
    }

    [Fact]
    public async Task A_token_is_replaced_on_the_open_stream_before_it_ends()
    {
        var asked = new List<DateTimeOffset>();
        _token = () =>
        {
            asked.Add(_time.GetUtcNow());
            return Jwt(asked[^1], asked.Count);
        };
        var stream = await StartAsync();
        var message = await AdvanceUntilAsync(stream.ReadAsync());
        while (message.Heartbeat is not null)
            message = await AdvanceUntilAsync(stream.ReadAsync());
        Assert.InRange(asked[1] - asked[0], TimeSpan.FromMinutes(40), TimeSpan.FromMinutes(59));
        Assert.NotEqual(stream.Authorization, "Bearer " + message.TokenRefresh.Token);
    }

    [Fact]
    public async Task A_server_that_does_not_welcome_is_left_and_tried_again()
    {
        _connection = Connection();
        _running = _connection.RunAsync(_stopping.Token);
        var first = await _server.AcceptAsync();
        await first.ReadAsync();
        Assert.Equal(TimeSpan.FromSeconds(15), await _time.SleepAsync(atMost: TimeSpan.FromMinutes(1)));
        _time.Advance(TimeSpan.FromSeconds(15));
        // The wait before the next attempt.
        _time.Advance(await _time.SleepAsync(atMost: TimeSpan.FromSeconds(1)));
        await _server.AcceptAsync();
    }

    private async Task<Stream> StartAsync()
    {
        _connection = Connection();
        _running = _connection.RunAsync(_stopping.Token);
        var stream = await _server.AcceptAsync();
        await stream.ReadAsync();
        await _time.SleepAsync(atMost: TimeSpan.FromSeconds(15));
        await stream.WriteAsync(new ConnectResponse
        {
            Welcome = new Welcome { ResumeAfterSequence = 0, ServerTime = Timestamp.FromDateTimeOffset(_time.GetUtcNow()), ReportingPolicy = _policy },
        });
        while (!_connection.IsConnected)
            await Task.Yield();
        return stream;
    }

    private DriverConnection Connection() => new(_server.Channel, _buffer, new DriverConnectionOptions
    {
        DriverId = "driver",
        BatchFixCount = 3,
        TokenSource = _ => ValueTask.FromResult(_token()),
        PhoneState = () => new Heartbeat { BatteryPercent = 88 },
    }, _time, new Random(1));

    private void Report() => _connection.Report(new LocationReading(_time.GetUtcNow(), 41, -8));

    /// <summary>Moves the clock on as far as whoever sleeps by it wants, until something has happened.</summary>
    private async Task<T> AdvanceUntilAsync<T>(Task<T> happened)
    {
        while (await Task.WhenAny(happened, _sleeping ??= _time.SleepAsync(atMost: TimeSpan.FromSeconds(20))) != happened)
        {
            _time.Advance(await _sleeping);
            _sleeping = null;
        }
        return await happened;
    }

    private static string Jwt(DateTimeOffset now, int id)
    {
        var claims = $$"""{"iat":{{now.ToUnixTimeSeconds()}},"exp":{{now.AddHours(1).ToUnixTimeSeconds()}},"jti":"{{id}}"}""";
        return $"e30.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims))}.x";
    }
}
