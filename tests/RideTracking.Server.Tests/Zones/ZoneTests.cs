using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;
using RideTracking.Server.Areas;
using RideTracking.Server.Log;
using RideTracking.Server.Store;
using RideTracking.Server.Store.Events;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.Server.Tests.Streams;
using RideTracking.Server.Zones;
using RideTracking.V1;
using StackExchange.Redis;

namespace RideTracking.Server.Tests.Zones;

public sealed class ZoneTests
{
    // Around where phones start; they drive north at 11 m/s, 1000e-7 degrees a fix.
    private const string Square = """{"type":"Polygon","coordinates":[[[-8.62,41.1505],[-8.60,41.1505],[-8.60,41.1525],[-8.62,41.1525],[-8.62,41.1505]]]}""";

    private static readonly long Now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_zone_is_made_changed_listed_and_deleted_and_survives_a_restart()
    {
        await using var redis = await RedisProcess.StartAsync();
        ulong version;
        await using (var server = await ServerHost.StartAsync(redis))
        {
            var fleet = new ZoneWorld(server);
            var made = await fleet.UpsertAsync("a", ZoneKind.Geofence, Square);
            var changed = await fleet.UpsertAsync("a", ZoneKind.NoPickup, Square);
            Assert.True(changed.Version > made.Version);
            version = (await fleet.UpsertAsync("b", ZoneKind.Queue, Square)).Version;
            // Of what tools export around a geometry, the geometry is kept: whoever draws a zone need not know all of it.
            var imported = await fleet.UpsertAsync(
                "c", ZoneKind.Geofence, $$"""{"type":"FeatureCollection","features":[{"type":"Feature","geometry":null},{"type":"Feature","geometry":{{Square}} }]}""");
            Assert.StartsWith("""{"type":"Polygon","coordinates":[[[""", imported.GeoJson, StringComparison.Ordinal);
            var page = await fleet.Client.ListZonesAsync(new ListZonesRequest { PageSize = 1 }, fleet.Ops, cancellationToken: Cancel);
            Assert.Equal(("a", "a"), (Assert.Single(page.Zones).ZoneId, page.NextPageToken));
            await fleet.Client.DeleteZoneAsync(new DeleteZoneRequest { ZoneId = "a" }, fleet.Ops, cancellationToken: Cancel);
            var gone = await Assert.ThrowsAsync<RpcException>(async () => await fleet.Client.GetZoneAsync(new GetZoneRequest { ZoneId = "a" }, fleet.Ops, cancellationToken: Cancel));
            Assert.Equal((StatusCode.NotFound, "ZONE_NOT_FOUND"), (gone.StatusCode, gone.GetRpcStatus()!.GetDetail<ErrorInfo>()!.Reason));
        }

        await using var again = await ServerHost.StartAsync(redis);
        var world = new ZoneWorld(again);
        var kept = (await world.Client.GetZoneAsync(new GetZoneRequest { ZoneId = "b" }, world.Ops, cancellationToken: Cancel)).Zone;
        Assert.Equal((version, ZoneKind.Queue, Square), (kept.Version, kept.Kind, kept.GeoJson));
        // Made again it must not look like an older one.
        Assert.True((await world.UpsertAsync("a", ZoneKind.Geofence, Square)).Version > version);
    }

