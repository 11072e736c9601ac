using Microsoft.Extensions.DependencyInjection;
using RideTracking.Server.Areas;
using RideTracking.Server.Log;
using RideTracking.Server.Store;
using RideTracking.Server.Store.Feeds;
using RideTracking.Server.Tests.Fixtures;
using StackExchange.Redis;

namespace RideTracking.Server.Tests.Zones;

public sealed class ZoneScriptTests
{
    [Theory, InlineData(false), InlineData(true)]
    public async Task What_a_driver_did_by_fixes_of_a_connection_that_is_another_nodes_by_now_is_that_nodes_to_tell(bool onRedis)
    {
        await using var redis = onRedis ? await RedisProcess.StartAsync() : null;
        await using var server = await ServerHost.StartAsync(redis);
        var claims = server.City.GetRequiredService<ConnectionClaims>();
        foreach (var driverId in (string[])["stays", "gone", "gone"])
        {
            await claims.ClaimAsync(new ClaimRequest(driverId, "s"), TestContext.Current.CancellationToken);
        }

        var store = server.Services.GetRequiredService<RedisStore>();
        var keys = server.City.GetRequiredService<StoreKeys>();
        // Driver and epoch of whose fixes told it: held here, by another node since, by time alone, never claimed.
        RedisValue[] drivers = ["stays", 1, "gone", 1, "gone", "", "never", 1];
        Assert.Equal(["ok", "3"], (string[])(await new FeedWriter(new FeedKeys("rt:{default}:unread", "rt:{default}:unread:head")).RunAsync(
            store.Writes, StoreScript.ZoneEvents, [keys.ZoneEvents, keys.ZoneEventsCursor, keys.ZoneVisits, keys.Connections],
            [100, "ab", "another", 4, .. drivers, 4, 1, "stayed", 2, "went", 3, "stale", 4, "came", 1, "here", 2, "not here"]))!);
        Assert.Equal(
            ["1 ab 0 stayed", "2 ab ab stale", "3 ab ab came"],
            (await store.Bulk.SortedSetRangeByRankAsync(keys.ZoneEvents)).Select(e => (string)e!));
        Assert.Equal([new HashEntry("stays", "here")], await store.Bulk.HashGetAllAsync(keys.ZoneVisits));
    }
}
