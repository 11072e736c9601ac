using Microsoft.Extensions.DependencyInjection;
using RideTracking.Server.Areas;
using RideTracking.Server.Drivers;
using RideTracking.Server.Log;
using RideTracking.Server.Store;
using RideTracking.Server.Store.Events;
using RideTracking.Server.Store.Feeds;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.Server.Tests.Streams;
using StackExchange.Redis;

namespace RideTracking.Server.Tests.Storage;

/// <summary>What the log has of every driver is found again by whoever starts, from the last checkpoint and the log since.</summary>
[Trait(SpreadNodes.Trait, SpreadNodes.OneNode)]
public sealed class LogCheckpointTests
{
    private static readonly TimeSpan RollsAt = TimeSpan.FromSeconds(6);

    private static long Now => TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<bool, string> Days => new()
    {
        { false, "" }, { true, "" },
        // Before the second start this is done to the last checkpoint.
        { true, "pointer" }, { true, "part lost" }, { true, "part damaged" }, { true, "all gone" },
    };

    [Theory, MemberData(nameof(Days))]
    public async Task A_server_that_starts_knows_where_each_session_ends_what_was_rejected_and_where_everybody_is(bool onRedis, string damage)
    {
        await using var redis = onRedis ? await RedisProcess.StartAsync(durable: true) : null;
        var folder = Directory.CreateTempSubdirectory("ride-tracking-").FullName;
        await using (var server = await ServerHost.StartAsync(redis, dataFolder: folder))
        {
            await using (var phone = await DriverPhone.ConnectAsync(server, "d1", "a"))
            {
                var before = DriverPhone.Batch(Now - 10_000, 1, 3);
                before.SentAtUnixMs += 10_000;
                await phone.SendAsync(before);
                await phone.ReadAckAsync(3);
            }

            Assert.True(await CheckpointAsync(server));
            await using (var phone = await DriverPhone.ConnectAsync(server, "d1", "a"))
            {
                var after = DriverPhone.Batch(Now, 4, 2);
                after.Fixes[1].LatitudeE7 = 950_000_000;
                await phone.SendAsync(after);
                Assert.Equal(5UL, Assert.Single(await phone.ReadAckAsync(5)).Sequence);
            }

            await using (var phone = await DriverPhone.ConnectAsync(server, "d2", "b"))
            {
                await phone.SendAsync(DriverPhone.Batch(Now, 1));
                await phone.ReadAckAsync(1);
            }
        }

        if (redis is not null)
        {
            await using var connection = await redis.ConnectAsync();
            await DamageAsync(connection.GetDatabase(), damage);
        }

        await using var again = await ServerHost.StartAsync(redis, dataFolder: folder);
        again.ExpectErrors("cannot be read");
        var logged = again.City.GetRequiredService<LoggedDrivers>();
        Assert.Equal(["d1", "d2"], logged.All.Select(d => d.DriverId).Order());
        Assert.Equal(DriverPhone.StartLatitudeE7 + 4000, logged.Of("d1")!.Present!.Value.LatitudeE7);
        await using (var phone = await DriverPhone.ConnectAsync(again, "d1", "a"))
        {
            Assert.Equal(5UL, phone.Welcome.ResumeAfterSequence);
            // The rejection may not have been heard.
            Assert.Equal(5UL, Assert.Single(phone.Welcome.Verdicts).Sequence);
            await phone.SendAsync(DriverPhone.Batch(Now, 6));
            Assert.Empty(await phone.ReadAckAsync(6));
        }

        await using (var phone = await DriverPhone.ConnectAsync(again, "d2", "b"))
        {
            Assert.Equal(1UL, phone.Welcome.ResumeAfterSequence);
        }

        // Whatever there was, the next one is whole.
        Assert.True(await CheckpointAsync(again));
        Assert.Equal(6, (await ConnectTests.LoggedAsync(again)).Count);
        Directory.Delete(folder, recursive: true);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task A_driver_who_was_deleted_is_not_found_again_in_the_log(bool isCheckpointed)
    {
        await using var redis = await RedisProcess.StartAsync(durable: true);
        await using (var server = await ServerHost.StartAsync(redis))
        {
            foreach (var driver in new[] { "d1", "d2" })
            {
                await using var phone = await DriverPhone.ConnectAsync(server, driver);
                await phone.SendAsync(DriverPhone.Batch(Now, 1, 3));
                await phone.ReadAckAsync(3);
            }

            Assert.Equal(isCheckpointed, isCheckpointed && await CheckpointAsync(server));
            await server.City.GetRequiredService<DriverRemoval>().ForgetAsync("d1");
        }

        await using var again = await ServerHost.StartAsync(redis);
        Assert.Equal("d2", Assert.Single(again.City.GetRequiredService<LoggedDrivers>().All).DriverId);
        await using var back = await DriverPhone.ConnectAsync(again, "d1");
        Assert.Equal(0UL, back.Welcome.ResumeAfterSequence);
        await back.SendAsync(DriverPhone.Batch(Now, 1, 4));
        await back.ReadAckAsync(4);
        Assert.Equal(4UL, again.City.GetRequiredService<LoggedDrivers>().Resume(new DriverClaim(1, "w"), new ClaimRequest("d1", "s1"), Now).ResumeAfterSequence);
    }

    [Theory, InlineData("dispatch"), InlineData("log")]
    public async Task A_node_that_hears_late_of_a_deletion_or_of_the_fixes_before_it_brings_nobody_back(string late)
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var here = await ServerHost.StartAsync(redis);
        await using var there = await ServerHost.StartAsync(redis);
        await using var other = await DriverPhone.ConnectAsync(here, "d2");
        await using (var phone = await DriverPhone.ConnectAsync(here, "d1"))
        {
            await phone.SendAsync(DriverPhone.Batch(Now, 1));
            await phone.ReadAckAsync(1);
            await LookAsync("log");
            var hear = await Feed(late).HoldAsync();
            await phone.SendAsync(DriverPhone.Batch(Now, 2));
            await phone.ReadAckAsync(2);
            await here.City.GetRequiredService<DriverRemoval>().ForgetAsync("d1");
            await other.SendAsync(DriverPhone.Batch(Now, 1));
            await other.ReadAckAsync(1);
            await LookAsync(late == "log" ? "dispatch" : "log");
            if (late == "log")
            {
                hear();
                await LookAsync("log");
            }
        }

        Assert.True(await CheckpointAsync(there));
        Assert.Equal("d2", Assert.Single(there.City.GetRequiredService<LoggedDrivers>().All).DriverId);
        await using var again = await ServerHost.StartAsync(redis);
        Assert.Equal("d2", Assert.Single(again.City.GetRequiredService<LoggedDrivers>().All).DriverId);

        FeedReader Feed(string name) => there.City.GetRequiredKeyedService<FeedReader>(name);

        Task LookAsync(string name) => Feed(name).LookAsync(Cancel);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task A_segment_expires_once_a_checkpoint_covers_it_and_not_before(bool onRedis)
    {
        await using var redis = onRedis ? await RedisProcess.StartAsync() : null;
        var time = new WatchedTime(new DateTimeOffset(2026, 1, 1, 8, 0, 0, TimeSpan.Zero));
        await using var server = await ServerHost.StartAsync(redis, time, args: "--Log:SegmentLength=00:00:05");
        var (store, keys) = (server.Services.GetRequiredService<RedisStore>().Bulk.Database, server.City.GetRequiredService<StoreKeys>());
        await using var phone = await DriverPhone.ConnectAsync(server, "d1");
        for (ulong sequence = 1; sequence <= 3; sequence++)
        {
            await phone.SendAsync(DriverPhone.Batch(time.GetUtcNow().ToUnixTimeMilliseconds(), sequence));
            await phone.ReadAckAsync(sequence);
            await server.PassAsync<NodeLease>(RollsAt);
        }

        Assert.Equal([false, false, false], await ExpireAsync());
        Assert.True(await CheckpointAsync(server));
        Assert.Equal([true, true, false], await ExpireAsync());

        // What is covered already is not given more time.
        await store.KeyExpireAsync(keys.LogSegment(1), TimeSpan.FromSeconds(1_000));
        await phone.SendAsync(DriverPhone.Batch(time.GetUtcNow().ToUnixTimeMilliseconds(), 4));
        await phone.ReadAckAsync(4);
        Assert.True(await CheckpointAsync(server));
        Assert.Equal([true, true, true, false], await ExpireAsync());
        Assert.InRange((await store.KeyTimeToLiveAsync(keys.LogSegment(1)))!.Value, TimeSpan.Zero, TimeSpan.FromSeconds(1_000));

        async Task<List<bool>> ExpireAsync()
        {
            var expire = new List<bool>();
            for (var segment = 1; await store.KeyExistsAsync(keys.LogSegment(segment)); segment++)
            {
                expire.Add(await store.KeyTimeToLiveAsync(keys.LogSegment(segment)) is not null);
            }

            return expire;
        }
    }

    [Fact]
    public async Task Of_two_that_write_one_one_is_the_last_and_what_the_store_has_forgotten_is_covered_by_none()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var server = await ServerHost.StartAsync(redis);
        await using var phone = await DriverPhone.ConnectAsync(server, "d1");
        await phone.SendAsync(DriverPhone.Batch(Now, 1, 3));
        await phone.ReadAckAsync(3);
        var (checkpoints, drivers) = (server.City.GetRequiredService<CheckpointStore>(), server.City.GetRequiredService<LoggedDrivers>());
        var at = await server.City.GetRequiredKeyedService<Server.Store.Feeds.FeedReader>("log").StandingStillAsync(at => at, Cancel);

        var first = await WriteAsync("", at);
        Assert.Null(await WriteAsync("", at));
        Assert.Null(await WriteAsync(first!.ToString(), new EventPosition(at.Number, at.Token + 1)));
        Assert.Null(await WriteAsync(first.ToString(), new EventPosition(at.Number + 1, at.Token)));
        Assert.Equal(first.ToString(), await checkpoints.PointerAsync());

        var anew = new LoggedAnew();
        Assert.Equal(1, await checkpoints.ReadAsync(anew));
        Assert.Equal(3UL, Assert.Single(anew.Drivers).Value.Resume(new DriverClaim(1, "w"), "s1", Now).ResumeAfterSequence);

        Task<Checkpoint?> WriteAsync(string before, EventPosition reaches) =>
            checkpoints.WriteAsync(before, reaches, 1, drivers, () => Task.FromResult<(EventPosition, long)?>((reaches, 1)), Cancel);
    }