    [Fact]
    public async Task A_driver_enters_dwells_and_leaves_and_a_watcher_comes_back_where_it_was()
    {
        await using var server = await ServerHost.StartAsync();
        var world = new ZoneWorld(server);
        var zone = await world.UpsertAsync("field", ZoneKind.Geofence, Square, dwell: TimeSpan.FromSeconds(5));
        await using var phone = await DriverPhone.ConnectAsync(server, "d1");
        await DriveAsync(phone, first: 1, count: 40);

        var events = await world.ReadAsync("", 3);
        Assert.Equal([ZoneEventKind.Enter, ZoneEventKind.Dwell, ZoneEventKind.Exit], events.Select(e => e.Kind));
        Assert.Equal([ZoneEventCause.Moved, ZoneEventCause.Unspecified, ZoneEventCause.Left], events.Select(e => e.Cause));
        Assert.All(events, e => Assert.Equal(
            ("d1", "field", zone.Version, ZoneKind.Geofence, false, ""), (e.DriverId, e.ZoneId, e.ZoneVersion, e.ZoneKind, e.Late, e.CorrectsEventId)));
        Assert.Equal([1UL, 2UL, 3UL], events.Select(e => e.DriverEventNumber));
        Assert.Equal(3, events.Select(e => e.EventId).Distinct().Count());
        // At 41.15 + n × 0.0001: the sixth fix is the first inside, clear of the border by 10 m.
        Assert.InRange(events[0].Location.Latitude, 41.1505, 41.1508);
        Assert.InRange(events[2].Location.Latitude, 41.1525, 41.1528);
        Assert.Equal(TimeSpan.FromSeconds(5), events[1].HappenedAt.ToDateTimeOffset() - events[0].HappenedAt.ToDateTimeOffset());

        Assert.Equal(events.Skip(1), await world.ReadAsync(events[0].Cursor, 2));
        Assert.Equal(["field"], (await world.ReadAsync("", 3, "field")).Select(e => e.ZoneId).Distinct());
    }

    [Fact]
    public async Task A_restarted_server_makes_no_enter_up_for_who_stayed_inside()
    {
        await using var redis = await RedisProcess.StartAsync();
        List<ZoneEvent> before;
        await using (var server = await ServerHost.StartAsync(redis))
        {
            var world = new ZoneWorld(server);
            await world.UpsertAsync("field", ZoneKind.Geofence, Square);
            await using var phone = await DriverPhone.ConnectAsync(server, "d1");
            await DriveAsync(phone, first: 1, count: 12);
            before = await world.ReadAsync("", 1);
        }

        await using var again = await ServerHost.StartAsync(redis);
        await using var back = await DriverPhone.ConnectAsync(again, "d1");
        await DriveAsync(back, first: 13, count: 28);
        var all = await new ZoneWorld(again).ReadAsync("", 2);
        Assert.Equal(before[0], all[0]);
        Assert.Equal((ZoneEventKind.Exit, 2UL), (all[1].Kind, all[1].DriverEventNumber));
    }

    [Fact]
    public async Task What_happens_while_the_store_is_away_is_told_in_order_when_it_is_back()
    {
        await using var redis = await RedisProcess.StartAsync(durable: true);
        await using var server = await ServerHost.StartAsync(redis);
        var world = new ZoneWorld(server);
        await world.UpsertAsync("field", ZoneKind.Geofence, Square);
        await using var phone = await DriverPhone.ConnectAsync(server, "d1");
        await DriveAsync(phone, first: 1, count: 4);

        redis.Kill();
        await phone.SendAsync(DriverPhone.Batch(Now + 45_000, 5, 36));
        await StoreOutageTests.SeenAsync(server, "d1", 40);
        await redis.StartAgainAsync();
        await phone.ReadAckAsync(40);
        var events = await world.ReadAsync("", 2);
        Assert.Equal([ZoneEventKind.Enter, ZoneEventKind.Exit], events.Select(e => e.Kind));
        Assert.Equal([1UL, 2UL], events.Select(e => e.DriverEventNumber));
    }

