using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using RideTracking.Server.Access;
using RideTracking.Server.Drivers;
using RideTracking.Server.Log;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.V1;

namespace RideTracking.Server.Tests.Streams;

/// <summary>What an app does wrong gets a clear answer and harms nobody else.</summary>
public sealed class BadInputTests
{
    private static readonly long Now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

    [Fact]
    public async Task Every_bad_Hello_names_its_field()
    {
        await using var server = await ServerHost.StartAsync();
        await using var bystander = await DriverPhone.ConnectAsync(server, "good");
        (string Field, Action<Hello> Spoil)[] cases =
        [
            ("hello.protocol_version", h => h.ProtocolVersion = 0),
            ("hello.driver_id", h => h.DriverId = ""),
            ("hello.driver_id", h => h.DriverId = "a b"),
            ("hello.driver_id", h => h.DriverId = new string('x', 65)),
            ("hello.session_id", h => h.SessionId = ""),
            ("hello.session_id", h => h.SessionId = "a/b"),
            ("hello.vehicle_id", h => h.VehicleId = "?"),
            ("hello.device_id", h => h.DeviceId = new string('x', 129)),
            ("hello.app_version", h => h.AppVersion = new string('x', 65)),
        ];
        foreach (var (field, spoil) in cases)
        {
            await using var phone = DriverPhone.Dial(server, "d1");
            var hello = new Hello { ProtocolVersion = 1, DriverId = "d1", SessionId = "s" };
            spoil(hello);
            await phone.SendAsync(new ConnectRequest { Hello = hello });
            var failure = await phone.ReadFailureAsync();
            Assert.Equal((StatusCode.InvalidArgument, field), (failure.StatusCode, failure.GetRpcStatus()!.GetDetail<Google.Rpc.BadRequest>()!.FieldViolations[0].Field));
        }

        await StillWorksAsync(bystander);
    }

    [Fact]
    public async Task A_driver_id_not_of_the_token_is_refused()
    {
        await using var server = await ServerHost.StartAsync();
        await using var phone = DriverPhone.Dial(server, "d1");
        await phone.SendAsync(new ConnectRequest { Hello = new Hello { ProtocolVersion = 1, DriverId = "d2", SessionId = "s" } });
        var failure = await phone.ReadFailureAsync();
        Assert.Equal(StatusCode.PermissionDenied, failure.StatusCode);
        Assert.Equal("NOT_YOUR_DRIVER", failure.GetRpcStatus()!.GetDetail<Google.Rpc.ErrorInfo>()!.Reason);
    }

    [Fact]
    public async Task An_app_of_a_later_protocol_is_told_to_go_back()
    {
        await using var server = await ServerHost.StartAsync();
        await using var phone = DriverPhone.Dial(server, "d1");
        await phone.SendAsync(new ConnectRequest { Hello = new Hello { ProtocolVersion = 2, DriverId = "d1", SessionId = "s" } });
        var closing = (await phone.ReadAsync()).StreamClosing;
        Assert.Equal((StreamClosingReason.UpgradeRequired, false), (closing.Reason, closing.MayReconnect));
        Assert.Equal(StatusCode.FailedPrecondition, (await phone.ReadFailureAsync()).StatusCode);
    }

    [Fact]
    public async Task A_second_Hello_ends_the_stream()
    {
        await using var server = await ServerHost.StartAsync();
        await using var phone = await DriverPhone.ConnectAsync(server, "d1");
        await phone.SendAsync(new ConnectRequest { Hello = new Hello { ProtocolVersion = 1, DriverId = "d1", SessionId = "s" } });
        Assert.Equal(StatusCode.InvalidArgument, (await phone.ReadFailureAsync()).StatusCode);
    }

