using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using RideTracking.Engine.Fanout;
using RideTracking.Engine.Index;
using RideTracking.Server.Access;
using RideTracking.Server.Drivers;
using RideTracking.Server.Log;
using RideTracking.Server.Store;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.V1;

namespace RideTracking.Server.Tests.Streams;

/// <summary>Promise 5: Redis may go away.</summary>
public sealed class StoreOutageTests
{
    private static readonly long Now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

    [Fact]
    public async Task Live_tracking_goes_on_acknowledgements_wait_and_everything_catches_up()
    {
        await using var redis = await RedisProcess.StartAsync(durable: true);
        await using var server = await ServerHost.StartAsync(redis);
        await using var phone = await DriverPhone.ConnectAsync(server, "d1");
        await phone.SendAsync(DriverPhone.Batch(Now, 1, 10));
        await phone.ReadAckAsync(10);

        redis.Kill();
        await phone.SendAsync(DriverPhone.Batch(Now + 10_000, 11, 10));
        await SeenAsync(server, "d1", 20);
        Assert.Equal(10UL, phone.Acks[^1].ThroughSequence);

        await redis.StartAgainAsync();
        Assert.Empty(await phone.ReadAckAsync(20));
        Assert.Equal(
            Enumerable.Range(1, 20).Select(s => (ulong)s),
            (await ConnectTests.LoggedAsync(server)).Select(f => f.Fix.Sequence));
    }

    [Fact]
    public async Task The_embedded_store_is_as_one_that_is_away_for_a_moment_when_it_takes_a_new_file()
    {
        await using var server = await ServerHost.StartAsync();
        await using var phone = await DriverPhone.ConnectAsync(server, "d1");
        await phone.SendAsync(DriverPhone.Batch(Now, 1, 10));
        await phone.ReadAckAsync(10);

        var store = server.Services.GetRequiredService<EmbeddedStore>();
        store.Copied = async _ =>
        {
            await phone.SendAsync(DriverPhone.Batch(Now + 10_000, 11, 10));
            await SeenAsync(server, "d1", 20);
            Assert.Equal(10UL, phone.Acks[^1].ThroughSequence);
        };
        await store.CompactAsync(TestContext.Current.CancellationToken);

        Assert.Empty(await phone.ReadAckAsync(20));
        Assert.Equal(
            Enumerable.Range(1, 20).Select(s => (ulong)s),
            (await ConnectTests.LoggedAsync(server)).Select(f => f.Fix.Sequence));
    }

    [Fact]
    public async Task Calls_that_nobody_can_answer_keep_no_more_than_one_bound_of_verdicts()
    {
        const int rejected = 300;
        await using var redis = await RedisProcess.StartAsync(durable: true);
        await using var server = await ServerHost.StartAsync(redis, time: new WatchedTime(TimeProvider.System.GetUtcNow()));
        Assert.Equal(3UL, (await ReportAsync(DriverPhone.Batch(Now, 1, 3))).ThroughSequence);

        redis.Kill();
        await UnansweredAsync(Rejected(first: 4));
        await UnansweredAsync(Rejected(first: 1004));

        await redis.StartAgainAsync();
        var (former, latter) = (await CaughtUpAsync(Rejected(first: 1004)), await CaughtUpAsync(Rejected(first: 1004)));
        Assert.Equal((4UL + rejected, rejected), (former.ThroughSequence, former.Verdicts.Count));
        Assert.Equal((1004UL + rejected, rejected), (latter.ThroughSequence, latter.Verdicts.Count));

        // The last one waits for the log.
        static LocationBatch Rejected(ulong first)
        {
            var batch = DriverPhone.Batch(Now + (((long)first + rejected) * 1000), first, rejected + 1);
            foreach (var fix in batch.Fixes.SkipLast(1))
            {
                fix.LongitudeE7 = int.MaxValue;
            }

            return batch;
        }

        async Task UnansweredAsync(LocationBatch batch)
        {
            var call = ReportAsync(batch);
            while (!call.IsCompleted)
            {
                await server.PassAsync<StreamSweep>(TimeSpan.FromSeconds(5));
            }

            Assert.Equal(StatusCode.Unavailable, (await Assert.ThrowsAsync<RpcException>(() => call)).StatusCode);
        }

        async Task<FixAck> CaughtUpAsync(LocationBatch batch)
        {
            await server.City.GetRequiredService<FixLog>().FlushAsync(TestContext.Current.CancellationToken);
            return await ReportAsync(batch);
        }

        async Task<FixAck> ReportAsync(LocationBatch batch)
        {
            var report = new ReportLocationsRequest { DriverId = "d1", SessionId = "s", Locations = batch };
            return (await new DriverService.DriverServiceClient(server.Channel())
                .ReportLocationsAsync(report, server.TokenOf(Role.Driver, "d1"), cancellationToken: TestContext.Current.CancellationToken)).FixAck;
        }
    }