    [Fact, Trait(SpreadNodes.Trait, SpreadNodes.OneNode)]
    public async Task The_log_takes_no_fix_before_the_store_has_what_it_has_caused()
    {
        await using var server = await ServerHost.StartAsync();
        var ahead = server.City.GetRequiredService<WriteAhead>();
        var log = server.City.GetRequiredService<FixLog>();
        await using var phone = await DriverPhone.ConnectAsync(server, "d1");
        await DriveAsync(phone, first: 1, count: 1);
        ahead.Caused();
        await phone.SendAsync(DriverPhone.Batch(Now + 5_000, 2));
        await StoreOutageTests.SeenAsync(server, "d1", 2);
        var flushed = log.FlushAsync(Cancel);
        // Long enough for a batch that does not wait: a whole connection is made and a fix of it seen.
        await using var other = await DriverPhone.ConnectAsync(server, "d2");
        await other.SendAsync(DriverPhone.Batch(Now + 5_000, 1));
        await StoreOutageTests.SeenAsync(server, "d2", 1);
        Assert.False(flushed.IsCompleted);
        ahead.Written(1);
        await flushed;
        await phone.ReadAckAsync(2);
    }

    [Fact]
    public async Task A_killed_server_tells_each_event_at_least_once_and_the_same_by_its_id()
    {
        var folder = Directory.CreateTempSubdirectory("killed-zones-").FullName;
        await using var redis = await RedisProcess.StartAsync();
        await using (var server = await ServerProcess.StartAsync(folder, redis))
        {
            // The zone is made by a node that stays.
            await using var other = await ServerHost.StartAsync(redis);
            var world = new ZoneWorld(other);
            await world.UpsertAsync("field", ZoneKind.Geofence, Square);
            const int rounds = 4;
            for (var round = 0; round < rounds; round++)
            {
                // Every other kill comes while the driver is inside; none waits for the event to be written.
                await DriveToAsync(server, first: 1 + (round * 20), count: 20);
                server.Kill();
                await server.StartAgainAsync();
            }

            await DriveToAsync(server, first: 1 + (rounds * 20), count: 1);
            var events = new List<ZoneEvent>();
            while (events.Count < 2)
            {
                // Those told more than once are there more than once.
                var after = events.Count == 0 ? "" : events[^1].Cursor;
                events = [.. events.Concat(await world.ReadAsync(after, 1)).DistinctBy(e => e.EventId)];
            }

            Assert.Equal([ZoneEventKind.Enter, ZoneEventKind.Exit], events.Select(e => e.Kind));
            Assert.Equal([1UL, 2UL], events.Select(e => e.DriverEventNumber));
        }

        Directory.Delete(folder, recursive: true);

        async Task DriveToAsync(ServerProcess server, int first, int count)
        {
            using var channel = GrpcChannel.ForAddress(server.GrpcAddress);
            var token = await File.ReadAllTextAsync(Path.Combine(folder, "dev-service.token"), Cancel);
            using var call = new DriverService.DriverServiceClient(channel).Connect(
                new Metadata { { "authorization", "Bearer " + token.Trim() } }, cancellationToken: Cancel);
            await call.RequestStream.WriteAsync(
                new ConnectRequest { Hello = new Hello { ProtocolVersion = 1, DriverId = "d1", SessionId = "s" } }, Cancel);
            await call.RequestStream.WriteAsync(
                new ConnectRequest { Locations = DriverPhone.Batch(Now + ((first + count) * 1000L), (ulong)first, count) }, Cancel);
            while (await call.ResponseStream.MoveNext(Cancel) && !(call.ResponseStream.Current.FixAck?.ThroughSequence >= (ulong)(first + count - 1)))
            {
            }
        }
    }

