using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using RideTracking.Server.Log;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.V1;
using FixOutcome = RideTracking.V1.FixOutcome;
using FixRejectReason = RideTracking.V1.FixRejectReason;

namespace RideTracking.Server.Tests.Streams;

public sealed class ConnectTests
{
    private static readonly long Now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

    [Fact]
    public async Task A_fix_is_acknowledged_once_the_log_has_it()
    {
        await using var server = await ServerHost.StartAsync();
        await using var phone = await DriverPhone.ConnectAsync(server, "d1");
        Assert.True(phone.Welcome.HasResumeAfterSequence);
        Assert.Equal(0UL, phone.Welcome.ResumeAfterSequence);
        await phone.SendAsync(DriverPhone.Batch(Now, first: 1, count: 3));
        Assert.Empty(await phone.ReadAckAsync(3));

        var logged = await LoggedAsync(server);
        Assert.Equal([1UL, 2UL, 3UL], logged.Select(f => f.Fix.Sequence));
        Assert.All(logged, f => Assert.Equal(("d1", "s1"), (f.DriverId, f.SessionId)));
        Assert.Equal(DriverPhone.StartLatitudeE7 + 3000, logged[2].Fix.LatitudeE7);
        Assert.Equal(11f, logged[2].Fix.SpeedMetersPerSecond);
    }

    [Fact]
    public async Task A_reconnected_session_resumes_where_its_log_ends_and_another_one_begins_anew()
    {
        await using var server = await ServerHost.StartAsync();
        await using (var phone = await DriverPhone.ConnectAsync(server, "d1"))
        {
            await phone.SendAsync(DriverPhone.Batch(Now, first: 1, count: 5));
            await phone.ReadAckAsync(5);
        }

        await using (var again = await DriverPhone.ConnectAsync(server, "d1"))
        {
            Assert.Equal(5UL, again.Welcome.ResumeAfterSequence);
        }

        await using (var other = await DriverPhone.ConnectAsync(server, "d1", "s2"))
        {
            Assert.Equal(0UL, other.Welcome.ResumeAfterSequence);
            await other.SendAsync(DriverPhone.Batch(Now + 60_000, first: 1));
            await other.ReadAckAsync(1);
        }

        await using var back = await DriverPhone.ConnectAsync(server, "d1");
        Assert.Equal(5UL, back.Welcome.ResumeAfterSequence);
    }

    [Fact]
    public async Task A_resume_point_never_reaches_over_a_rejection_that_was_not_told()
    {
        await using var server = await ServerHost.StartAsync();
        var batch = DriverPhone.Batch(Now, first: 1, count: 4, ackRequested: false);
        batch.Fixes[1].LatitudeE7 = 910_000_000;
        await using (var phone = await DriverPhone.ConnectAsync(server, "d1"))
        {
            await phone.SendAsync(batch);
            while ((await LoggedAsync(server)).Count < 3)
            {
                await server.City.GetRequiredService<FixLog>().FlushAsync(TestContext.Current.CancellationToken);
            }
        }

        // Another session in between must not make it forgotten.
        await using (var other = await DriverPhone.ConnectAsync(server, "d1", "s2"))
        {
            Assert.Empty(other.Welcome.Verdicts);
            await other.SendAsync(DriverPhone.Batch(Now + 60_000, first: 1));
            await other.ReadAckAsync(1);
        }

        await using var again = await DriverPhone.ConnectAsync(server, "d1");
        Assert.Equal(4UL, again.Welcome.ResumeAfterSequence);
        var verdict = Assert.Single(again.Welcome.Verdicts);
        Assert.Equal(
            (2UL, FixOutcome.Rejected, FixRejectReason.InvalidCoordinate, 90d, 91d),
            (verdict.Sequence, verdict.Outcome, verdict.Reason, verdict.Limit, verdict.Measured));
    }

    [Fact]
    public async Task Resent_fixes_are_acknowledged_silently_and_logged_once()
    {
        await using var server = await ServerHost.StartAsync();
        await using var phone = await DriverPhone.ConnectAsync(server, "d1");
        var batch = DriverPhone.Batch(Now, first: 1, count: 4);
        await phone.SendAsync(batch);
        await phone.SendAsync(batch);
        await phone.SendAsync(DriverPhone.Batch(Now + 1000, first: 5));
        Assert.Empty(await phone.ReadAckAsync(5));
        Assert.Equal(5, (await LoggedAsync(server)).Count);
    }

