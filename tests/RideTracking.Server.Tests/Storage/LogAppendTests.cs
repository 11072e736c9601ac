using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using RideTracking.Engine.Ingest;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;
using RideTracking.Server.Log;
using RideTracking.Server.Store;
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
        var store = server.Services.GetRequiredService<RedisStore>().Bulk;
        var fence = server.City.GetRequiredService<StoreKeys>().LogFence(server.City.GetRequiredService<LogWriter>().Id);
        foreach (var some in Enumerable.Range(0, Drivers).Chunk(1000))
        {
            await store.SetAddAsync(fence, [.. some.Select(i => (RedisValue)$"other-{i} 2 -")]);
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
    public async Task Drivers_full_of_rejections_do_not_stop_the_log(bool onRedis)
    {
        const int drivers = 150;
        await using var redis = onRedis ? await RedisProcess.StartAsync() : null;
        await using var server = await ServerHost.StartAsync(redis);
        var carriers = Enumerable.Range(0, drivers).Select(i => TestCarriers.Claimed($"d{i}", 1)).ToArray();
        foreach (var carrier in carriers)
        {
            for (ulong sequence = 1; sequence <= SessionVerdicts.MaxTold; sequence++)
            {
                carrier.Ledger.Reject(sequence, FixVerdict.Rejected(FixRejectReason.TooFrequent, 0.1, 0.2));
            }
        }

        LogRecord[] records = [.. carriers.SelectMany(carrier => Records(carrier, SessionVerdicts.MaxTold + 1))];
        await AppendOf(server, new LogWriter()).WriteAsync(records, _ => { });

        Assert.All(carriers, carrier => Assert.Equal(SessionVerdicts.MaxTold + 1UL, carrier.Ledger.LoggedThrough));
        Assert.Equal(carriers.Select(c => c.DriverId), (await ConnectTests.LoggedAsync(server)).Select(f => f.DriverId));
        var stored = await server.City.GetRequiredService<LastFixes>().ReadAllAsync(TestContext.Current.CancellationToken).CountAsync(TestContext.Current.CancellationToken);
        Assert.Equal(drivers, stored);
    }

    private static LogAppend AppendOf(ServerHost server, LogWriter writer) => new(
        server.Services.GetRequiredService<RedisStore>(), server.City.GetRequiredService<StoreKeys>(), writer,
        server.Services.GetRequiredService<ServerClock>(), server.City.GetRequiredService<IOptions<LogOptions>>(), server.City.GetRequiredService<LogMetrics>());

    private static LogRecord[] Records(Carrier carrier, ulong sequence = 1) =>
        [new LogRecord { Carrier = carrier, Fix = new Fix { Sequence = sequence, FixedAtUnixMs = 1 }, Outcome = FixOutcome.Accepted }];
}