    [Trait(SpreadNodes.Trait, SpreadNodes.OneNode)]
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_driver_in_thousands_of_zones_at_once_is_told_of_each_and_the_log_goes_on(bool onRedis)
    {
        // More than a script can unpack at once, with two values for each.
        const int many = 4_001;
        string entered;
        var folder = Directory.CreateTempSubdirectory("many-zones-").FullName;
        await using (var redis = onRedis ? await RedisProcess.StartAsync() : null)
        {
            await using (var server = await ServerHost.StartAsync(redis, dataFolder: folder))
            {
                // One by one they would be as many sets of zones.
                var area = server.City.GetRequiredService<Area>();
                await Task.WhenAll(Enumerable.Range(0, many).Select(StoredZone).Select(zone => area.Writes.HashSetAsync(area.Keys.Zones, zone.Name, zone.Value)));
                server.Services.GetRequiredService<RedisStore>().BeginAgain();
                await ServerHost.UntilAsync(() => server.City.GetRequiredService<ZoneBook>().Set.Zones.Length == many);
                await using var phone = await DriverPhone.ConnectAsync(server, "d1");
                await DriveAsync(phone, first: 1, count: 12);
                var events = await new ZoneWorld(server).ReadAsync("", many);
                AssertEach(events, ZoneEventKind.Enter, firstNumber: 1);
                entered = events[^1].Cursor;
            }

            // The visits were written whole: nobody enters again.
            await using var again = await ServerHost.StartAsync(redis, dataFolder: folder);
            await using var back = await DriverPhone.ConnectAsync(again, "d1");
            await DriveAsync(back, first: 13, count: 28);
            AssertEach(await new ZoneWorld(again).ReadAsync(entered, many), ZoneEventKind.Exit, firstNumber: 1 + many);
        }

        Directory.Delete(folder, recursive: true);

        static HashEntry StoredZone(int number)
        {
            var zone = ZoneWorld.Zone($"z{number:0000}", ZoneKind.Geofence, Square);
            zone.Version = 1;
            return new HashEntry(zone.ZoneId, zone.ToByteArray());
        }

        static void AssertEach(List<ZoneEvent> events, ZoneEventKind kind, int firstNumber)
        {
            Assert.All(events, e => Assert.Equal(kind, e.Kind));
            Assert.Equal(Enumerable.Range(firstNumber, many), events.Select(e => (int)e.DriverEventNumber));
            Assert.Equal(many, events.Select(e => e.ZoneId).Distinct().Count());
        }
    }

    [Fact]
    public async Task A_deleted_zone_is_left_by_who_stands_still_in_it()
    {
        await using var server = await ServerHost.StartAsync();
        var world = new ZoneWorld(server);
        await using var phone = await DriverPhone.ConnectAsync(server, "d1");
        await DriveAsync(phone, first: 1, count: 12);
        await world.UpsertAsync("field", ZoneKind.Geofence, Square);
        await world.ReadAsync("", 0);
        await DriveAsync(phone, first: 13, count: 1);
        await world.ReadAsync("", 1);
        await world.Client.DeleteZoneAsync(new DeleteZoneRequest { ZoneId = "field" }, world.Ops, cancellationToken: Cancel);
        var left = (await world.ReadAsync("", 2))[1];
        Assert.Equal((ZoneEventKind.Exit, ZoneEventCause.ZoneDeleted), (left.Kind, left.Cause));
    }