    [Fact]
    public async Task A_reused_sequence_is_rejected_and_harms_nothing_else()
    {
        await using var server = await ServerHost.StartAsync();
        await using var phone = await DriverPhone.ConnectAsync(server, "d1");
        await phone.SendAsync(DriverPhone.Batch(Now, first: 1, count: 4));
        var reused = DriverPhone.Batch(Now + 1000, first: 3);
        reused.Fixes[0].LongitudeE7++;
        await phone.SendAsync(reused);
        await phone.SendAsync(DriverPhone.Batch(Now + 2000, first: 5));
        var verdict = Assert.Single(await phone.ReadAckAsync(5));
        Assert.Equal((3UL, FixOutcome.Rejected, FixRejectReason.SequenceReused, 5d, 3d), (verdict.Sequence, verdict.Outcome, verdict.Reason, verdict.Limit, verdict.Measured));
        Assert.Equal(5, (await LoggedAsync(server)).Count);
    }

    [Theory]
    [InlineData(910_000_000, 0)]
    [InlineData(-910_000_000, 0)]
    [InlineData(0, 1_810_000_000)]
    [InlineData(0, -1_810_000_000)]
    [InlineData(int.MinValue, int.MinValue)]
    public async Task A_coordinate_that_is_none_is_rejected_by_name_and_the_next_fix_is_kept(int latitudeE7, int longitudeE7)
    {
        await using var server = await ServerHost.StartAsync();
        await using var phone = await DriverPhone.ConnectAsync(server, "d1");
        var bad = DriverPhone.Batch(Now, first: 1);
        (bad.Fixes[0].LatitudeE7, bad.Fixes[0].LongitudeE7) = (latitudeE7, longitudeE7);
        await phone.SendAsync(bad);
        await phone.SendAsync(DriverPhone.Batch(Now, first: 2));
        var verdict = Assert.Single(await phone.ReadAckAsync(2));
        Assert.Equal((1UL, FixRejectReason.InvalidCoordinate), (verdict.Sequence, verdict.Reason));
        Assert.Equal(2UL, Assert.Single(await LoggedAsync(server)).Fix.Sequence);
    }

    [Fact]
    public async Task A_phone_whose_clock_is_a_day_off_is_where_it_is_now()
    {
        await using var server = await ServerHost.StartAsync();
        await using var phone = await DriverPhone.ConnectAsync(server, "d1");
        var dayOff = Now + (long)TimeSpan.FromDays(1).TotalMilliseconds;
        await phone.SendAsync(DriverPhone.Batch(dayOff, first: 1));
        Assert.Empty(await phone.ReadAckAsync(1));
        var logged = Assert.Single(await LoggedAsync(server));
        Assert.Equal(dayOff, logged.Fix.SensorTimeUnixMs);
        Assert.True(Math.Abs(logged.Fix.FixedAtUnixMs - TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds()) < 3_600_000);
    }

    [Fact]
    public async Task A_second_connection_takes_over_and_the_first_is_told_not_to_come_back()
    {
        await using var server = await ServerHost.StartAsync();
        await using var first = await DriverPhone.ConnectAsync(server, "d1");
        await first.SendAsync(DriverPhone.Batch(Now, first: 1, count: 2));
        await first.ReadAckAsync(2);
        await using var second = await DriverPhone.ConnectAsync(server, "d1", "s2");
        var closing = await first.ReadUntilAsync(m => m.StreamClosing is not null);
        Assert.Equal((StreamClosingReason.TakenOver, false), (closing.StreamClosing.Reason, closing.StreamClosing.MayReconnect));
        Assert.Equal(StatusCode.Aborted, (await first.ReadFailureAsync()).StatusCode);

        await second.SendAsync(DriverPhone.Batch(Now + 1000, first: 1));
        await second.ReadAckAsync(1);
        Assert.Equal([("s1", 1UL), ("s1", 2UL), ("s2", 1UL)], (await LoggedAsync(server)).Select(f => (f.SessionId, f.Fix.Sequence)));
    }

