using Microsoft.Extensions.DependencyInjection;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;
using RideTracking.Server.Log;
using RideTracking.Server.Store;
using RideTracking.Server.Tests.Dispatch;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.V1;
using StackExchange.Redis;
using static RideTracking.Engine.Index.DriverAvailability;

namespace RideTracking.Server.Tests.Nodes;

/// <summary>This version, and one whose records are of a newer form, side by side on one Redis.</summary>
[Trait(SpreadNodes.Trait, SpreadNodes.OneNode)]
public sealed class RollingUpgradeTests : IAsyncLifetime
{
    private const int Newer = RecordFormat.Newest + 1;

    private readonly StoreKeys _keys = new("default");
    private RedisProcess _redis = null!;
    private ConnectionMultiplexer _connection = null!;

    private static TimeSpan Second => TimeSpan.FromSeconds(1);

    private IDatabase Stored => _connection.GetDatabase();

    public async ValueTask InitializeAsync()
    {
        _redis = await RedisProcess.StartAsync();
        _connection = await _redis.ConnectAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        await _redis.DisposeAsync();
    }

    [Fact]
    public async Task A_newer_version_beside_an_older_one_writes_what_both_read_and_the_newer_form_when_the_older_one_has_gone()
    {
        var older = await RideWorld.StartAsync(_redis);
        await using var newer = await StartNewerAsync();
        await older.Host.PassAsync<NodeLease>(Second);
        await DriveAsync(newer, older, "a");
        await DriveAsync(older, newer, "b");
        Assert.Equal(new[] { RecordFormat.Newest }, await FormsAsync());

        await older.DisposeAsync();
        await newer.Host.PassAsync<NodeLease>(Second);
        await DriveAsync(newer, newer, "c");
        Assert.Equal(new[] { RecordFormat.Newest, Newer }, await FormsAsync());

        var refused = await Assert.ThrowsAsync<StartException>(() => RideWorld.StartAsync(_redis));
        Assert.Contains($"of form {Newer}", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_newer_version_that_is_told_to_leaves_the_way_back_open()
    {
        await using var newer = await StartNewerAsync(most: RecordFormat.Newest);
        await DriveAsync(newer, newer, "a");

        await using (var older = await RideWorld.StartAsync(_redis))
        {
            await newer.Host.PassAsync<NodeLease>(Second);
            await DriveAsync(older, newer, "b");
            await DriveAsync(newer, older, "c");
        }

        await newer.Host.PassAsync<NodeLease>(Second);
        await DriveAsync(newer, newer, "d");
        Assert.Equal(new[] { RecordFormat.Newest }, await FormsAsync());
    }

    [Fact]
    public async Task Who_meets_a_form_that_it_cannot_read_writes_nothing_any_more_and_ends()
    {
        await using var older = await RideWorld.StartAsync(_redis);
        older.Host.ExpectErrors("The server ends: The nodes that share this store write records of form 2 by now");
        // As if it had been asleep while its lease ended and the others agreed.
        await Stored.HashSetAsync(_keys.Nodes, "#form", Newer);

        await older.Host.PassAsync<AreaGeneration>(Second);

        Assert.True(older.Host.Services.GetRequiredService<ServerEnd>().HasFailed);
        await Assert.ThrowsAsync<RefusedStoreException>(() => older.Host.Services.GetRequiredService<RedisStore>().Writes.SetAsync("any", "thing"));
    }

    [Fact]
    public async Task An_entry_of_a_form_that_it_cannot_read_ends_a_node_at_once()
    {
        await using var older = await RideWorld.StartAsync(_redis);
        older.Host.ExpectErrors("The server ends: The nodes that share this store write records of form 2 by now");
        older.Host.ExpectErrors("The loop dispatch_feed failed at the entries");
        await using var newer = await StartNewerAsync();
        newer.Host.Services.GetRequiredService<RedisStore>().Format.Agreed(Newer);

        await newer.RequestAsync();

        await ServerHost.UntilAsync(() => older.Host.Services.GetRequiredService<ServerEnd>().HasFailed);
    }

    private Task<RideWorld> StartNewerAsync(int? most = null) =>
        RideWorld.StartAsync(_redis, builder => builder.Services.AddSingleton(new RecordFormat(Newer, most)));

    // A driver of one node drives a rider of another, fixes and all.
    private static async Task DriveAsync(RideWorld drivers, RideWorld riders, string name)
    {
        var driver = await drivers.DriverAsync($"d-{name}", available: false);
        // No matching, whose rounds go by either clock: the company gives the trip.
        await driver.SetAsync(DriverAvailability.Paused);
        var trip = await riders.RequestAsync($"q-{name}", $"r-{name}");
        using var watch = riders.Watch(trip.TripId);
        await ServerHost.UntilAsync(() => riders.Book.PlanOf(driver.Id).Availability == Paused);
        await riders.Dispatch.AssignTripAsync(
            new AssignTripRequest { TripId = trip.TripId, DriverId = driver.Id }, riders.Service, cancellationToken: TestContext.Current.CancellationToken);
        await watch.UntilStateAsync(TripState.Assigned);
        foreach (var waypoint in trip.Waypoints)
        {
            await driver.ProgressAsync(trip.TripId, waypoint.WaypointId, WaypointStep.Arrived);
            await driver.ProgressAsync(trip.TripId, waypoint.WaypointId, WaypointStep.Done);
        }

        await watch.UntilStateAsync(TripState.Completed);
        await drivers.Host.City.GetRequiredService<FixLog>().FlushAsync(TestContext.Current.CancellationToken);
    }

    // Of entries and of batches.
    private async Task<int[]> FormsAsync()
    {
        var entries = (await Stored.SortedSetRangeByRankAsync(_keys.DispatchFeed.Entries)).Select(e => int.Parse(((string)e!).Split(' ')[3]));
        var batches = new List<int>();
        for (var segment = 1; segment <= (long)await Stored.HashGetAsync(_keys.Log, "segment"); segment++)
        {
            batches.AddRange((await Stored.ListRangeAsync(_keys.LogSegment(segment))).Select(b => FormOf((byte[])b!)));
        }

        var forms = entries.Distinct().Order().ToArray();
        Assert.Equal(forms, batches.Distinct().Order());
        return forms;
    }

    // "<number> <token> <token before> <writer> ", and then the batch.
    private static int FormOf(byte[] entry)
    {
        var at = 0;
        for (var spaces = 0; spaces < 4; at++)
        {
            spaces += entry[at] == ' ' ? 1 : 0;
        }

        return entry[at] - 1;
    }
}