    [Fact]
    public async Task Another_node_has_the_zone_and_its_events_too()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var one = await ServerHost.StartAsync(redis);
        await using var other = await ServerHost.StartAsync(redis);
        var here = new ZoneWorld(one);
        var there = new ZoneWorld(other);
        await here.UpsertAsync("field", ZoneKind.Geofence, Square);
        await ListedAsync(there, 1);
        await using var phone = await DriverPhone.ConnectAsync(other, "d1");
        await DriveAsync(phone, first: 1, count: 12);
        Assert.Equal(await there.ReadAsync("", 1), await here.ReadAsync("", 1));
        await here.Client.DeleteZoneAsync(new DeleteZoneRequest { ZoneId = "field" }, here.Ops, cancellationToken: Cancel);
        await ListedAsync(there, 0);
        Assert.Equal(ZoneEventCause.ZoneDeleted, (await here.ReadAsync("", 2))[1].Cause);
    }

    private static async Task ListedAsync(ZoneWorld world, int count)
    {
        while ((await world.Client.ListZonesAsync(new ListZonesRequest(), world.Ops, cancellationToken: Cancel)).Zones.Count != count)
        {
            Cancel.ThrowIfCancellationRequested();
        }
    }

    public static TheoryData<string, Zone, string> Wrong => new()
    {
        { "zone.zone_id", ZoneWorld.Zone("no id", ZoneKind.Geofence, Square), "" },
        { "zone.kind", ZoneWorld.Zone("z", ZoneKind.Unspecified, Square), "" },
        { "zone.kind", ZoneWorld.Zone("z", (ZoneKind)77, Square), "" },
        { "zone.dwell_after", ZoneWorld.Zone("z", ZoneKind.Geofence, Square, TimeSpan.Zero), "" },
        { "zone.geo_json", ZoneWorld.Zone("z", ZoneKind.Geofence, "{"), "" },
        { "zone.geo_json", ZoneWorld.Zone("z", ZoneKind.Geofence, """{"type":"Point","coordinates":[1,2]}"""), "Polygon" },
        { "zone.geo_json", ZoneWorld.Zone("z", ZoneKind.Geofence, """{"type":"Polygon","coordinates":[[[0,0],[1,1],[0,0]]]}"""), "ring 0" },
        { "zone.geo_json", ZoneWorld.Zone("z", ZoneKind.Geofence, """{"type":"Polygon","coordinates":[[[0,0],[1,1],[1,0],[0,1],[0,0]]]}"""), "longitude 0.5, latitude 0.5" },
        { "zone.geo_json", ZoneWorld.Zone("z", ZoneKind.Geofence, """{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,91],[0,0]]]}"""), "point 2" },
        { "zone.geo_json", ZoneWorld.Zone("z", ZoneKind.Geofence, ZoneWorld.Comb(teeth: 4_950)), "MaxCrossings" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task A_wrong_zone_is_told_what_and_where(string field, Zone zone, string where)
    {
        await using var server = await ServerHost.StartAsync();
        var world = new ZoneWorld(server);
        var refused = await Assert.ThrowsAsync<RpcException>(
            async () => await world.Client.UpsertZoneAsync(new UpsertZoneRequest { Zone = zone }, world.Ops, cancellationToken: Cancel));
        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
        var violation = Assert.Single(refused.GetRpcStatus()!.GetDetail<BadRequest>()!.FieldViolations);
        Assert.Equal(field, violation.Field);
        Assert.Contains(where, violation.Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stored_zone_that_is_over_a_limit_is_not_used_and_the_others_are()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var connection = await redis.ConnectAsync();
        // As a server without the limit has taken it.
        var comb = ZoneWorld.Zone("comb", ZoneKind.Geofence, ZoneWorld.Comb(teeth: 4_950));
        comb.Version = 1;
        await connection.GetDatabase().HashSetAsync(new StoreKeys("default").Zones, "comb", comb.ToByteArray());

        await using var server = await ServerHost.StartAsync(redis);
        var world = new ZoneWorld(server);
        await world.UpsertAsync("field", ZoneKind.Geofence, Square);
        Assert.Equal(["field"], server.City.GetRequiredService<ZoneBook>().Set.Zones.Select(z => z.Id));
        // There to be mended.
        Assert.Equal(2, (await world.Client.ListZonesAsync(new ListZonesRequest(), world.Ops, cancellationToken: Cancel)).Zones.Count);
    }

    [Fact]
    public async Task Zones_that_have_too_many_points_together_are_refused_and_one_may_be_replaced()
    {
        await using var server = await ServerHost.StartAsync(args: ["--Zones:MaxPointsTogether", "1000"]);
        var world = new ZoneWorld(server);
        // 503 points each.
        var comb = ZoneWorld.Comb(teeth: 250);
        await world.UpsertAsync("a", ZoneKind.Geofence, comb);
        var refused = await Assert.ThrowsAsync<RpcException>(() => world.UpsertAsync("b", ZoneKind.Geofence, comb));
        Assert.Equal((StatusCode.ResourceExhausted, "TOO_MANY_POINTS"), (refused.StatusCode, refused.GetRpcStatus()!.GetDetail<ErrorInfo>()!.Reason));
        Assert.Contains("1006", refused.Status.Detail, StringComparison.Ordinal);
        await world.UpsertAsync("a", ZoneKind.NoPickup, comb);
        await world.UpsertAsync("b", ZoneKind.Geofence, Square);
    }

    [Fact]
    public async Task A_cursor_that_is_older_than_what_is_kept_is_told_so()
    {
        await using var server = await ServerHost.StartAsync(args: ["--Zones:EventsKept", "1000"]);
        var world = new ZoneWorld(server);
        foreach (var zone in Enumerable.Range(0, 60))
        {
            await world.UpsertAsync($"z{zone}", ZoneKind.Geofence, Square);
        }

        // Nine drivers into and out of sixty zones.
        var first = "";
        for (var i = 0; i < 9; i++)
        {
            await using var phone = await DriverPhone.ConnectAsync(server, $"d{i}");
            await DriveAsync(phone, first: 1, count: 40);
            first = i == 0 ? (await world.ReadAsync("", 1))[0].Cursor : first;
        }

        using var watch = world.Watch(first);
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await watch.ResponseStream.MoveNext(Cancel));
        var info = refused.GetRpcStatus()!.GetDetail<ErrorInfo>()!;
        Assert.Equal((StatusCode.OutOfRange, "CURSOR_TOO_OLD"), (refused.StatusCode, info.Reason));
        // What it says is where all that is kept begins, which is where whoever gives no cursor begins.
        Assert.Equal(await world.ReadAsync("", 900), await world.ReadAsync(info.Metadata["oldest_cursor"], 900));
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task A_cursor_that_the_store_has_forgotten_or_never_gave_is_refused(bool onRedis)
    {
        await using var redis = onRedis ? await RedisProcess.StartAsync() : null;
        await using var server = await ServerHost.StartAsync(redis);
        var world = new ZoneWorld(server);
        await world.UpsertAsync("field", ZoneKind.Geofence, Square, dwell: TimeSpan.FromSeconds(5));
        await using var phone = await DriverPhone.ConnectAsync(server, "d1");
        await DriveAsync(phone, first: 1, count: 40);
        var events = await world.ReadAsync("", 3);
        for (var i = 0; i < events.Count; i++)
        {
            Assert.Equal(events.Skip(i + 1), await world.ReadAsync(events[i].Cursor, events.Count - i - 1));
            var other = EventPosition.Parse(events[i].Cursor)!.Value with { Token = 0x5eed };
            Assert.Equal((StatusCode.OutOfRange, "CURSOR_UNKNOWN"), await RefusedAsync($"{other}", s => s.GetDetail<ErrorInfo>()!.Reason));
        }

        Assert.Equal((StatusCode.OutOfRange, "CURSOR_UNKNOWN"), await RefusedAsync("4-5eed", s => s.GetDetail<ErrorInfo>()!.Reason));
        Assert.Equal((StatusCode.InvalidArgument, "after_cursor"), await RefusedAsync("3", s => s.GetDetail<BadRequest>()!.FieldViolations.Single().Field));

        async Task<(StatusCode Status, string Why)> RefusedAsync(string cursor, Func<Google.Rpc.Status, string> why)
        {
            using var watch = world.Watch(cursor);
            var refused = await Assert.ThrowsAsync<RpcException>(async () => await watch.ResponseStream.MoveNext(Cancel));
            return (refused.StatusCode, why(refused.GetRpcStatus()!));
        }
    }

    private static async Task DriveAsync(DriverPhone phone, ulong first, int count)
    {
        await phone.SendAsync(DriverPhone.Batch(Now + ((long)first * 1000) + (count * 1000L), first, count));
        Assert.Empty(await phone.ReadAckAsync(first + (ulong)count - 1));
    }
}
