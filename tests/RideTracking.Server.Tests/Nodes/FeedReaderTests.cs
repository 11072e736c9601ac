using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using RideTracking.Server.Api;
using RideTracking.Server.Areas;
using RideTracking.Server.Store;
using RideTracking.Server.Store.Events;
using RideTracking.Server.Store.Feeds;
using RideTracking.Server.Telemetry;
using RideTracking.Server.Tests.Dispatch;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.Server.Trips;
using StackExchange.Redis;

namespace RideTracking.Server.Tests.Nodes;

/// <summary>A feed is read without a gap, whatever is not heard of it, and a store that has forgotten some of it is noticed.</summary>
public sealed class FeedReaderTests : IAsyncLifetime
{
    private readonly List<string> _told = [];
    private RedisProcess _redis = null!;
    private RideWorld _world = null!;
    private ConnectionMultiplexer _admin = null!;
    private FeedReader _reader = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private IDatabase Database => _admin.GetDatabase();

    private FeedKeys Keys => City<StoreKeys>().DispatchFeed;

    private int Restorations => _world.Host.Services.GetRequiredService<RedisStore>().Restorations;

    public async ValueTask InitializeAsync()
    {
        _redis = await RedisProcess.StartAsync();
        _world = await RideWorld.StartAsync(_redis);
        _admin = await _redis.ConnectAsync();
        // The server's own reader would begin again at the same faults.
        await _world.Host.City.GetRequiredKeyedService<FeedReader>("dispatch").HoldAsync();
        _reader = NewReader(new FeedWriter(Keys));
        await _reader.LookAsync(Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await _admin.DisposeAsync();
        await _world.DisposeAsync();
        await _redis.DisposeAsync();
    }

    [Fact]
    public async Task What_nobody_hears_is_read_at_the_next_look_in_its_order()
    {
        await CommitAsync("d1", "d2", "d3");
        await _reader.TakeInAsync(Cancel);
        Assert.Empty(_told);

        await _reader.LookAsync(Cancel);
        await _reader.LookAsync(Cancel);

        Assert.Equal(["d1", "d2", "d3"], _told);
    }

    [Fact]
    public async Task What_is_heard_is_applied_at_once_and_once()
    {
        await CommitAsync("d1");
        await HearAsync(0, 0);
        await CommitAsync("d2");
        await HearAsync(1, 0);

        Assert.Equal(["d1", "d2"], _told);
    }

    [Fact]
    public async Task A_message_that_is_lost_is_read_when_a_later_one_comes()
    {
        await CommitAsync("d1", "d2", "d3", "d4");

        await HearAsync(0, 2, 3);

        Assert.Equal(["d1", "d2", "d3", "d4"], _told);
    }

    [Fact]
    public async Task More_than_the_intake_holds_is_read_in_the_end()
    {
        var drivers = Enumerable.Range(0, 5_000).Select(i => $"d{i}").ToArray();
        await CommitAsync(drivers);
        foreach (var entry in await EntriesAsync())
        {
            _reader.Hear(entry);
        }

        await _reader.TakeInAsync(Cancel);

        Assert.Equal(drivers, _told);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_entry_under_a_number_that_was_given_before_is_no_successor(bool isHeard)
    {
        await CommitAsync("d1", "d2");
        await _reader.LookAsync(Cancel);
        var before = Restorations;

        await ForgetLastAsync();
        await CommitAsync("other", "d3");
        await (isHeard ? HearAsync(1, 2) : _reader.LookAsync(Cancel));

        Assert.Equal(before + 1, Restorations);
        var check = new StoreHealth(_world.Host.Services.GetRequiredService<StoreProbe>(), _world.Host.Services.GetRequiredService<StoreGenerations>());
        var health = await check.CheckHealthAsync(new HealthCheckContext(), Cancel);
        Assert.Equal(HealthStatus.Degraded, health.Status);
        Assert.Contains("the test feed was begun again at ", health.Description, StringComparison.Ordinal);
        _told.Clear();
        await CommitAsync("d4");
        await _reader.LookAsync(Cancel);
        Assert.Equal("d4", _told[^1]);
        Assert.DoesNotContain("d2", _told);
        Assert.Equal(before + 1, Restorations);
    }

    [Fact]
    public async Task A_store_that_has_forgotten_its_last_entry_is_noticed_while_nothing_happens()
    {
        await CommitAsync("d1", "d2");
        await _reader.LookAsync(Cancel);
        var before = Restorations;

        await ForgetLastAsync();
        await _reader.LookAsync(Cancel);

        Assert.Equal(before + 1, Restorations);
    }

    // As a claim does: what memory has beyond the place may be what the store has forgotten.
    [Fact]
    public async Task Who_waits_for_a_place_that_is_behind_what_was_read_looks_whether_the_store_has_forgotten()
    {
        await CommitAsync("d1", "d2");
        await _reader.LookAsync(Cancel);
        var before = Restorations;

        await ForgetLastAsync();
        await _reader.ReadThroughAsync(await HeadAsync(), Cancel);

        Assert.Equal(before + 1, Restorations);
    }

    [Fact]
    public async Task A_feed_that_is_gone_begins_above_all_numbers_that_were_given()
    {
        await CommitAsync("d1", "d2");
        await _reader.LookAsync(Cancel);
        var (before, given) = (Restorations, await LastNumberAsync());

        await Database.KeyDeleteAsync([Keys.Head, Keys.Entries]);
        await _reader.LookAsync(Cancel);
        Assert.Equal(before + 1, Restorations);
        await CommitAsync("d3");
        await _reader.LookAsync(Cancel);

        Assert.Equal(["d1", "d2", "d3"], _told);
        Assert.True(await LastNumberAsync() > given);
    }

    [Fact]
    public async Task Who_slept_longer_than_entries_are_kept_begins_again()
    {
        await CommitAsync("d1", "d2", "d3");
        var before = Restorations;
        await Database.SortedSetRemoveRangeByRankAsync(Keys.Entries, 0, 1);

        await _reader.LookAsync(Cancel);

        Assert.Equal(before + 1, Restorations);
        _told.Clear();
        await CommitAsync("d4");
        await _reader.LookAsync(Cancel);
        Assert.Equal(["d4"], _told);
    }

    [Fact]
    public async Task An_own_commit_that_the_store_has_forgotten_before_it_was_read_is_noticed()
    {
        var own = NewReader(City<Area>().Feed);
        await CommitAsync("d1");
        await own.LookAsync(Cancel);
        await own.LookAsync(Cancel);
        var before = Restorations;
        await CommitAsync("d2");
        await ForgetLastAsync();
        var forgotten = City<Area>().Feed.Own.Committed();
        Assert.Single(forgotten);

        // Another node's, under the same number and more: to who did not read the own one, the chain is whole.
        await CommitElsewhereAsync("d3", "d4");
        await own.LookAsync(Cancel);
        await own.LookAsync(Cancel);

        Assert.Equal(before + 1, Restorations);
        Assert.Empty(City<Area>().Feed.Own.Committed());
    }

    [Fact]
    public async Task A_commit_whose_answer_comes_after_the_feed_has_begun_again_is_not_taken_for_forgotten()
    {
        var writer = new FeedWriter(Keys);
        var reader = NewReader(writer);
        await CommitAsync("d1", "d2");
        await reader.LookAsync(Cancel);
        // Its entry is before the place that is gone on from, and is read no more.
        writer.Own.Sent(7);
        await ForgetLastAsync();
        await reader.LookAsync(Cancel);
        var before = Restorations;
        writer.Own.Answered(7, isCommitted: true);

        await reader.LookAsync(Cancel);
        await reader.LookAsync(Cancel);
        await reader.LookAsync(Cancel);

        Assert.Equal(before, Restorations);
    }

    [Fact]
    public async Task An_entry_that_cannot_be_read_keeps_no_other_from_being_read()
    {
        await CommitAsync("d1", "d2", "d3");
        var entries = await EntriesAsync();
        var damaged = entries[1][..^1];
        await Database.SortedSetRemoveAsync(Keys.Entries, entries[1]);
        await Database.SortedSetAddAsync(Keys.Entries, damaged, double.Parse(System.Text.Encoding.ASCII.GetString(entries[1]).Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture));
        _world.Host.ExpectErrors("dispatch_feed");

        await _reader.LookAsync(Cancel);

        Assert.Equal(["d1", "d3"], _told);
    }

    private FeedReader NewReader(FeedWriter writer)
    {
        var loop = City<Area>().MachineLoop("dispatch_feed");
        var (store, generations) = (_world.Host.Services.GetRequiredService<RedisStore>(), _world.Host.Services.GetRequiredService<StoreGenerations>());
        return new FeedReader(
            new FeedEntries(store, Keys), writer.Own, new FeedListeners([new FeedListener("told", change => _told.Add(change.Text(0)))], store.Format, loop).Apply,
            why => generations.BeginAgain("test", why),
            new FeedMetrics(City<AreaMeter>(), "test"), loop, City<ILogger<FeedReader>>());
    }

    private T City<T>()
        where T : notnull => _world.Host.City.GetRequiredService<T>();

    private async Task CommitAsync(params string[] drivers)
    {
        foreach (var driver in drivers)
        {
            Assert.IsType<Told>(await City<Dispatcher>().TellAsync(driver, CommandWire.QueuePosition("z1", "Station", 1, 1, 5, _world.Time.GetUtcNow())));
        }
    }

    private async Task CommitElsewhereAsync(params string[] drivers)
    {
        await using var elsewhere = await RideWorld.StartAsync(_redis);
        foreach (var driver in drivers)
        {
            await elsewhere.Host.City.GetRequiredService<Dispatcher>().TellAsync(driver, CommandWire.QueuePosition("z1", "Station", 1, 1, 5, _world.Time.GetUtcNow()));
        }
    }

    private async Task<byte[][]> EntriesAsync() => [.. (await Database.SortedSetRangeByRankAsync(Keys.Entries)).Select(e => (byte[])e!)];

    private async Task HearAsync(params int[] places)
    {
        var entries = await EntriesAsync();
        foreach (var place in places)
        {
            _reader.Hear(entries[place]);
        }

        await _reader.TakeInAsync(Cancel);
    }

    private async Task<EventPosition> HeadAsync()
    {
        var head = ((string)(await Database.StringGetAsync(Keys.Head))!).Split(' ');
        return new EventPosition(ulong.Parse(head[0], System.Globalization.CultureInfo.InvariantCulture), EventPosition.ParseToken(head[1]));
    }

    private async Task<long> LastNumberAsync() => long.Parse(((string)(await Database.StringGetAsync(Keys.Head))!).Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);

    // As a replica that is promoted and lacks the last write.
    private async Task ForgetLastAsync()
    {
        var head = ((string)(await Database.StringGetAsync(Keys.Head))!).Split(' ');
        var entries = await EntriesAsync();
        var last = System.Text.Encoding.UTF8.GetString(entries[^2]).Split(' ');
        await Database.SortedSetRemoveAsync(Keys.Entries, entries[^1]);
        await Database.StringSetAsync(Keys.Head, $"{last[0]} {last[1]} {head[2]} {head[3]}");
    }
}