    [Fact]
    public async Task A_takeover_on_another_node_fences_the_first_one()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var one = await ServerHost.StartAsync(redis);
        await using var two = await ServerHost.StartAsync(redis);
        await using var first = await DriverPhone.ConnectAsync(one, "d1");
        await first.SendAsync(DriverPhone.Batch(Now, first: 1, count: 2));
        await first.ReadAckAsync(2);
        await using var bystander = await DriverPhone.ConnectAsync(one, "d2");

        await using var second = await DriverPhone.ConnectAsync(two, "d1");
        Assert.Equal(2UL, second.Welcome.ResumeAfterSequence);
        await first.SendAsync(DriverPhone.Batch(Now + 1000, first: 3));
        var closing = await first.ReadUntilAsync(m => m.StreamClosing is not null);
        Assert.Equal(StreamClosingReason.TakenOver, closing.StreamClosing.Reason);
        await second.SendAsync(DriverPhone.Batch(Now + 2000, first: 3));
        await second.ReadAckAsync(3);
        await bystander.SendAsync(DriverPhone.Batch(Now, first: 1));
        await bystander.ReadAckAsync(1);
        Assert.Equal(
            [("d1", 1UL), ("d1", 2UL), ("d1", 3UL), ("d2", 1UL)],
            (await LoggedAsync(one)).Select(f => (f.DriverId, f.Fix.Sequence)).Order());
    }

    [Fact]
    public async Task Stopping_writes_and_acknowledges_what_came_and_tells_the_app_when_to_return()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var server = await ServerHost.StartAsync(redis);
        await using var phone = await DriverPhone.ConnectAsync(server, "d1");
        await phone.SendAsync(DriverPhone.Batch(Now, first: 1, count: 10, ackRequested: false));
        await phone.SendAsync(new ConnectRequest { Heartbeat = new Heartbeat() });
        await using (var second = await DriverPhone.ConnectAsync(server, "d2"))
        {
            // Its welcome came after the first phone's batch was read or is being read; the drain does the rest.
        }

        var stopping = server.StopAsync();
        var closing = await phone.ReadUntilAsync(m => m.StreamClosing is not null);
        Assert.Equal((StreamClosingReason.Draining, true), (closing.StreamClosing.Reason, closing.StreamClosing.MayReconnect));
        Assert.Equal(10UL, phone.Acks[^1].ThroughSequence);
        Assert.Equal(StatusCode.Unavailable, (await phone.ReadFailureAsync()).StatusCode);
        await stopping;
    }

    [Fact]
    public async Task Without_a_Hello_the_stream_is_refused()
    {
        await using var server = await ServerHost.StartAsync();
        await using var phone = DriverPhone.Dial(server, "d1");
        await phone.SendAsync(DriverPhone.Batch(Now, first: 1));
        var failure = await phone.ReadFailureAsync();
        Assert.Equal(StatusCode.InvalidArgument, failure.StatusCode);
        Assert.Equal("hello", failure.GetRpcStatus()!.GetDetail<Google.Rpc.BadRequest>()!.FieldViolations[0].Field);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(501)]
    public async Task A_batch_out_of_bounds_is_refused_by_name(int count)
    {
        await using var server = await ServerHost.StartAsync();
        await using var phone = await DriverPhone.ConnectAsync(server, "d1");
        await phone.SendAsync(DriverPhone.Batch(Now, first: 1, count));
        var failure = await phone.ReadFailureAsync();
        Assert.Equal(StatusCode.InvalidArgument, failure.StatusCode);
        Assert.Equal("locations.fixes", failure.GetRpcStatus()!.GetDetail<Google.Rpc.BadRequest>()!.FieldViolations[0].Field);
    }

    internal static async Task<List<LoggedFix>> LoggedAsync(ServerHost server)
    {
        // An acknowledgement comes by another connection than this reads from.
        await server.StoreBackAsync();
        var logged = new List<LoggedFix>();
        await foreach (var fix in server.City.GetRequiredService<LogReader>().ReadAsync())
        {
            logged.Add(fix);
        }

        return logged;
    }
}