    [Fact]
    public async Task Beyond_the_bound_the_oldest_are_forgotten_and_asked_for_again()
    {
        await using var redis = await RedisProcess.StartAsync(durable: true);
        await using var server = await ServerHost.StartAsync(redis, args: ["--Log:MaxWaitingFixes", "1000", "--Log:MaxBatchFixes", "100"]);
        await using var phone = await DriverPhone.ConnectAsync(server, "d1");
        await phone.SendAsync(DriverPhone.Batch(Now, 1, 10));
        await phone.ReadAckAsync(10);

        redis.Kill();
        const ulong Last = 2010;
        for (ulong first = 11; first < Last; first += 500)
        {
            await phone.SendAsync(DriverPhone.Batch(Now + (((long)first + 499) * 1000), first, 500));
        }

        await SeenAsync(server, "d1", Last);
        await redis.StartAgainAsync();
        // The app may send faster than the log takes in, and be asked again.
        var asked = 0;
        while (phone.Acks[^1].ThroughSequence < Last)
        {
            var message = await phone.ReadUntilAsync(m => m.ResendAfter is not null || m.FixAck?.ThroughSequence >= Last);
            if (message.ResendAfter is not null)
            {
                Assert.InRange(message.ResendAfter.Sequence, 10UL, Last - 1);
                asked++;
                await ResendAsync(phone, message.ResendAfter.Sequence, Last);
            }
        }

        Assert.True(asked > 0);
        // Resent, they are behind the present that was shown all along.
        Assert.All(phone.Acks.SelectMany(a => a.Verdicts), v => Assert.Equal(FixOutcome.HistoryOnly, v.Outcome));
        Assert.Equal(
            Enumerable.Range(1, (int)Last).Select(s => (ulong)s),
            (await ConnectTests.LoggedAsync(server)).Select(f => f.Fix.Sequence));
    }

    [Fact]
    public async Task A_stream_opens_without_the_store_and_learns_its_log_when_it_is_back()
    {
        await using var redis = await RedisProcess.StartAsync(durable: true);
        await using var server = await ServerHost.StartAsync(redis);
        await using (var before = await DriverPhone.ConnectAsync(server, "d1"))
        {
            await before.SendAsync(DriverPhone.Batch(Now, 1, 5));
            await before.ReadAckAsync(5);
        }

        redis.Kill();
        await using var phone = await DriverPhone.ConnectAsync(server, "d1");
        Assert.False(phone.Welcome.HasResumeAfterSequence);
        var batch = DriverPhone.Batch(Now + 3000, 4, 5); // 4 and 5 are in the log; the app does not know.
        batch.ResentAfterSequence = 3;
        await phone.SendAsync(batch);
        await SeenAsync(server, "d1", 8);

        await redis.StartAgainAsync();
        Assert.Empty(await phone.ReadAckAsync(8));
        Assert.Equal(
            Enumerable.Range(1, 8).Select(s => (ulong)s),
            (await ConnectTests.LoggedAsync(server)).Select(f => f.Fix.Sequence));
    }