    [Fact]
    public async Task A_message_over_the_size_limit_ends_its_own_stream_only()
    {
        await using var server = await ServerHost.StartAsync();
        await using var bystander = await DriverPhone.ConnectAsync(server, "good");
        await using var phone = await DriverPhone.ConnectAsync(server, "d1");
        // The server may end the stream before all of it is written; what counts is how.
        await Record.ExceptionAsync(() => phone.SendAsync(new ConnectRequest { TokenRefresh = new TokenRefresh { Token = new string('x', 300_000) } }));
        Assert.Equal(StatusCode.ResourceExhausted, (await phone.ReadFailureAsync()).StatusCode);
        await StillWorksAsync(bystander);
    }

    [Fact]
    public async Task A_message_of_a_kind_unknown_here_is_passed_over()
    {
        await using var server = await ServerHost.StartAsync();
        await using var phone = await DriverPhone.ConnectAsync(server, "d1");
        await phone.SendAsync(new ConnectRequest());
        await phone.SendAsync(new ConnectRequest { Heartbeat = new Heartbeat { LocationPermission = (LocationPermission)77 } });
        await StillWorksAsync(phone);
    }

    [Fact]
    public async Task A_better_token_replaces_the_first_and_a_bad_one_ends_the_stream()
    {
        await using var server = await ServerHost.StartAsync();
        await using var phone = await DriverPhone.ConnectAsync(server, "d1");
        var key = server.Services.GetRequiredService<DevelopmentKey>();
        await phone.SendAsync(new ConnectRequest { TokenRefresh = new TokenRefresh { Token = key.Sign(Role.Driver, ["d1"], TimeSpan.FromHours(5)).Token } });
        var accepted = await phone.ReadUntilAsync(m => m.TokenAccepted is not null);
        Assert.True(accepted.TokenAccepted.ExpiresAt.ToDateTimeOffset() > TimeProvider.System.GetUtcNow().AddHours(4));

        await phone.SendAsync(new ConnectRequest { TokenRefresh = new TokenRefresh { Token = key.Sign(Role.Driver, ["d2"], TimeSpan.FromHours(5)).Token } });
        Assert.Equal(StatusCode.PermissionDenied, (await phone.ReadFailureAsync()).StatusCode);
    }

    [Fact]
    public async Task A_stream_that_never_reads_is_ended_and_its_driver_can_come_back()
    {
        var time = new WatchedTime(TimeProvider.System.GetUtcNow());
        // The others say nothing while time passes, so silence does not count here.
        await using var server = await ServerHost.StartAsync(time: time, args: ["--Streams:SilenceTimeout", "100.00:00:00"]);
        await using var bystander = await DriverPhone.ConnectAsync(server, "good");
        await using var phone = await DriverPhone.ConnectAsync(server, "d1");
        // Verdict upon verdict, until the window of the connection is full and the server can write no more.
        ulong sequence = 1;
        var sending = Task.Run(async () =>
        {
            while (true)
            {
                var batch = DriverPhone.Batch(Now, sequence, 500);
                foreach (var fix in batch.Fixes)
                {
                    fix.LatitudeE7 = int.MinValue;
                }

                await phone.SendAsync(batch);
                sequence += 500;
            }
        }, TestContext.Current.CancellationToken);
        while (!sending.IsCompleted)
        {
            // Each step is looked at before the next, so time does not run ahead of what is written.
            await server.PassAsync<StreamSweep>(TimeSpan.FromSeconds(5));
        }

        await Assert.ThrowsAnyAsync<Exception>(() => sending);
        await StillWorksAsync(bystander);
        await using var back = await DriverPhone.ConnectAsync(server, "d1", "s2");
        await StillWorksAsync(back);
    }

