using Google.Rpc;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using RideTracking.Engine.Index;
using RideTracking.Server.Areas;
using RideTracking.Server.Log;
using RideTracking.Server.Store;
using RideTracking.Server.Store.Feeds;
using RideTracking.Server.Tests.Dispatch;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.Server.Tests.Storage;
using RideTracking.V1;
using StackExchange.Redis;
using DriverLink = RideTracking.Engine.Index.DriverLink;
using Role = RideTracking.Server.Access.Role;

namespace RideTracking.Server.Tests.Streams;

/// <summary>Who speaks for a driver: one connection at a time, whatever comes late.</summary>
public sealed class CarrierTests
{
    private static long Now { get; } = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, InlineData(false), InlineData(true)]
    public async Task An_attempt_to_connect_that_comes_late_takes_the_driver_over_from_nobody(bool onRedis)
    {
        await using var world = await RideWorld.StartOnAsync(onRedis);
        var claims = world.Host.City.GetRequiredService<ConnectionClaims>();
        Assert.Equal(1, (await ClaimAsync("phone", 2)).Claim.Epoch);
        await PassedAsync("phone", 1, "2");
        // The same once more: its reply was lost.
        Assert.Equal(2, (await ClaimAsync("phone", 2)).Claim.Epoch);
        // Others since do not make it forgotten.
        foreach (var device in (string[])["tablet", "watch", "car"])
        {
            await ClaimAsync(device, 7);
        }

        await PassedAsync("phone", 1, "2");
        await PassedAsync("tablet", 6, "7");
        // Who counts none comes in order of arrival.
        Assert.Equal(6, (await claims.ClaimAsync(new ClaimRequest("d1", "s"), Cancel)).Claim.Epoch);
        Assert.Equal(7, (await ClaimAsync("phone", 3)).Claim.Epoch);

        Task<ConnectionClaim> ClaimAsync(string device, ulong attempt) => claims.ClaimAsync(new ClaimRequest("d1", "s", DeviceAttempt.Of(device, attempt)), Cancel);

        async Task PassedAsync(string device, ulong attempt, string last)
        {
            var refused = await Assert.ThrowsAsync<RpcException>(() => ClaimAsync(device, attempt));
            var info = refused.GetRpcStatus()!.GetDetail<ErrorInfo>()!;
            Assert.Equal((StatusCode.Aborted, "CONNECTION_ATTEMPT_PASSED", last), (refused.StatusCode, info.Reason, info.Metadata["last_connection_attempt"]));
        }
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task A_phone_that_makes_up_sessions_leaves_few_behind(bool onRedis)
    {
        await using var redis = onRedis ? await RedisProcess.StartAsync() : null;
        await using var server = await ServerHost.StartAsync(redis);
        for (var i = 0; i < 20; i++)
        {
            await using var phone = await DriverPhone.ConnectAsync(server, "d1", $"s{i}");
            Assert.Equal(0UL, phone.Welcome.ResumeAfterSequence);
            // A second after the one before, however fast they come.
            var batch = DriverPhone.Batch(Now + (i * 10_000L), 1);
            batch.SentAtUnixMs += (20 - i) * 1000L;
            await phone.SendAsync(batch);
            Assert.Empty(await phone.ReadAckAsync(1));
        }

        // The last ones are known, and no others.
        foreach (var (session, through) in new[] { ("s18", 1UL), ("s10", 0UL) })
        {
            await using var back = await DriverPhone.ConnectAsync(server, "d1", session);
            Assert.Equal(through, back.Welcome.ResumeAfterSequence);
        }
    }

    [Fact]
    public async Task A_phone_is_told_the_number_to_go_on_from_and_the_stream_that_is_open_stays()
    {
        await using var server = await ServerHost.StartAsync();
        await using var open = await DriverPhone.ConnectAsync(server, "d1", configure: hello => (hello.DeviceId, hello.ConnectionAttempt) = ("phone", 5));
        await using var late = DriverPhone.Dial(server, "d1");
        await late.SendAsync(new ConnectRequest
        {
            Hello = new Hello { ProtocolVersion = 1, DriverId = "d1", SessionId = "s1", DeviceId = "phone", ConnectionAttempt = 4 },
        });
        var info = (await late.ReadFailureAsync()).GetRpcStatus()!.GetDetail<ErrorInfo>()!;
        Assert.Equal(("CONNECTION_ATTEMPT_PASSED", "5"), (info.Reason, info.Metadata["last_connection_attempt"]));

        await open.SendAsync(DriverPhone.Batch(Now, 1));
        Assert.Empty(await open.ReadAckAsync(1));
    }

    [Fact]
    public async Task A_claim_that_nobody_waits_for_any_more_is_not_made_again()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var server = await ServerHost.StartAsync(redis);
        var claims = server.City.GetRequiredService<ConnectionClaims>();
        using var abandoned = new CancellationTokenSource();
        await abandoned.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => claims.ClaimAsync(new ClaimRequest("d1", "s"), abandoned.Token));
        Assert.Equal(1, (await claims.ClaimAsync(new ClaimRequest("d1", "s"), Cancel)).Claim.Epoch);
    }

    // A feed that begins again reads the whole log.
    [Fact, Trait(SpreadNodes.Trait, SpreadNodes.OneNode)]
    public async Task Who_waits_for_the_log_to_be_read_holds_up_nobody_else_and_gets_all_acknowledged_then()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var server = await ServerHost.StartAsync(redis, args: "--Streams:ClaimTimeout=00:00:00.1");
        await using var open = await DriverPhone.ConnectAsync(server, "d1");
        var goOn = await server.City.GetRequiredKeyedService<FeedReader>("log").HoldAsync();
        await using var late = await DriverPhone.ConnectAsync(server, "d2");
        Assert.False(server.City.GetRequiredService<Carriers>().Of("d2")!.IsClaimed);
        await late.SendAsync(DriverPhone.Batch(Now, 1, 3));
        for (ulong sequence = 1; sequence <= 3; sequence++)
        {
            await open.SendAsync(DriverPhone.Batch(Now + ((long)sequence * 5_000), sequence));
            Assert.Empty(await open.ReadAckAsync(sequence));
        }

        // Shown all the while.
        await StoreOutageTests.SeenAsync(server, "d2", 3);
        await using (await DriverPhone.ConnectAsync(server, "d3"))
        {
            // Gone before the log was there.
        }

        goOn();
        Assert.Equal(0UL, (await late.ReadUntilAsync(m => m.ResendAfter is not null)).ResendAfter.Sequence);
        var again = DriverPhone.Batch(Now, 1, 3);
        again.ResentAfterSequence = 0;
        await late.SendAsync(again);
        // Behind the present that was shown all along.
        Assert.All(await late.ReadAckAsync(3), v => Assert.Equal(FixOutcome.HistoryOnly, v.Outcome));
        var (store, keys) = (server.Services.GetRequiredService<RedisStore>().Bulk.Database, server.City.GetRequiredService<StoreKeys>());
        var links = keys.Links(server.City.GetRequiredService<LogWriter>().Id);
        await ServerHost.UntilAsync(() => store.HashKeys(links).Order().SequenceEqual(["d1", "d2"]));
    }

    // Its answer was still on its way when all carriers that were here claimed anew.
    [Fact]
    public async Task Who_was_given_the_driver_under_a_name_that_the_node_has_given_up_since_claims_anew()
    {
        await using var server = await ServerHost.StartAsync();
        var (log, writer, append) = (server.City.GetRequiredService<FixLog>(), server.City.GetRequiredService<LogWriter>(), server.City.GetRequiredService<LogAppend>());
        var request = new ClaimRequest("d1", "s");
        var claim = await server.City.GetRequiredService<ConnectionClaims>().ClaimAsync(request, Cancel);
        writer.Renew();
        log.ClaimAnew();
        await ServerHost.UntilAsync(() => append.By == writer.Id);

        var carrier = new Carrier(request, claim, new SessionLedger(claim, 64, TestCarriers.Pace, TimeProvider.System), Task.CompletedTask);
        server.City.GetRequiredService<Carriers>().Add(carrier);
        log.TakeIn(carrier);
        await ServerHost.UntilAsync(() => carrier.Claim is { } anew && anew.Writer == writer.Id && anew.Epoch > claim.Claim.Epoch);
    }

    [Theory, InlineData(false), InlineData(true)]
    public void Of_two_sessions_the_one_that_the_store_let_in_last_has_the_driver_whichever_is_opened_first(bool inOrder)
    {
        Carrier former = TestCarriers.Claimed("d1", 5), latter = TestCarriers.Claimed("d1", 6);
        var carriers = new Carriers(new LogWriter());
        Carrier[] order = inOrder ? [former, latter] : [latter, former];
        Assert.Null(carriers.Add(order[0]));
        Assert.Equal(former, carriers.Add(order[1]));
        Assert.Equal(latter, carriers.Of("d1"));
    }

    // The mark that a later claim left is gone with the next append: who hears of its own claim only then must not go on by it.
    [Theory, InlineData(false), InlineData(true)]
    public void Who_was_fenced_before_its_claim_was_answered_has_no_say(bool isHere)
    {
        var carriers = new Carriers(new LogWriter());
        var late = isHere ? TestCarriers.Unclaimed("d1") : TestCarriers.Claimed("d1", 2);
        if (isHere)
        {
            carriers.Add(late);
        }

        carriers.Fence(FenceMark.Of("d1", 3, DriverClaim.None, "w2"));
        if (isHere)
        {
            late.Claimed(TestCarriers.Claim(2));
            carriers.LookAtMarks(late);
        }
        else
        {
            carriers.Add(late);
        }

        Assert.Equal(CarrierLoss.TakenOver, late.Loss);
        Assert.Equal(3, carriers.EpochOf("d1"));
        var next = TestCarriers.Claimed("d1", 4);
        carriers.Add(next);
        Assert.False(next.IsLost);
    }

    // After the store has forgotten, this node claims its drivers anew, and a claim whose answer was lost once more: the marks of its own claims say
    // nothing of the carrier that waits for them.
    [Theory, InlineData(true), InlineData(false)]
    public void Who_claims_anew_is_not_fenced_by_its_own_nodes_claim_but_by_anothers(bool isOwn)
    {
        var writer = new LogWriter();
        var carriers = new Carriers(writer);
        var carrier = TestCarriers.Claimed("d1", 2);
        carriers.Add(carrier);
        carrier.Suspend();

        carriers.Fence(FenceMark.Parse($"d1 3 {DriverClaim.None} {(isOwn ? writer.Id : "other")}"));
        Assert.Equal(!isOwn, carrier.IsLost);
        carrier.Claimed(TestCarriers.Claim(4));
        carriers.LookAtMarks(carrier);
        Assert.Equal(!isOwn, carrier.IsLost);
    }

    [Fact]
    public void Who_was_here_without_a_claim_and_gets_one_while_another_opens_gives_the_driver_up_all_the_same()
    {
        var waiting = TestCarriers.Unclaimed("d1");
        var carriers = new Carriers(new LogWriter());
        carriers.Add(waiting);
        var opening = TestCarriers.Claimed("d1", 5);
        waiting.Claimed(TestCarriers.Claim(6));

        Assert.Equal(waiting, carriers.Add(opening));
        Assert.Equal(opening, carriers.Of("d1"));
        // The store knows the other claim as the last one.
        Assert.False(opening.IsClaimed);
        Assert.Equal(5, opening.LastClaim!.Epoch);
    }

    [Fact]
    public async Task A_stream_that_ended_before_the_store_was_back_claims_nobody()
    {
        await using var redis = await RedisProcess.StartAsync(durable: true);
        await using var server = await ServerHost.StartAsync(redis);
        redis.Kill();
        await server.StoreGoneAsync();
        await using (var gone = await DriverPhone.ConnectAsync(server, "gone"))
        {
            await gone.SendAsync(DriverPhone.Batch(Now, 1, 3));
            await ServerHost.UntilAsync(() => server.SequenceOf("gone") == 3);
        }

        var streams = server.City.GetRequiredService<Server.Drivers.DriverSessions>();
        await ServerHost.UntilAsync(() => streams.Count == 0);
        await using var stays = await DriverPhone.ConnectAsync(server, "stays");
        await stays.SendAsync(DriverPhone.Batch(Now, 1));
        await redis.StartAgainAsync();
        await server.StoreBackAsync();

        // Claims are made before anything is written.
        await stays.ReadAckAsync(1);
        await using var store = await redis.ConnectAsync();
        var connections = await store.GetDatabase().HashKeysAsync(server.City.GetRequiredService<StoreKeys>().Connections);
        Assert.Equal([(RedisValue)"stays"], connections);
        Assert.Equal(["stays"], (await ConnectTests.LoggedAsync(server)).Select(f => f.DriverId));
    }

    [Fact]
    public async Task Who_is_told_to_close_moves_nothing_any_more()
    {
        await using var server = await ServerHost.StartAsync();
        await using var phone = await DriverPhone.ConnectAsync(server, "d1");
        await phone.SendAsync(DriverPhone.Batch(Now, 1));
        await phone.ReadAckAsync(1);
        await new DispatchService.DispatchServiceClient(server.Channel()).BlockDriverAsync(
            new BlockDriverRequest { DriverId = "d1", Reason = "papers" }, server.TokenOf(Role.Service, "backend"), cancellationToken: Cancel);
        var down = phone.Call.ResponseStream;
        do
        {
            Assert.True(await down.MoveNext(Cancel));
        }
        while (down.Current.StreamClosing is null);

        await phone.SendAsync(DriverPhone.Batch(Now + 5_000, 2, 5));
        await phone.Call.RequestStream.CompleteAsync();
        // All that it said has been read when the call ends.
        Assert.Equal(StatusCode.PermissionDenied, (await Assert.ThrowsAsync<RpcException>(() => down.MoveNext(Cancel))).StatusCode);
        Assert.Equal(1UL, server.SequenceOf("d1"));
        Assert.Single(await ConnectTests.LoggedAsync(server));
    }

    [Fact]
    public async Task Sequences_that_begin_again_are_refused_and_never_acknowledged_on_trust()
    {
        await using var server = await ServerHost.StartAsync();
        await using (var phone = await DriverPhone.ConnectAsync(server, "d1"))
        {
            await phone.SendAsync(DriverPhone.Batch(Now, 1, 200));
            Assert.Empty(await phone.ReadAckAsync(200));
            // On the same stream, and below what is remembered of it.
            await phone.SendAsync(DriverPhone.Batch(Now + 60_000, 1, 50));
            var verdicts = await VerdictsAsync(phone, 50);
            Assert.All(verdicts, v => Assert.Equal(FixRejectReason.SequenceReused, v.Reason));
        }

        await using var restored = await DriverPhone.ConnectAsync(server, "d1");
        Assert.Equal(200UL, restored.Welcome.ResumeAfterSequence);
        await restored.SendAsync(DriverPhone.Batch(Now + 120_000, 1, 50));
        Assert.All(await VerdictsAsync(restored, 50), v => Assert.Equal(FixRejectReason.SequenceReused, v.Reason));
        Assert.Equal(200, (await ConnectTests.LoggedAsync(server)).Count);

        static async Task<List<FixVerdict>> VerdictsAsync(DriverPhone phone, int count)
        {
            List<FixVerdict> verdicts = [];
            while (verdicts.Count < count)
            {
                verdicts.AddRange((await phone.ReadUntilAsync(m => m.FixAck?.Verdicts.Count > 0)).FixAck.Verdicts);
            }

            return verdicts;
        }
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task A_call_that_comes_again_after_a_restart_is_known_by_its_fixes_and_told_its_rejections_again(bool onRedis)
    {
        await using var redis = onRedis ? await RedisProcess.StartAsync(durable: true) : null;
        var folder = Directory.CreateTempSubdirectory("ride-tracking-");
        var report = new ReportLocationsRequest { DriverId = "d1", SessionId = "s", Locations = DriverPhone.Batch(Now, 1, 200) };
        report.Locations.Fixes[1].LongitudeE7 = int.MaxValue;
        await using (var server = await ServerHost.StartAsync(redis, dataFolder: folder.FullName))
        {
            Assert.Single((await ReportAsync(server, report)).Verdicts);
        }

        await using (var server = await ServerHost.StartAsync(redis, dataFolder: folder.FullName))
        {
            var again = await ReportAsync(server, report);
            Assert.Equal((200UL, 2UL, FixRejectReason.InvalidCoordinate), (again.ThroughSequence, again.Verdicts.Single().Sequence, again.Verdicts.Single().Reason));
            var restored = await ReportAsync(server, new ReportLocationsRequest { DriverId = "d1", SessionId = "s", Locations = DriverPhone.Batch(Now + 600_000, 10, 3) });
            Assert.Equal([10UL, 11UL, 12UL], restored.Verdicts.Select(v => v.Sequence));
            Assert.All(restored.Verdicts, v => Assert.Equal(FixRejectReason.SequenceReused, v.Reason));
            Assert.Equal(199, (await ConnectTests.LoggedAsync(server)).Count);
        }

        folder.Delete(recursive: true);

        static async Task<FixAck> ReportAsync(ServerHost server, ReportLocationsRequest report) =>
            (await new DriverService.DriverServiceClient(server.Channel()).ReportLocationsAsync(report, server.TokenOf(Role.Driver, "d1"), cancellationToken: Cancel)).FixAck;
    }

    [Theory]
    [InlineData("phone", StatusCode.Aborted, "RECONNECTED")]
    [InlineData("tablet", StatusCode.Aborted, "TAKEN_OVER")]
    public async Task A_device_that_connects_anew_is_not_told_that_another_took_over(string device, StatusCode status, string reason)
    {
        await using var server = await ServerHost.StartAsync();
        await using var former = await DriverPhone.ConnectAsync(server, "d1", configure: hello => (hello.DeviceId, hello.ConnectionAttempt) = ("phone", 1));
        await using var latter = await DriverPhone.ConnectAsync(server, "d1", configure: hello => (hello.DeviceId, hello.ConnectionAttempt) = (device, 2));
        var down = former.Call.ResponseStream;
        var wasTold = false;
        var failure = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await down.MoveNext(Cancel))
            {
                wasTold |= down.Current.StreamClosing is { Reason: StreamClosingReason.TakenOver };
            }
        });
        Assert.Equal((status, reason, reason == "TAKEN_OVER"), (failure.StatusCode, failure.GetRpcStatus()!.GetDetail<ErrorInfo>()!.Reason, wasTold));
    }

    [Fact]
    public async Task Who_is_taken_over_on_another_node_hears_of_it_without_sending_a_fix()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var here = await ServerHost.StartAsync(redis);
        await using var there = await ServerHost.StartAsync(redis);
        await using var former = await DriverPhone.ConnectAsync(here, "d1");
        await using var latter = await DriverPhone.ConnectAsync(there, "d1");
        Assert.Equal(StreamClosingReason.TakenOver, (await former.ReadUntilAsync(m => m.StreamClosing is not null)).StreamClosing.Reason);
    }

    [Fact]
    public async Task Two_attempts_of_a_device_without_the_store_are_ordered_too()
    {
        await using var redis = await RedisProcess.StartAsync(durable: true);
        await using var server = await ServerHost.StartAsync(redis);
        redis.Kill();
        await server.StoreGoneAsync();
        await using var open = await DriverPhone.ConnectAsync(server, "d1", configure: hello => (hello.DeviceId, hello.ConnectionAttempt) = ("phone", 5));
        await using var late = DriverPhone.Dial(server, "d1");
        await late.SendAsync(new ConnectRequest
        {
            Hello = new Hello { ProtocolVersion = 1, DriverId = "d1", SessionId = "s1", DeviceId = "phone", ConnectionAttempt = 4 },
        });
        Assert.Equal("CONNECTION_ATTEMPT_PASSED", (await late.ReadFailureAsync()).GetRpcStatus()!.GetDetail<ErrorInfo>()!.Reason);
        await open.SendAsync(DriverPhone.Batch(Now, 1));
        await redis.StartAgainAsync();
        Assert.Empty(await open.ReadAckAsync(1));
    }

    [Fact]
    public async Task A_driver_who_comes_back_at_once_is_connected_however_late_the_stream_before_ends()
    {
        await using var server = await ServerHost.StartAsync();
        var streams = server.City.GetRequiredService<Server.Drivers.DriverSessions>();
        var slot = server.City.GetRequiredService<DriverSlots>().GetOrAdd("d1");
        var index = server.City.GetRequiredService<DriverIndex>();
        for (var i = 0; i < 50; i++)
        {
            var before = await DriverPhone.ConnectAsync(server, "d1");
            var leaving = before.DisposeAsync().AsTask();
            await using var phone = await DriverPhone.ConnectAsync(server, "d1");
            await leaving;
            // Whatever of the former one is still to be done, is done before this is answered.
            await phone.SendAsync(DriverPhone.Batch(Now + (i * 10_000L), (ulong)(i + 1)));
            await phone.ReadAckAsync((ulong)(i + 1));
            Assert.True(index.TryGet(slot, out var driver));
            Assert.Equal((DriverLink.Connected, 1), (driver.Status.Link, streams.Count));
        }
    }
}
