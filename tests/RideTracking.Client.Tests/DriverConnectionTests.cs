using System.Threading.Channels;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using RideTracking.Client.Tests.Fixtures;
using RideTracking.V1;
using Stream = RideTracking.Client.Tests.Fixtures.ScriptedStream<RideTracking.V1.ConnectRequest, RideTracking.V1.ConnectResponse>;

namespace RideTracking.Client.Tests;

public sealed class DriverConnectionTests : IAsyncLifetime
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly Channel<Command> _commands = Channel.CreateUnbounded<Command>();
    private readonly Channel<FixesAcknowledged> _acks = Channel.CreateUnbounded<FixesAcknowledged>();
    private readonly Channel<ActionResult> _results = Channel.CreateUnbounded<ActionResult>();
    private readonly OfflineBuffer _buffer = OfflineBuffer.InMemory();
    private ScriptedServer _server = null!;
    private Task<ConnectionEnd>? _running;

    public async ValueTask InitializeAsync() => _server = await ScriptedServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        if (_running is not null)
            await ((Task)_running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _server.DisposeAsync();
        _buffer.Dispose();
        _stopping.Dispose();
    }

    [Fact]
    public async Task Hello_says_who_connects_and_where_it_left_off()
    {
        _buffer.CommandHandled(5);
        Start(Options(token: () => "secret"));
        var stream = await _server.AcceptAsync();
        Assert.Equal("Bearer secret", stream.Authorization);
        var hello = (await stream.ReadAsync()).Hello;
        Assert.Equal(
            new Hello { ProtocolVersion = 1, DriverId = "driver", SessionId = _buffer.SessionId, VehicleId = "van", AppVersion = "1.0", LastCommandSequence = 5, SentAtUnixMs = hello.SentAtUnixMs, ConnectionAttempt = 1 }, hello);
        Assert.NotEqual(0, hello.SentAtUnixMs);
    }

    [Fact]
    public async Task Fixes_wait_for_their_acknowledgement_and_a_new_stream_resumes_where_the_log_stands()
    {
        var connection = Start();
        Report(connection, 5);
        var first = await WelcomeAsync(resumeAfter: 0);
        Assert.Equal([1ul, 2, 3, 4, 5], Sequences(await first.ReadAsync()));
        await first.WriteAsync(Ack(2));
        Assert.Equal([1ul, 2], (await _acks.Reader.ReadAsync(Patience.Token)).Fixes.Select(fix => fix.Sequence));
        first.End(StatusCode.Unavailable);

        var second = await _server.AcceptAsync();
        Report(connection, 1);
        await WelcomeAsync(second, resumeAfter: 4);
        var batch = (await second.ReadAsync()).Locations;
        Assert.Equal([5ul, 6], batch.Fixes.Select(fix => fix.Sequence));
        Assert.False(batch.HasResentAfterSequence);
        var resumed = await _acks.Reader.ReadAsync(Patience.Token);
        Assert.True(resumed.AtResume);
        Assert.Equal(4ul, resumed.ThroughSequence);
        await second.WriteAsync(Ack(6));
        Assert.Equal(6ul, (await _acks.Reader.ReadAsync(Patience.Token)).ThroughSequence);
        await connection.FlushAsync(Patience.Token);
        Assert.Equal(0, _buffer.FixCount);
        Assert.Equal(new DriverConnectionCounts(Connects: 2, FixesSent: 6, FixesResent: 1, FixesAcknowledged: 6), connection.Counts);
    }

    [Fact]
    public async Task A_session_that_the_server_knows_further_than_the_buffer_is_left_and_what_waits_is_sent_under_a_new_name()
    {
        var connection = Start();
        Report(connection, 3);
        var first = await _server.AcceptAsync();
        var session = (await first.ReadAsync()).Hello.SessionId;
        await first.WriteAsync(new ConnectResponse { Welcome = new Welcome { ResumeAfterSequence = 200 } });

        var second = await _server.AcceptAsync();
        var hello = (await second.ReadAsync()).Hello;
        Assert.NotEqual(session, hello.SessionId);
        Assert.Equal(_buffer.SessionId, hello.SessionId);
        await second.WriteAsync(new ConnectResponse { Welcome = new Welcome { ResumeAfterSequence = 0 } });
        Assert.Equal([1ul, 2, 3], Sequences(await second.ReadAsync()));
        await second.WriteAsync(Ack(3));
        Assert.Equal([1ul, 2, 3], (await _acks.Reader.ReadAsync(Patience.Token)).Fixes.Select(fix => fix.Sequence));
    }

    [Fact]
    public async Task Attempts_rise_with_each_stream()
    {
        Start();
        var first = await _server.AcceptAsync();
        Assert.Equal(1ul, (await first.ReadAsync()).Hello.ConnectionAttempt);
        first.End(StatusCode.Unavailable);
        var second = await _server.AcceptAsync();
        Assert.Equal(2ul, (await second.ReadAsync()).Hello.ConnectionAttempt);
    }

    [Fact]
    public async Task Fixes_whose_sequences_were_used_for_others_are_sent_under_a_new_name()
    {
        var connection = Start();
        Report(connection, 3);
        var first = await WelcomeAsync(resumeAfter: 0);
        Assert.Equal([1ul, 2, 3], Sequences(await first.ReadAsync()));
        var ack = Ack(2);
        ack.FixAck.Verdicts.Add(new FixVerdict { Sequence = 2, Outcome = FixOutcome.Rejected, Reason = FixRejectReason.SequenceReused });
        await first.WriteAsync(ack);
        Assert.Equal([1ul], (await _acks.Reader.ReadAsync(Patience.Token)).Fixes.Select(fix => fix.Sequence));

        var second = await _server.AcceptAsync();
        Assert.Equal(_buffer.SessionId, (await second.ReadAsync()).Hello.SessionId);
        await second.WriteAsync(new ConnectResponse { Welcome = new Welcome { ResumeAfterSequence = 0 } });
        Assert.Equal([1ul, 2], Sequences(await second.ReadAsync()));
    }

    [Fact]
    public async Task Without_a_resume_point_it_begins_with_the_oldest_unacknowledged_fix_and_says_so()
    {
        var connection = Start();
        Report(connection, 5);
        var first = await WelcomeAsync(resumeAfter: 0);
        await first.ReadAsync();
        await first.WriteAsync(Ack(3));
        await _acks.Reader.ReadAsync(Patience.Token);
        first.End(StatusCode.Unavailable);

        var second = await WelcomeAsync(resumeAfter: null);
        var batch = (await second.ReadAsync()).Locations;
        Assert.Equal([4ul, 5], batch.Fixes.Select(fix => fix.Sequence));
        Assert.Equal(3ul, batch.ResentAfterSequence);
        Report(connection, 1);
        Assert.False((await second.ReadAsync()).Locations.HasResentAfterSequence);
    }

    [Fact]
    public async Task What_the_server_could_not_keep_is_sent_again_marked_once()
    {
        var connection = Start();
        Report(connection, 4);
        var stream = await WelcomeAsync(resumeAfter: 0);
        await stream.ReadAsync();
        await stream.WriteAsync(new ConnectResponse { FixAck = new FixAck { ThroughSequence = 1 }, ResendAfter = new ResendAfter { Sequence = 1 } });
        var batch = (await stream.ReadAsync()).Locations;
        Assert.Equal([2ul, 3, 4], batch.Fixes.Select(fix => fix.Sequence));
        Assert.Equal(1ul, batch.ResentAfterSequence);
        Report(connection, 1);
        var next = (await stream.ReadAsync()).Locations;
        Assert.Equal([5ul], next.Fixes.Select(fix => fix.Sequence));
        Assert.False(next.HasResentAfterSequence);
        Assert.Equal(3, connection.Counts.FixesResent);
    }

    [Fact]
    public async Task A_long_backlog_goes_in_batches_that_the_contract_allows()
    {
        var connection = Start();
        Report(connection, 1_234);
        var stream = await WelcomeAsync(resumeAfter: 0);
        var sizes = new List<int>();
        while (sizes.Sum() < 1_234)
            sizes.Add((await stream.ReadAsync()).Locations.Fixes.Count);
        Assert.Equal([500, 500, 234], sizes);
    }

    [Fact]
    public async Task A_verdict_comes_with_the_fix_it_is_about()
    {
        var connection = Start();
        Report(connection, 3);
        var stream = await WelcomeAsync(resumeAfter: 0);
        await stream.ReadAsync();
        await stream.WriteAsync(new ConnectResponse
        {
            FixAck = new FixAck
            {
                ThroughSequence = 3,
                Verdicts = { new FixVerdict { Sequence = 2, Outcome = FixOutcome.Rejected, Reason = FixRejectReason.TooInaccurate, Limit = 200, Measured = 900 } },
            },
        });
        var ack = await _acks.Reader.ReadAsync(Patience.Token);
        Assert.False(ack.AtResume);
        Assert.Equal(2ul, Assert.Single(ack.Verdicts).Sequence);
    }

    [Fact]
    public async Task A_verdict_that_comes_early_waits_for_its_fix_also_across_streams()
    {
        var connection = Start();
        Report(connection, 3);
        var first = await WelcomeAsync(resumeAfter: 0);
        await first.ReadAsync();
        var rejected = new FixVerdict { Sequence = 2, Outcome = FixOutcome.Rejected };
        await first.WriteAsync(new ConnectResponse { FixAck = new FixAck { ThroughSequence = 1, Verdicts = { rejected } } });
        Assert.Empty((await _acks.Reader.ReadAsync(Patience.Token)).Verdicts);
        first.End(StatusCode.Unavailable);
        await WelcomeAsync(resumeAfter: 3);
        var resumed = await _acks.Reader.ReadAsync(Patience.Token);
        Assert.Equal([2ul, 3], resumed.Fixes.Select(fix => fix.Sequence));
        Assert.Equal(rejected, Assert.Single(resumed.Verdicts));
    }

    [Fact]
    public async Task An_action_is_sent_on_each_new_stream_until_it_is_answered()
    {
        var connection = Start();
        var answer = connection.ActAsync(new DriverAction { SetAvailability = new SetAvailability { Availability = DriverAvailability.Available } }, TestContext.Current.CancellationToken);
        var first = await WelcomeAsync();
        var sent = (await first.ReadAsync()).Action;
        Assert.NotEmpty(sent.ActionId);
        Assert.NotNull(sent.OccurredAt);
        first.End(StatusCode.Unavailable);

        var second = await WelcomeAsync();
        Assert.Equal(sent, (await second.ReadAsync()).Action);
        await second.WriteAsync(new ConnectResponse { ActionResult = new ActionResult { ActionId = sent.ActionId, Status = new Google.Rpc.Status(), TripVersion = 7 } });
        Assert.Equal(7ul, (await answer).TripVersion);
        Assert.Equal(0, _buffer.ActionCount);
    }

    [Fact]
    public async Task Actions_are_sent_in_order_and_one_that_could_not_be_committed_holds_the_next_back()
    {
        var connection = Start();
        var first = connection.ActAsync(new DriverAction { ActionId = "1" }, TestContext.Current.CancellationToken);
        var second = connection.ActAsync(new DriverAction { ActionId = "2" }, TestContext.Current.CancellationToken);
        var stream = await WelcomeAsync();
        Assert.Equal("1", (await stream.ReadAsync()).Action.ActionId);
        await stream.WriteAsync(Answer("1", StatusCode.Unavailable));
        Assert.Equal("1", (await stream.ReadAsync()).Action.ActionId);
        await stream.WriteAsync(Answer("1", StatusCode.OK));
        Assert.Equal("2", (await stream.ReadAsync()).Action.ActionId);
        await stream.WriteAsync(Answer("2", StatusCode.FailedPrecondition));
        Assert.Equal((int)StatusCode.OK, (await first).Status.Code);
        Assert.Equal((int)StatusCode.FailedPrecondition, (await second).Status.Code);
    }

    [Fact]
    public async Task Actions_and_fixes_of_before_a_restart_are_sent_and_the_answer_is_told()
    {
        using var folder = new TemporaryFolder();
        using (var before = OfflineBuffer.Open(folder.File("buffer"), "driver"))
        {
            before.Add(new DriverAction { ActionId = "offline" });
            before.Add(new Fix { SensorTimeUnixMs = 1 });
        }
        using var after = OfflineBuffer.Open(folder.File("buffer"), "driver");
        Start(buffer: after);
        var stream = await WelcomeAsync(resumeAfter: 0);
        Assert.Equal("offline", (await stream.ReadAsync()).Action.ActionId);
        Assert.Equal([1ul], Sequences(await stream.ReadAsync()));
        await stream.WriteAsync(Answer("offline", StatusCode.OK));
        Assert.Equal("offline", (await _results.Reader.ReadAsync(Patience.Token)).ActionId);
        await _stopping.CancelAsync();
        Assert.Equal(ConnectionEnd.Stopped, await _running!);
    }

    [Fact]
    public async Task Commands_come_in_order_once_and_are_acknowledged_after_the_app_has_handled_them()
    {
        var gate = new SemaphoreSlim(0);
        Start(Options(onCommand: async (command, ct) =>
        {
            await gate.WaitAsync(ct);
            _commands.Writer.TryWrite(command);
        }));
        var first = await WelcomeAsync();
        await first.WriteAsync(Offer(3));
        await first.WriteAsync(Offer(7));
        gate.Release();
        Assert.Equal(3ul, (await _commands.Reader.ReadAsync(Patience.Token)).Sequence);
        Assert.Equal(3ul, (await first.ReadAsync()).CommandAck.ThroughSequence);
        first.End(StatusCode.Unavailable);

        // The app still works on 7 when the server, which has no acknowledgement, sends it again.
        var second = await _server.AcceptAsync();
        Assert.Equal(3ul, (await second.ReadAsync()).Hello.LastCommandSequence);
        await second.WriteAsync(new ConnectResponse { Welcome = new Welcome { ResumeAfterSequence = 0 } });
        await second.WriteAsync(Offer(7));
        await second.WriteAsync(Offer(8));
        gate.Release(10);
        Assert.Equal(7ul, (await _commands.Reader.ReadAsync(Patience.Token)).Sequence);
        Assert.Equal(8ul, (await _commands.Reader.ReadAsync(Patience.Token)).Sequence);
        ulong acknowledged = 0;
        while (acknowledged < 8)
            acknowledged = (await second.ReadAsync()).CommandAck.ThroughSequence;
        Assert.False(_commands.Reader.TryRead(out _));
    }

    [Fact]
    public async Task A_command_of_the_future_is_acknowledged_as_not_understood()
    {
        Start();
        var stream = await WelcomeAsync();
        await stream.WriteAsync(new ConnectResponse { Command = new Command { Sequence = 4 } });
        var ack = (await stream.ReadAsync()).CommandAck;
        Assert.Equal(4ul, ack.ThroughSequence);
        Assert.Equal([4ul], ack.UnsupportedSequences);
        Assert.False(_commands.Reader.TryRead(out _));
    }

    [Fact]
    public async Task A_handler_that_throws_ends_the_run_and_the_next_one_gets_the_command_again()
    {
        var fails = true;
        var connection = Start(Options(onCommand: (command, _) =>
        {
            if (fails)
                throw new FormatException("the app's own mistake");
            _commands.Writer.TryWrite(command);
            return ValueTask.CompletedTask;
        }));
        var first = await WelcomeAsync();
        await first.WriteAsync(Offer(1));
        await Assert.ThrowsAsync<FormatException>(() => _running!);

        fails = false;
        _running = connection.RunAsync(_stopping.Token);
        var second = await _server.AcceptAsync();
        Assert.Equal(0ul, (await second.ReadAsync()).Hello.LastCommandSequence);
        await second.WriteAsync(new ConnectResponse { Welcome = new Welcome { ResumeAfterSequence = 0 } });
        await second.WriteAsync(Offer(1));
        Assert.Equal(1ul, (await _commands.Reader.ReadAsync(Patience.Token)).Sequence);
    }

    [Fact]
    public async Task The_plan_of_the_welcome_comes_as_a_route_change_and_its_version_goes_into_the_next_hello()
    {
        Start();
        var first = await _server.AcceptAsync();
        await first.ReadAsync();
        await first.WriteAsync(new ConnectResponse { Welcome = new Welcome { ResumeAfterSequence = 0, RoutePlan = new RouteChanged { RoutePlanVersion = 12 } } });
        Assert.Equal(12ul, (await _commands.Reader.ReadAsync(Patience.Token)).RouteChanged.RoutePlanVersion);
        first.End(StatusCode.Unavailable);
        var second = await _server.AcceptAsync();
        Assert.Equal(12ul, (await second.ReadAsync()).Hello.RoutePlanVersion);
    }

    [Fact]
    public async Task After_a_takeover_it_stays_away_and_says_why()
    {
        Start();
        var stream = await WelcomeAsync();
        await stream.WriteAsync(new ConnectResponse { StreamClosing = new StreamClosing { Reason = StreamClosingReason.TakenOver } });
        await stream.ReadEndAsync();
        stream.End(StatusCode.Aborted);
        Assert.Equal(ConnectionEnd.TakenOver, await _running!);
    }

    [Fact]
    public async Task When_the_server_drains_what_it_still_acknowledges_is_heard_and_the_app_comes_back()
    {
        var lost = new TaskCompletionSource<ConnectionLost>();
        var connection = Start(Options(onLost: lost.SetResult));
        Report(connection, 2);
        var first = await WelcomeAsync(resumeAfter: 0);
        await first.ReadAsync();
        await first.WriteAsync(new ConnectResponse
        {
            StreamClosing = new StreamClosing { Reason = StreamClosingReason.Draining, MayReconnect = true, RetryAfter = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(40)) },
        });
        await first.ReadEndAsync();
        await first.WriteAsync(Ack(2));
        first.End();
        Assert.InRange((await lost.Task.WaitAsync(Patience.Token)).RetryAfter, TimeSpan.FromMilliseconds(40), TimeSpan.FromMilliseconds(80));
        await WelcomeAsync(resumeAfter: 2);
        Assert.Equal(0, _buffer.FixCount);
    }

    [Theory]
    [InlineData(StatusCode.PermissionDenied)]
    [InlineData(StatusCode.InvalidArgument)]
    public async Task A_refusal_that_would_not_change_is_thrown(StatusCode refusal)
    {
        Start();
        var stream = await _server.AcceptAsync();
        await stream.ReadAsync();
        stream.End(refusal);
        Assert.Equal(refusal, (await Assert.ThrowsAsync<RpcException>(() => _running!)).StatusCode);
    }

    [Fact]
    public async Task A_refused_token_is_asked_for_again()
    {
        var tokens = 0;
        Start(Options(token: () => $"token {++tokens}"));
        var first = await _server.AcceptAsync();
        Assert.Equal("Bearer token 1", first.Authorization);
        first.End(StatusCode.Unauthenticated);
        Assert.Equal("Bearer token 2", (await _server.AcceptAsync()).Authorization);
    }

    [Fact]
    public async Task Three_refused_tokens_in_a_row_end_the_run_and_tell_why()
    {
        var lost = new List<ConnectionLost>();
        Start(Options(token: () => "of another audience", onLost: lost.Add));
        for (var i = 0; i < 3; i++)
            (await _server.AcceptAsync()).End(StatusCode.Unauthenticated);
        Assert.Equal(StatusCode.Unauthenticated, (await Assert.ThrowsAsync<RpcException>(() => _running!)).StatusCode);
        Assert.Equal(2, lost.Count);
    }

    [Fact]
    public async Task A_connection_that_is_disposed_ends_its_run_and_keeps_what_was_not_acknowledged()
    {
        var connection = Start();
        var stream = await _server.AcceptAsync();
        await stream.ReadAsync();
        connection.Report(new LocationReading(DateTimeOffset.UnixEpoch, 41.15, -8.61));
        await connection.DisposeAsync();
        Assert.Equal(ConnectionEnd.Stopped, await _running!);
        Assert.Equal(1, _buffer.FixCount);
        Assert.Throws<ObjectDisposedException>(() => { _ = connection.RunAsync(CancellationToken.None); });
    }

    [Fact]
    public async Task Who_does_not_wait_for_an_answer_any_longer_has_the_action_sent_nevertheless()
    {
        var connection = Start();
        using var impatient = new CancellationTokenSource();
        var answer = connection.ActAsync(new DriverAction { SetAvailability = new() { Availability = DriverAvailability.Available } }, impatient.Token);
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer);
        Assert.Equal(1, _buffer.ActionCount);
    }

    [Fact]
    public async Task A_token_source_that_fails_is_asked_again_later()
    {
        var asked = 0;
        Start(Options(token: () => ++asked < 3 ? throw new HttpRequestException("no network") : "token"));
        Assert.Equal("Bearer token", (await _server.AcceptAsync()).Authorization);
        Assert.Equal(3, asked);
    }

    private DriverConnectionOptions Options(
        Func<string>? token = null, Func<Command, CancellationToken, ValueTask>? onCommand = null, Action<ConnectionLost>? onLost = null) => new()
        {
            DriverId = "driver",
            VehicleId = "van",
            AppVersion = "1.0",
            TokenSource = token is null ? null : _ => ValueTask.FromResult(token()),
            OnCommand = onCommand ?? ((command, _) => _commands.Writer.WriteAsync(command, CancellationToken.None)),
            OnFixesAcknowledged = ack => _acks.Writer.TryWrite(ack with { Fixes = [.. ack.Fixes] }),
            OnActionResult = result => _results.Writer.TryWrite(result),
            OnLost = onLost,
            InitialBackoff = TimeSpan.FromMilliseconds(1),
            MaxBackoff = TimeSpan.FromMilliseconds(10),
        };

    private DriverConnection Start(DriverConnectionOptions? options = null, OfflineBuffer? buffer = null)
    {
        var connection = new DriverConnection(_server.Channel, buffer ?? _buffer, options ?? Options(), random: new Random(1));
        _running = connection.RunAsync(_stopping.Token);
        return connection;
    }

    private async Task<Stream> WelcomeAsync(ulong? resumeAfter = 0)
    {
        var stream = await _server.AcceptAsync();
        await WelcomeAsync(stream, resumeAfter);
        return stream;
    }

    private static async Task WelcomeAsync(Stream stream, ulong? resumeAfter)
    {
        Assert.NotNull((await stream.ReadAsync()).Hello);
        var welcome = new Welcome { ServerTime = Timestamp.FromDateTimeOffset(TimeProvider.System.GetUtcNow()) };
        if (resumeAfter is { } point)
            welcome.ResumeAfterSequence = point;
        await stream.WriteAsync(new ConnectResponse { Welcome = welcome });
    }

    private static void Report(DriverConnection connection, int count)
    {
        for (var i = 0; i < count; i++)
            connection.Report(new LocationReading(TimeProvider.System.GetUtcNow(), 41, -8));
    }

    private static List<ulong> Sequences(ConnectRequest request) => [.. request.Locations.Fixes.Select(fix => fix.Sequence)];

    private static ConnectResponse Ack(ulong through) => new() { FixAck = new FixAck { ThroughSequence = through } };

    private static ConnectResponse Answer(string actionId, StatusCode status) =>
        new() { ActionResult = new ActionResult { ActionId = actionId, Status = new Google.Rpc.Status { Code = (int)status } } };

    private static ConnectResponse Offer(ulong sequence) =>
        new() { Command = new Command { Sequence = sequence, TripOffer = new TripOffer { OfferId = $"offer-{sequence}" } } };
}
