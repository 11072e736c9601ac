using Microsoft.Extensions.DependencyInjection;
using RideTracking.Server.Areas;
using RideTracking.Server.Log;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.Server.Tests.Streams;

namespace RideTracking.Server.Tests.Storage;

/// <summary>Where the store's memory gets short, what a checkpoint covers goes first, then fixes wait; nothing acknowledged that is not covered is lost.</summary>
[Trait(SpreadNodes.Trait, SpreadNodes.OneNode)]
public sealed class LogMemoryTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RollsAt = TimeSpan.FromSeconds(6);

    [Theory]
    [InlineData(0, 0, MemoryLeft.Enough), InlineData(799, 1000, MemoryLeft.Enough), InlineData(800, 1000, MemoryLeft.Little)]
    [InlineData(899, 1000, MemoryLeft.Little), InlineData(900, 1000, MemoryLeft.None), InlineData(2000, 1000, MemoryLeft.None)]
    public async Task How_much_is_left_is_told_by_the_store_s_limit(long used, long limit, MemoryLeft left)
    {
        await using var server = await ServerHost.StartAsync();
        var memory = server.City.GetRequiredService<LogMemory>();
        memory.Told(used, limit);
        Assert.Equal(left, memory.Left);
    }

    [Theory, InlineData(1, MemoryLeft.None), InlineData(1000, MemoryLeft.Enough)]
    public async Task A_limit_of_the_server_s_settings_goes_before_the_store_s(int megabytes, MemoryLeft left)
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var server = await ServerHost.StartAsync(redis, args: $"--Store:MemoryLimitMegabytes={megabytes}");
        await using var connection = await redis.ConnectAsync();
        await connection.GetDatabase().StringSetAsync("ballast", new byte[1_000_000]);
        await connection.GetDatabase().ExecuteAsync("CONFIG", "SET", "maxmemory", "2000mb");
        var memory = server.City.GetRequiredService<LogMemory>();
        await memory.LookAsync(server.City.GetRequiredService<StoreKeys>());
        Assert.Equal(left, memory.Left);
    }

    [Fact]
    public async Task What_is_covered_goes_oldest_first_then_fixes_wait_and_go_on_when_there_is_room()
    {
        await using var redis = await RedisProcess.StartAsync();
        var time = new WatchedTime(new DateTimeOffset(2026, 1, 1, 8, 0, 0, TimeSpan.Zero));
        await using var server = await ServerHost.StartAsync(redis, time, args: "--Log:SegmentLength=00:00:05");
        await using var connection = await redis.ConnectAsync();
        var (store, keys, memory) = (connection.GetDatabase(), server.City.GetRequiredService<StoreKeys>(), server.City.GetRequiredService<LogMemory>());
        await using var phone = await DriverPhone.ConnectAsync(server, "d1");
        for (ulong sequence = 1; sequence <= 4; sequence++)
        {
            await phone.SendAsync(DriverPhone.Batch(time.GetUtcNow().ToUnixTimeMilliseconds(), sequence));
            await phone.ReadAckAsync(sequence);
            await server.PassAsync<NodeLease>(RollsAt);
        }

        // Beside which buffers of connections count for nothing.
        await store.StringSetAsync("ballast", new byte[50_000_000]);
        // A checkpoint is tried first, and covers three of the four.
        await SetLimitAsync(1.18);
        await server.PassAsync<LogRoom>(Second);
        Assert.Equal(MemoryLeft.Little, memory.Left);
        await UntilLeftAsync(2, 3, 4);
        await server.PassAsync<LogRoom>(Second);
        await UntilLeftAsync(3, 4);
        await server.PassAsync<LogRoom>(Second);
        await UntilLeftAsync(4);
        await server.PassAsync<LogRoom>(Second);
        await UntilLeftAsync(4);

        await SetLimitAsync(1.05);
        await server.PassAsync<LogRoom>(Second);
        Assert.Equal(MemoryLeft.None, memory.Left);
        await phone.SendAsync(DriverPhone.Batch(time.GetUtcNow().ToUnixTimeMilliseconds(), 5));
        await StoreOutageTests.SeenAsync(server, "d1", 5);
        var loggedThrough = server.City.GetRequiredService<Carriers>().Of("d1")!.Ledger.LoggedThrough;
        Assert.Equal(4UL, loggedThrough);

        await store.ExecuteAsync("CONFIG", "SET", "maxmemory", "0");
        await server.PassAsync<LogRoom>(Second);
        Assert.Equal(MemoryLeft.Enough, memory.Left);
        Assert.Empty(await phone.ReadAckAsync(5));

        // Whoever starts then knows all of it.
        await using var again = await ServerHost.StartAsync(redis, new WatchedTime(time.GetUtcNow()));
        await using var back = await DriverPhone.ConnectAsync(again, "d1");
        Assert.Equal(5UL, back.Welcome.ResumeAfterSequence);

        // As much as is used, times so much.
        async Task SetLimitAsync(double times)
        {
            var used = (await connection.GetServers()[0].InfoAsync("memory")).SelectMany(s => s).Single(line => line.Key == "used_memory").Value;
            await store.ExecuteAsync("CONFIG", "SET", "maxmemory", (long)(long.Parse(used, System.Globalization.CultureInfo.InvariantCulture) * times));
        }

        Task UntilLeftAsync(params long[] segments) => ServerHost.UntilAsync(async () =>
        {
            var left = new List<long>();
            for (var segment = 1; segment <= 4; segment++)
            {
                if (await store.KeyExistsAsync(keys.LogSegment(segment)))
                {
                    left.Add(segment);
                }
            }

            return left.SequenceEqual(segments);
        });
    }

    [Fact]
    public async Task Who_does_not_hold_the_work_writes_a_checkpoint_when_nobody_does()
    {
        await using var redis = await RedisProcess.StartAsync();
        var time = new WatchedTime(new DateTimeOffset(2026, 1, 1, 8, 0, 0, TimeSpan.Zero));
        await using var server = await ServerHost.StartAsync(redis, time);
        await using var connection = await redis.ConnectAsync();
        var (store, keys) = (connection.GetDatabase(), server.City.GetRequiredService<StoreKeys>());
        await using var phone = await DriverPhone.ConnectAsync(server, "d1");
        await phone.SendAsync(DriverPhone.Batch(time.GetUtcNow().ToUnixTimeMilliseconds(), 1));
        await phone.ReadAckAsync(1);
        for (var minute = 1; minute <= 2; minute++)
        {
            await PassAsync();
        }

        Assert.False(await store.KeyExistsAsync(keys.LogCheckpoint));
        await PassAsync();
        Assert.True(await store.KeyExistsAsync(keys.LogCheckpoint));

        // Another writer holds its lease and the work, and does nothing.
        async Task PassAsync()
        {
            var ends = await connection.GetServers()[0].TimeAsync() + TimeSpan.FromSeconds(9);
            await store.HashSetAsync(keys.Nodes, [new("#work", "sleeper"), new("sleeper", new DateTimeOffset(ends).ToUnixTimeMilliseconds())]);
            await server.PassAsync<LogCheckpoints>(TimeSpan.FromMinutes(1));
        }
    }
}