    [Fact]
    public async Task A_phone_that_asks_without_reading_is_read_no_further_and_each_question_is_answered_once_it_reads()
    {
        const int asked = 10_000;
        // It stands still: however long the questions take, the phone is not given up for a slow reader.
        await using var server = await ServerHost.StartAsync(time: new WatchedTime(TimeProvider.System.GetUtcNow()));
        await using var phone = await DriverPhone.ConnectAsync(server, "d1");
        var sending = Task.Run(async () =>
        {
            for (var i = 0; i < asked; i++)
            {
                var action = new DriverAction { ActionId = $"a{i}", SetAvailability = new SetAvailability { Availability = DriverAvailability.Available } };
                await phone.SendAsync(new ConnectRequest { Action = action });
            }
        }, TestContext.Current.CancellationToken);
        var down = Assert.Single(server.City.GetRequiredService<DriverSessions>().Streams).Down;
        // Full it is only for as long as its connection takes some of it; the reader waits until all of it is taken.
        await ServerHost.UntilAsync(() => down.IsAwaited);

        var answered = new HashSet<string>();
        while (answered.Count < asked)
        {
            // The 32 actions that wait already have their answers on top.
            Assert.InRange(down.ReplyBytes, 0, 48 * 1024);
            answered.Add((await phone.ReadUntilAsync(m => m.ActionResult is not null)).ActionResult.ActionId);
        }

        await sending;
    }

    [Fact]
    public async Task A_silent_phone_is_noticed_and_a_late_acknowledgement_comes_by_itself()
    {
        var time = new WatchedTime(TimeProvider.System.GetUtcNow());
        await using var server = await ServerHost.StartAsync(time: time);
        await using var phone = await DriverPhone.ConnectAsync(server, "d1");
        await phone.SendAsync(DriverPhone.Batch(Now, 1, 3, ackRequested: false));
        await StoreOutageTests.SeenAsync(server, "d1", 3);
        await server.City.GetRequiredService<FixLog>().FlushAsync(TestContext.Current.CancellationToken);
        time.Advance(TimeSpan.FromSeconds(25));
        Assert.Empty(await phone.ReadAckAsync(3));

        time.Advance(TimeSpan.FromSeconds(60));
        var closed = phone.ReadUntilAsync(m => m.StreamClosing is not null);
        Assert.Equal(StreamClosingReason.Silent, (await closed).StreamClosing.Reason);
    }

    [Fact]
    public async Task Fixes_of_those_without_a_stream_pass_the_same_gate_and_are_answered_when_logged()
    {
        await using var server = await ServerHost.StartAsync();
        var drivers = new DriverService.DriverServiceClient(server.Channel());
        var token = server.TokenOf(Role.Driver, "d1");
        var request = new ReportLocationsRequest { DriverId = "d1", SessionId = "s", Locations = DriverPhone.Batch(Now, 1, 3) };
        request.Locations.Fixes[1].LongitudeE7 = int.MaxValue;
        var response = await drivers.ReportLocationsAsync(request, token, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(3UL, response.FixAck.ThroughSequence);
        Assert.Equal(FixRejectReason.InvalidCoordinate, Assert.Single(response.FixAck.Verdicts).Reason);
        Assert.Equal([1UL, 3UL], (await ConnectTests.LoggedAsync(server)).Select(f => f.Fix.Sequence));

        // Sent again, the answer was lost, and with it why the second one was rejected.
        var again = await drivers.ReportLocationsAsync(request, token, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal((3UL, 2UL), (again.FixAck.ThroughSequence, Assert.Single(again.FixAck.Verdicts).Sequence));
        Assert.Equal(2, (await ConnectTests.LoggedAsync(server)).Count);

        await using var phone = await DriverPhone.ConnectAsync(server, "d1");
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await drivers.ReportLocationsAsync(request, token, cancellationToken: TestContext.Current.CancellationToken));
        Assert.Equal("STREAM_OPEN", refused.GetRpcStatus()!.GetDetail<Google.Rpc.ErrorInfo>()!.Reason);
    }

    private static async Task StillWorksAsync(DriverPhone phone)
    {
        await phone.SendAsync(DriverPhone.Batch(Now, 1));
        Assert.Empty(await phone.ReadAckAsync(1));
    }
}
