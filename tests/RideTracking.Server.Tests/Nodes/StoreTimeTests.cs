using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using RideTracking.Engine.Dispatch;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.Server.Trips;
using StackExchange.Redis;

namespace RideTracking.Server.Tests.Nodes;

/// <summary>The city's time is the store's, whatever the nodes' machines say, and goes on over whatever happens to the store's clock.</summary>
public sealed class StoreTimeTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Theory, InlineData(5), InlineData(-5)]
    public async Task A_node_whose_clock_is_minutes_off_makes_no_difference(int minutes)
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var here = await ServerHost.StartAsync(redis);
        await using var off = await ServerHost.StartAsync(
            redis, configure: (WebApplicationBuilder builder) => builder.Services.AddKeyedSingleton<TimeProvider>(Clock.MachineClock, new OtherClock(TimeSpan.FromMinutes(minutes))));
        Assert.InRange(NowOf(off) - NowOf(here), -Second, Second);

        // A phone goes from one to the other and back: nothing of it is late, or from the future.
        ulong sequence = 1;
        foreach (var host in new[] { off, here, off })
        {
            await using var phone = await DriverPhone.ConnectAsync(host, "d1");
            await phone.SendAsync(DriverPhone.Batch(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds(), sequence));
            Assert.Empty(await phone.ReadAckAsync(sequence++));
        }
    }

    [Fact]
    public async Task Nothing_is_decided_before_the_store_has_said_what_time_it_is()
    {
        await using var redis = await RedisProcess.StartAsync();
        var isAway = true;
        await using var host = await ServerHost.StartAsync(redis, configure: (WebApplicationBuilder builder) => builder.Services.AddSingleton<ReadStoreTime>(
            (store, correction) => isAway
                ? throw new RedisConnectionException(ConnectionFailureType.SocketClosed, CommandFlags.None, "No reply.", null, CommandStatus.Unknown)
                : StoreReading.ReadAsync(store, correction)));
        var dispatcher = host.City.GetRequiredService<Dispatcher>();

        await Assert.ThrowsAsync<RedisConnectionException>(() => dispatcher.DispatchAsync(null, new BlockRequested("d1", "a complaint")));
        isAway = false;

        Assert.IsType<Decided>(await dispatcher.DispatchAsync(null, new BlockRequested("d1", "a complaint")));
    }

    [Fact]
    public async Task Another_server_with_another_clock_makes_no_step()
    {
        await using var redis = await RedisProcess.StartAsync();
        var (time, store) = (new WatchedTime(DateTimeOffset.UnixEpoch.AddYears(56)), new ServersClock());
        await using var host = await ServerHost.StartAsync(redis, time, configure: store.Of(time));
        var began = NowOf(host);

        (store.Run, store.Offset) = ("promoted", TimeSpan.FromSeconds(-30));
        await host.PassAsync<StoreTime>(2 * Second);
        await host.PassAsync<StoreTime>(2 * Second);

        Assert.Equal(began + (4 * Second), NowOf(host));
        // Who comes later knows it, too.
        await using var late = await ServerHost.StartAsync(redis, time, configure: store.Of(time));
        Assert.Equal(NowOf(host), NowOf(late));
    }

    [Fact]
    public async Task A_step_of_the_stores_clock_is_followed_and_never_backwards()
    {
        await using var redis = await RedisProcess.StartAsync();
        var (time, store) = (new WatchedTime(DateTimeOffset.UnixEpoch.AddYears(56)), new ServersClock());
        await using var host = await ServerHost.StartAsync(redis, time, configure: store.Of(time));
        var began = NowOf(host);

        store.Offset = TimeSpan.FromSeconds(30);
        await host.PassAsync<StoreTime>(Second);
        Assert.Equal(began + TimeSpan.FromSeconds(31), NowOf(host));

        store.Offset = TimeSpan.Zero;
        await host.PassAsync<StoreTime>(Second);
        Assert.Equal(began + TimeSpan.FromSeconds(32), NowOf(host));
        time.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal(began + TimeSpan.FromSeconds(32), NowOf(host));
        time.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal(began + TimeSpan.FromSeconds(42), NowOf(host));
    }

    [Fact]
    public async Task A_replay_is_at_the_same_time_on_every_node()
    {
        await using var redis = await RedisProcess.StartAsync();
        var (time, store) = (new WatchedTime(DateTimeOffset.UnixEpoch.AddYears(56)), new ServersClock());
        string[] replay = ["--environment", "Development", "--time-start", "2013-07-01T00:00:00Z", "--time-scale", "60"];
        await using var host = await ServerHost.StartAsync(redis, time, args: replay, configure: store.Of(time));
        Assert.Equal(new DateTimeOffset(2013, 7, 1, 0, 0, 0, TimeSpan.Zero), NowOf(host));

        time.Advance(TimeSpan.FromSeconds(10));
        await using var late = await ServerHost.StartAsync(redis, time, args: replay, configure: store.Of(time));
        Assert.Equal(new DateTimeOffset(2013, 7, 1, 0, 10, 0, TimeSpan.Zero), NowOf(late));
        time.Advance(Second);
        Assert.Equal(NowOf(host), NowOf(late));
        Assert.Equal(new DateTimeOffset(2013, 7, 1, 0, 11, 0, TimeSpan.Zero), NowOf(late));
    }

    private static DateTimeOffset NowOf(ServerHost host) => host.City.GetRequiredService<Area>().Clock.GetUtcNow();

    /// <summary>A machine's clock that somebody has set wrong.</summary>
    private sealed class OtherClock(TimeSpan ahead) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + ahead;
    }

    /// <summary>What the store's servers say of the time.</summary>
    private sealed class ServersClock
    {
        public string Run { get; set; } = "first";

        public TimeSpan Offset { get; set; }

        public Action<WebApplicationBuilder> Of(TimeProvider time) => builder => builder.Services.AddSingleton<ReadStoreTime>(
            async (store, correction) => new StoreReading(time.GetUtcNow() + Offset, (long?)await store.Feeds.StringGetAsync(correction) ?? 0, Run));
    }
}
