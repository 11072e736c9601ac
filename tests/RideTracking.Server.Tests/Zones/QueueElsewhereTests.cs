using System.Collections.Immutable;
using Microsoft.Extensions.DependencyInjection;
using RideTracking.Server.Areas;
using RideTracking.Server.Store;
using RideTracking.Server.Store.Feeds;
using RideTracking.Server.Tests.Dispatch;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.Server.Zones;
using RideTracking.V1;
using StackExchange.Redis;

namespace RideTracking.Server.Tests.Zones;

/// <summary>A queue that one node keeps, and another that hears nothing of it.</summary>
[Trait(SpreadNodes.Trait, SpreadNodes.OneNode)]
public sealed class QueueElsewhereTests : IAsyncLifetime
{
    private static readonly StoreKeys Keys = new("default");
    private RedisProcess _redis = null!;
    private ConnectionMultiplexer _connection = null!;
    private IDatabase _store = null!;
    private ServerHost _here = null!;
    private ServerHost _elsewhere = null!;
    private Action _release = null!;

    public async ValueTask InitializeAsync()
    {
        _redis = await RedisProcess.StartAsync();
        _connection = await _redis.ConnectAsync();
        _store = _connection.GetDatabase();
        _here = await ServerHost.StartAsync(_redis);
        _elsewhere = await ServerHost.StartAsync(_redis);
        await new ZoneWorld(_here).UpsertAsync("airport", ZoneKind.Queue, QueueTests.AroundPickup);
        await ServerHost.UntilAsync(() => !_elsewhere.City.GetRequiredService<ZoneBook>().Set.Zones.IsEmpty);
        _release = await _elsewhere.City.GetRequiredKeyedService<FeedReader>("dispatch").HoldAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _elsewhere.DisposeAsync();
        await _here.DisposeAsync();
        await _connection.DisposeAsync();
        await _redis.DisposeAsync();
    }

    [Fact]
    public async Task What_the_store_forgets_of_a_queue_the_node_that_keeps_it_knows_and_another_that_missed_it_reads()
    {
        await using var first = await QueueTests.ArriveAsync(_here, "d1", at: 10);
        Assert.Equal(1u, (await QueueTests.PositionAsync(first)).Position);
        await using var second = await QueueTests.ArriveAsync(_here, "d2", at: 1);
        Assert.Equal(2u, (await QueueTests.PositionAsync(second)).Position);

        _elsewhere.Services.GetRequiredService<RedisStore>().BeginAgain();
        await ServerHost.UntilAsync(() => ReadyAt(_elsewhere).SequenceEqual(["d1", "d2"]));

        await _store.KeyDeleteAsync(Keys.ZoneQueues);
        _here.Services.GetRequiredService<RedisStore>().BeginAgain();
        await ServerHost.UntilAsync(() => _store.KeyExists(Keys.ZoneQueues));
        Assert.Equal(["d1", "d2"], ReadyAt(_here));
        _release();
        await ServerHost.UntilAsync(() => ReadyAt(_elsewhere).SequenceEqual(["d1", "d2"]));

        static ImmutableArray<string> ReadyAt(ServerHost node) => node.City.GetRequiredService<ZoneQueues>().ReadyAt(RideWorld.Porto);
    }

    [Fact]
    public async Task Who_goes_on_at_a_node_that_has_missed_where_the_driver_was_enters_nothing_again()
    {
        await using var phone = await QueueTests.ArriveAsync(_here, "d1", at: 1);
        Assert.Equal(1u, (await QueueTests.PositionAsync(phone)).Position);
        Assert.Equal(1, await _store.SortedSetLengthAsync(Keys.ZoneEvents));

        _elsewhere.Services.GetRequiredService<RedisStore>().BeginAgain();
        await ServerHost.UntilAsync(() => _elsewhere.City.GetRequiredService<ZoneTracking>().IsInside("d1"));
        await using var moved = await DriverPhone.ConnectAsync(_elsewhere, "d1", "s2");
        await moved.SendAsync(DriverPhone.Batch(QueueTests.Now + 5_000, 2));
        await moved.ReadUntilAsync(m => m.FixAck?.ThroughSequence == 2);
        Assert.Equal(1, await _store.SortedSetLengthAsync(Keys.ZoneEvents));
        _release();
    }
}