    [Fact]
    public async Task What_a_stream_without_the_store_sends_under_numbers_of_the_log_is_no_resend_by_its_number_alone()
    {
        await using var redis = await RedisProcess.StartAsync(durable: true);
        await using var server = await ServerHost.StartAsync(redis);
        await using (var before = await DriverPhone.ConnectAsync(server, "d1"))
        {
            await before.SendAsync(DriverPhone.Batch(Now, 1, 5));
            await before.ReadAckAsync(5);
        }

        redis.Kill();
        await using var restored = await DriverPhone.ConnectAsync(server, "d1");
        await restored.SendAsync(DriverPhone.Batch(Now + 60_000, 4, 5));
        await SeenAsync(server, "d1", 8);
        await redis.StartAgainAsync();
        var verdicts = await restored.ReadAckAsync(8);
        Assert.Equal([(4UL, FixRejectReason.SequenceReused), (5UL, FixRejectReason.SequenceReused)], verdicts.Select(v => (v.Sequence, v.Reason)));
        // What comes only now is held against the same.
        await restored.SendAsync(DriverPhone.Batch(Now + 60_000, 1, 3));
        Assert.Equal([1UL, 2UL, 3UL], (await restored.ReadUntilAsync(m => m.FixAck?.Verdicts.Count > 0)).FixAck.Verdicts.Select(v => v.Sequence));
        Assert.Equal(
            Enumerable.Range(1, 8).Select(s => (ulong)s),
            (await ConnectTests.LoggedAsync(server)).Select(f => f.Fix.Sequence));
    }

    [Fact]
    public async Task A_server_starts_without_the_store_refuses_trips_for_now_and_catches_up()
    {
        await using var redis = await RedisProcess.StartAsync(durable: true);
        redis.Kill();
        await using var server = await ServerHost.StartAsync(redis);
        await using var phone = await DriverPhone.ConnectAsync(server, "d1");
        await phone.SendAsync(DriverPhone.Batch(Now, 1, 3));
        await SeenAsync(server, "d1", 3);

        var request = new RequestTripRequest
        {
            RequestId = "r1",
            RiderId = "p1",
            PartySize = 1,
            Waypoints =
            {
                new Waypoint { Kind = WaypointKind.Pickup, Location = new() { Latitude = 41.15, Longitude = -8.61 } },
                new Waypoint { Kind = WaypointKind.Dropoff, Location = new() { Latitude = 41.16, Longitude = -8.62 } },
            },
        };
        var riders = new RiderService.RiderServiceClient(server.Channel());
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await riders.RequestTripAsync(request, server.TokenOf(Role.Rider, "p1"), cancellationToken: TestContext.Current.CancellationToken));
        Assert.Equal(StatusCode.Unavailable, refused.StatusCode);
        Assert.NotNull(refused.GetRpcStatus()!.GetDetail<Google.Rpc.RetryInfo>());

        await redis.StartAgainAsync();
        Assert.Empty(await phone.ReadAckAsync(3));
        Assert.Equal([1UL, 2UL, 3UL], (await ConnectTests.LoggedAsync(server)).Select(f => f.Fix.Sequence));
    }

    private static async Task ResendAsync(DriverPhone phone, ulong after, ulong last)
    {
        for (var first = after + 1; first <= last; first += 500)
        {
            var count = (int)Math.Min(500, last - first + 1);
            var batch = DriverPhone.Batch(Now + (((long)first + count - 1) * 1000), first, count);
            batch.SentAtUnixMs = Now + ((long)last * 1000); // Sent now, taken then.
            if (first == after + 1)
            {
                batch.ResentAfterSequence = after;
            }

            await phone.SendAsync(batch);
        }
    }

    // Waits until the index shows the fix with this sequence.
    internal static async Task SeenAsync(ServerHost server, string driverId, ulong sequence)
    {
        var slot = server.City.GetRequiredService<DriverSlots>().GetOrAdd(driverId);
        using var moved = new SemaphoreSlim(0);
        using var mailbox = server.City.GetRequiredService<PositionFanout>().Follow(slot, () => moved.Release());
        while (!mailbox.TryTake(out var entry) || entry.Fix.Sequence < sequence)
        {
            await moved.WaitAsync(TestContext.Current.CancellationToken);
        }
    }
}
