using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using RideTracking.Engine.Ingest;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;
using RideTracking.Server.Log;
using RideTracking.Server.Store;
using RideTracking.Server.Store.Feeds;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.Server.Tests.Streams;
using StackExchange.Redis;

namespace RideTracking.Server.Tests.Storage;

public sealed class LogAppendTests
{
    // More than the 8,000 values that Lua can unpack at once.
    private const int Drivers = 20_000;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_whole_city_that_comes_back_at_once_does_not_stop_the_log(bool onRedis)
    {
        await using var redis = onRedis ? await RedisProcess.StartAsync() : null;
        await using var server = await ServerHost.StartAsync(redis);
        var store = server.Services.GetRequiredService<RedisStore>().Bulk.Database;
        var fence = server.City.GetRequiredService<StoreKeys>().LogFence(server.City.GetRequiredService<LogWriter>().Id);
        foreach (var some in Enumerable.Range(0, Drivers).Chunk(1000))
        {
            await store.SetAddAsync(fence, [.. some.Select(i => (RedisValue)$"other-{i} 2 - other")]);
        }

        var now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        await using var phone = await DriverPhone.ConnectAsync(server, "d1");
        await phone.SendAsync(DriverPhone.Batch(now, first: 1, count: 3));
        Assert.Empty(await phone.ReadAckAsync(3));
        Assert.Equal(3, (await ConnectTests.LoggedAsync(server)).Count);
        Assert.False(await store.KeyExistsAsync(fence));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_batch_whose_reply_was_lost_and_of_which_nothing_may_be_written_any_more_does_not_lend_its_number(bool onRedis)
    {
        await using var redis = onRedis ? await RedisProcess.StartAsync() : null;
        await using var server = await ServerHost.StartAsync(redis);
        var writer = new LogWriter();
        var lost = Claimed("d1");
        await Append().WriteAsync(Records(lost), _ => { });
        Assert.Equal(1UL, lost.Ledger.LoggedThrough);

        // To this one the reply never came; meanwhile another connection has the driver.
        var append = Append();
        var fenced = Claimed("d1");
        fenced.Lose(CarrierLoss.TakenOver);
        await append.WriteAsync(Records(fenced), _ => { });
        var next = Claimed("d2");
        await append.WriteAsync(Records(next), _ => { });
        Assert.Equal(1UL, next.Ledger.LoggedThrough);
        Assert.Equal(["d1", "d2"], (await ConnectTests.LoggedAsync(server)).Select(f => f.DriverId));

        LogAppend Append() => AppendOf(server, writer);

        static Carrier Claimed(string driverId) => TestCarriers.Claimed(driverId, 1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Each_segment_is_read_by_itself_whichever_writer_has_begun_it(bool onRedis)
    {
        await using var redis = onRedis ? await RedisProcess.StartAsync() : null;
        var time = new WatchedTime(new DateTimeOffset(2026, 1, 1, 8, 0, 0, TimeSpan.Zero));
        await using var server = await ServerHost.StartAsync(redis, time, args: "--Log:SegmentLength=00:00:01");
        var writers = new[] { AppendOf(server, new LogWriter()), AppendOf(server, new LogWriter()) };
        var carriers = Enumerable.Range(0, 4).Select(i => TestCarriers.Claimed($"d{i}", 1)).ToArray();
        var written = new List<(string, ulong)>();
        for (ulong sequence = 1; sequence <= 10; sequence++)
        {
            for (var writer = 0; writer < writers.Length; writer++)
            {
                LogRecord[] records = [.. carriers.Where((_, i) => i % 2 == writer).SelectMany(c => Records(c, sequence))];
                await writers[writer].WriteAsync(records, _ => { });
                written.AddRange(records.Select(r => (r.Carrier.DriverId, r.Fix.Sequence)));
            }

            time.Advance(TimeSpan.FromMilliseconds(400));
        }

        Assert.Equal(written, (await ConnectTests.LoggedAsync(server)).Select(f => (f.DriverId, f.Fix.Sequence)));
        var (store, keys) = (server.Services.GetRequiredService<RedisStore>().Bulk.Database, server.City.GetRequiredService<StoreKeys>());
        Assert.Equal(4, (long)await store.HashGetAsync(keys.Log, "segment"));
        foreach (var segment in new[] { 1, 2, 3, 4 })
        {
            var connections = new SegmentConnections(new RecordFormat());
            Assert.All(await store.ListRangeAsync(keys.LogSegment(segment)), batch => LogBatch.Read(LogEntry.Of(FeedEntries.Parse((byte[])batch!)), connections));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_batch_whose_reply_was_lost_is_not_written_once_more_into_the_next_segment(bool onRedis)
    {
        await using var redis = onRedis ? await RedisProcess.StartAsync() : null;
        var time = new WatchedTime(new DateTimeOffset(2026, 1, 1, 8, 0, 0, TimeSpan.Zero));
        await using var server = await ServerHost.StartAsync(redis, time, args: "--Log:SegmentLength=00:00:01");
        var writer = new LogWriter();
        var carrier = TestCarriers.Claimed("d1", 1);
        await AppendOf(server, writer).WriteAsync(Records(carrier), _ => { });

        // To this one the reply never came, and when it asks again the segment is over.
        var append = AppendOf(server, writer);
        time.Advance(TimeSpan.FromSeconds(2));
        await append.WriteAsync(Records(carrier), _ => { });
        await append.WriteAsync(Records(carrier, 2), _ => { });

        Assert.Equal([1UL, 2UL], (await ConnectTests.LoggedAsync(server)).Select(f => f.Fix.Sequence));
        var (store, keys) = (server.Services.GetRequiredService<RedisStore>().Bulk.Database, server.City.GetRequiredService<StoreKeys>());
        foreach (var (segment, sequence) in new[] { (1, 1UL), (2, 2UL) })
        {
            // By itself, with the opening that it names.
            var batch = Assert.Single(await store.ListRangeAsync(keys.LogSegment(segment)));
            Assert.Equal(sequence, Assert.Single(LogBatch.Read(LogEntry.Of(FeedEntries.Parse((byte[])batch!)), new SegmentConnections(new RecordFormat())).Fixes).Fix.Sequence);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Drivers_full_of_rejections_do_not_stop_the_log(bool onRedis)
    {
        const int drivers = 150;
        await using var redis = onRedis ? await RedisProcess.StartAsync() : null;
        await using var server = await ServerHost.StartAsync(redis);
        var carriers = Enumerable.Range(0, drivers).Select(i => TestCarriers.Claimed($"d{i}", 1)).ToArray();
        // More than one call can hold.
        LogRecord[] records = [.. carriers.SelectMany(carrier =>
            Enumerable.Range(1, SessionVerdicts.MaxTold).Select(s => Record(carrier, (ulong)s, FixVerdict.Rejected(FixRejectReason.TooInaccurate, 0.1, s)))
                .Append(Record(carrier, SessionVerdicts.MaxTold + 1, FixVerdict.Accepted)))];
        await AppendOf(server, new LogWriter()).WriteAsync(records, _ => { });

        Assert.All(carriers, carrier => Assert.Equal(SessionVerdicts.MaxTold + 1UL, carrier.Ledger.LoggedThrough));
        Assert.Equal(carriers.Select(c => c.DriverId), (await ConnectTests.LoggedAsync(server)).Select(f => f.DriverId));
        foreach (var carrier in carriers)
        {
            var found = server.City.GetRequiredService<LoggedDrivers>().Resume(carrier.Claim!, carrier.Request, server.City.GetRequiredService<Area>().Clock.GetUtcNow().ToUnixTimeMilliseconds());
            Assert.Equal(SessionVerdicts.MaxTold + 1UL, found.ResumeAfterSequence);
            Assert.Equal(Enumerable.Range(1, SessionVerdicts.MaxTold).Select(s => (double)s), found.Rejections.Select(r => r.Verdict.Measured));
        }
    }

    [Fact]
    public async Task A_phone_that_goes_on_by_single_calls_is_known_by_as_many_contents_as_a_call_may_have()
    {
        await using var server = await ServerHost.StartAsync();
        await using (var phone = await DriverPhone.ConnectAsync(server, "d1"))
        {
            await phone.SendAsync(DriverPhone.Batch(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds(), 1, 3));
            await phone.ReadAckAsync(3);
        }

        var carrier = new Carrier(
            new ClaimRequest("d1", "s1") { Resendable = 500 }, TestCarriers.Claim(9), new SessionLedger(TestCarriers.Claim(9), 500, TestCarriers.Pace, TimeProvider.System), Task.CompletedTask);
        await AppendOf(server, new LogWriter()).WriteAsync(Enumerable.Range(4, 400).Select(s => Record(carrier, (ulong)s, FixVerdict.Accepted)).ToArray(), _ => { });

        Assert.Equal(403, server.City.GetRequiredService<LoggedDrivers>().Resume(carrier.Claim!, carrier.Request, 0).Contents.Count);
    }

    private static LogAppend AppendOf(ServerHost server, LogWriter writer) => new(
        server.Services.GetRequiredService<RedisStore>(), server.City.GetRequiredService<StoreKeys>(), writer, server.City.GetRequiredService<LoggedDrivers>(),
        server.Services.GetRequiredService<ServerClock>(), server.City.GetRequiredService<IOptions<LogOptions>>(), server.City.GetRequiredService<LogMetrics>(),
        server.City.GetRequiredService<LogMemory>());

    private static LogRecord[] Records(Carrier carrier, ulong sequence = 1) => [Record(carrier, sequence, FixVerdict.Accepted)];

    private static LogRecord Record(Carrier carrier, ulong sequence, FixVerdict verdict) =>
        new() { Carrier = carrier, Fix = new Fix { Sequence = sequence, FixedAtUnixMs = 1 }, Verdict = verdict };
}