    // In memory it is once the store has answered; it is read only later, or never.
    [Fact]
    public async Task What_the_store_has_forgotten_before_it_was_read_is_in_no_checkpoint()
    {
        await using var redis = await RedisProcess.StartAsync();
        // No look comes by itself.
        await using var server = await ServerHost.StartAsync(redis, new WatchedTime(TimeProvider.System.GetUtcNow()));
        await using var connection = await redis.ConnectAsync();
        var (store, keys) = (connection.GetDatabase(), server.City.GetRequiredService<StoreKeys>());
        await using var phone = await DriverPhone.ConnectAsync(server, "d1");
        await phone.SendAsync(DriverPhone.Batch(Now, 1));
        await phone.ReadAckAsync(1);
        await server.City.GetRequiredKeyedService<FeedReader>("log").LookAsync(Cancel);
        RedisKey[] behind = [keys.Log, keys.LogSegment(1)];
        var dumps = await Task.WhenAll(behind.Select(key => store.KeyDumpAsync(key)));
        server.City.GetRequiredService<LogAppend>().Appended = _ => { };
        await phone.SendAsync(DriverPhone.Batch(Now, 2));
        await phone.ReadAckAsync(2);

        await Task.WhenAll(behind.Zip(dumps, (key, dump) => store.ExecuteAsync("RESTORE", key, 0, dump!, "REPLACE")));
        await CheckpointAsync(server);

        await using var again = await ServerHost.StartAsync(redis);
        Assert.Equal(1UL, again.City.GetRequiredService<LoggedDrivers>().Resume(new DriverClaim(1, "w"), new ClaimRequest("d1", "s1"), Now).ResumeAfterSequence);
    }

    private static Task<bool> CheckpointAsync(ServerHost server) => server.City.GetRequiredService<LogCheckpoints>().WriteAsync(Cancel);

    private static async Task DamageAsync(IDatabase store, string damage)
    {
        var keys = new StoreKeys("default");
        var parts = keys.LogCheckpointParts(Checkpoint.Parse((string)(await store.StringGetAsync(keys.LogCheckpoint))!).Name);
        switch (damage)
        {
            case "pointer":
                await store.StringSetAsync(keys.LogCheckpoint, "poison");
                break;
            case "part lost":
                await store.ListLeftPopAsync(parts);
                break;
            case "part damaged":
                await store.ListSetByIndexAsync(parts, 0, "\xff\xff");
                break;
            case "all gone":
                await store.KeyDeleteAsync([parts, keys.LogCheckpoint]);
                break;
        }
    }
}
