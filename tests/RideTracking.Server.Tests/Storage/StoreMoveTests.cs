using Microsoft.Extensions.DependencyInjection;
using RideTracking.Server.Hosting;
using RideTracking.Server.Store;
using RideTracking.Server.Tests.Dispatch;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.Server.Tests.Streams;
using RideTracking.V1;
using StackExchange.Redis;
using Role = RideTracking.Server.Access.Role;

namespace RideTracking.Server.Tests.Storage;

/// <summary>An embedded store that is moved to a Redis: with a ride under way, and with whatever goes wrong.</summary>
[Trait(SpreadNodes.Trait, SpreadNodes.OneNode)]
public sealed class StoreMoveTests : IDisposable
{
    private const string Square = """{"type":"Polygon","coordinates":[[[-8.62,41.14],[-8.6,41.14],[-8.6,41.16],[-8.62,41.16],[-8.62,41.14]]]}""";

    private readonly string _folder = Directory.CreateTempSubdirectory("moved-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_ride_under_way_goes_on_and_all_else_is_kept()
    {
        string tripId, incidentId, shareToken;
        await using (var server = await ServerHost.StartAsync(dataFolder: _folder))
        {
            var (service, channel) = (server.TokenOf(Role.Service, "backend"), server.Channel());
            var directory = new DirectoryService.DirectoryServiceClient(channel);
            foreach (var driverId in (string[])["d1", "d2"])
            {
                await directory.UpsertDriverAsync(new UpsertDriverRequest { Driver = new Driver { DriverId = driverId, DisplayName = "Driver " + driverId } }, service, cancellationToken: Cancel);
            }

            await directory.UpsertRiderAsync(new UpsertRiderRequest { Rider = new Rider { RiderId = "r1", DisplayName = "Ana" } }, service, cancellationToken: Cancel);
            await new DispatchService.DispatchServiceClient(channel).BlockDriverAsync(new BlockDriverRequest { DriverId = "d2", Reason = "papers" }, service, cancellationToken: Cancel);
            var zone = new Zone { ZoneId = "z1", DisplayName = "Z", Kind = ZoneKind.Geofence, GeoJson = Square };
            await new FleetService.FleetServiceClient(channel).UpsertZoneAsync(new UpsertZoneRequest { Zone = zone }, server.TokenOf(Role.Ops, "o"), cancellationToken: Cancel);

            await using var phone = await DriverPhone.ConnectAsync(server, "d1");
            await phone.SendAsync(DriverPhone.Batch(Now, 1, 5));
            await phone.ReadAckAsync(5);
            await ActAsync(phone, "available", action => action.SetAvailability = new SetAvailability { Availability = DriverAvailability.Available });
            var riders = new RiderService.RiderServiceClient(channel);
            tripId = (await riders.RequestTripAsync(RideWorld.Ride(), service, cancellationToken: Cancel)).Trip.TripId;
            var offer = (await phone.ReadUntilAsync(m => m.Command?.TripOffer is not null)).Command.TripOffer;
            await ActAsync(phone, "accept", action => action.OfferReply = new OfferReply { OfferId = offer.OfferId, Accepted = true });
            shareToken = (await riders.CreateShareLinkAsync(new CreateShareLinkRequest { RequestId = "s1", TripId = tripId }, service, cancellationToken: Cancel)).Token;
            incidentId = (await riders.RaiseIncidentAsync(
                new RaiseIncidentRequest { RequestId = "i1", TripId = tripId, Kind = IncidentKind.Accident }, service, cancellationToken: Cancel)).IncidentId;
        }

        await using var redis = await RedisProcess.StartAsync(durable: true);
        var said = await MoveAsync(redis);
        Assert.Contains("trip: 1 keys, 1 values", said, StringComparison.Ordinal);
        Assert.Contains("zones: ", said, StringComparison.Ordinal);
        Assert.Contains("keys were moved and found there.", said, StringComparison.Ordinal);

        await using var moved = await ServerHost.StartAsync(redis, dataFolder: _folder);
        {
            var (service, channel) = (moved.TokenOf(Role.Service, "backend"), moved.Channel());
            var riders = new RiderService.RiderServiceClient(channel);
            // Asked for once.
            Assert.Equal(tripId, (await riders.RequestTripAsync(RideWorld.Ride(), service, cancellationToken: Cancel)).Trip.TripId);
            using (var shared = riders.WatchSharedTrip(new WatchSharedTripRequest { Token = shareToken }, cancellationToken: Cancel))
            {
                Assert.True(await shared.ResponseStream.MoveNext(Cancel));
            }

            var dispatch = new DispatchService.DispatchServiceClient(channel);
            var open = await dispatch.ListIncidentsAsync(new ListIncidentsRequest { State = IncidentState.Open }, service, cancellationToken: Cancel);
            Assert.Equal([incidentId], open.Incidents.Select(incident => incident.IncidentId));
            var ops = new FleetService.FleetServiceClient(channel);
            Assert.Equal("z1", Assert.Single((await ops.ListZonesAsync(new ListZonesRequest(), moved.TokenOf(Role.Ops, "o"), cancellationToken: Cancel)).Zones).ZoneId);
            var directory = new DirectoryService.DirectoryServiceClient(channel);
            Assert.Equal(["d1", "d2"], (await directory.ListDriversAsync(new ListDriversRequest(), service, cancellationToken: Cancel)).Drivers.Select(driver => driver.DriverId).Order());
            Assert.Equal("Ana", (await directory.GetRiderAsync(new GetRiderRequest { RiderId = "r1" }, service, cancellationToken: Cancel)).Rider.DisplayName);
            await using var blocked = DriverPhone.Dial(moved, "d2");
            await blocked.SendAsync(new ConnectRequest { Hello = new Hello { ProtocolVersion = 1, DriverId = "d2", SessionId = "s" } });
            Assert.Equal("The company has blocked the driver d2: papers", (await blocked.ReadFailureAsync()).Status.Detail);

            await using var phone = await DriverPhone.ConnectAsync(moved, "d1");
            Assert.Equal(5UL, phone.Welcome.ResumeAfterSequence);
            await phone.SendAsync(DriverPhone.Batch(Now, 6, 3));
            await phone.ReadAckAsync(8);
            var trip = (await riders.GetTripAsync(new GetTripRequest { TripId = tripId }, service, cancellationToken: Cancel)).Trip;
            foreach (var waypoint in trip.Waypoints)
            {
                foreach (var step in (WaypointStep[])[WaypointStep.Arrived, WaypointStep.Done])
                {
                    await ActAsync(phone, $"{waypoint.WaypointId}.{step}", action => action.TripProgress = new TripProgress { TripId = tripId, WaypointId = waypoint.WaypointId, Step = step });
                }
            }

            Assert.Equal(TripState.Completed, (await riders.GetTripAsync(new GetTripRequest { TripId = tripId }, service, cancellationToken: Cancel)).Trip.State);
            Assert.Equal(Enumerable.Range(1, 8).Select(i => (ulong)i), (await ConnectTests.LoggedAsync(moved)).Select(logged => logged.Fix.Sequence));
        }
    }

    [Fact]
    public async Task Every_kind_of_value_is_there_with_the_moment_at_which_it_expires()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using (var server = await ServerHost.StartAsync(dataFolder: _folder))
        {
            var writes = server.Services.GetRequiredService<RedisStore>().Writes;
            await writes.SetAsync("rt:{default}:kept", "for good");
            await writes.SetAsync("rt:{default}:passing", "an hour", TimeSpan.FromHours(1));
            await Task.WhenAll(Enumerable.Range(0, 2_000).Select(i => writes.HashSetAsync("rt:{default}:many", i, new string('x', 300))));
        }

        await using var admin = await redis.ConnectAsync();
        // As the guide says it, word for word.
        var user = (await File.ReadAllTextAsync(Repository.PathOf("docs/redis.md"), Cancel)).Split("`ACL SETUSER mover ")[1].Split('`')[0];
        await admin.GetDatabase().ExecuteAsync("ACL", ["SETUSER", "mover", .. user.Split(' ')]);
        await admin.GetDatabase().ExecuteAsync("ACL", "SETUSER", "default", "off");
        Assert.Contains("many: 1 keys, 2000 values", await MoveAsync($"{redis.Endpoint},user=mover,password=PASSWORD"), StringComparison.Ordinal);
        Assert.Empty((RedisResult[])(await admin.GetDatabase().ExecuteAsync("ACL", "LOG"))!);
        var there = admin.GetDatabase();
        Assert.Equal("for good", await there.StringGetAsync("rt:{default}:kept"));
        Assert.Null(await there.KeyTimeToLiveAsync("rt:{default}:kept"));
        Assert.InRange((await there.KeyTimeToLiveAsync("rt:{default}:passing"))!.Value, TimeSpan.FromMinutes(50), TimeSpan.FromHours(1));
        Assert.Equal(2_000, await there.HashLengthAsync("rt:{default}:many"));
    }

    [Fact]
    public async Task What_was_not_moved_to_its_end_no_server_takes_for_a_store_and_a_full_Redis_takes_nothing_in()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var admin = await redis.ConnectAsync();
        await using (await ServerHost.StartAsync(dataFolder: _folder))
        {
            Assert.Contains("is in use by another server", await FailsAsync(redis), StringComparison.Ordinal);
        }

        // It does not fit.
        await admin.GetDatabase().StringSetAsync("other", "1");
        Assert.StartsWith("The Redis holds 1 keys already", await FailsAsync(redis), StringComparison.Ordinal);
        await admin.GetDatabase().KeyDeleteAsync("other");
        await using (var embedded = await ServerHost.StartAsync(dataFolder: _folder))
        {
            await embedded.Services.GetRequiredService<RedisStore>().Writes.SetAsync("rt:{default}:large", new byte[900_000]);
        }

        var used = long.Parse(((string)(await admin.GetDatabase().ExecuteAsync("INFO", "memory"))!).Split("used_memory:")[1].Split('\r')[0], System.Globalization.CultureInfo.InvariantCulture);
        await admin.GetDatabase().ExecuteAsync("CONFIG", "SET", "maxmemory", used + 400_000);
        Assert.StartsWith("It was not moved: OOM", await FailsAsync(redis), StringComparison.Ordinal);
        await admin.GetDatabase().ExecuteAsync("CONFIG", "SET", "maxmemory", "0");

        var refused = await Assert.ThrowsAsync<StartException>(async () =>
        {
            await using var app = RideTrackingServer.Build(
                ["--environment", "Development", "--grpc-port", "0", "--web-port", "0", "--data", _folder, "--redis", redis.Endpoint, "--Logging:LogLevel:Default", "None"]);
            await ServerCommands.ServeAsync(app, Cancel);
        });
        Assert.StartsWith("An embedded store is being moved to this one, or was not moved to its end", refused.Message, StringComparison.Ordinal);
        await admin.GetDatabase().ExecuteAsync("FLUSHDB");
        await MoveAsync(redis);
        await using var moved = await ServerHost.StartAsync(redis, dataFolder: _folder);
    }

    [Fact]
    public async Task It_is_moved_into_a_cluster_too()
    {
        await using var redis = await RedisProcess.StartAsync(inCluster: true);
        await using (await ServerHost.StartAsync(dataFolder: _folder))
        {
        }

        Assert.Contains("generation: 2 keys, 2 values", await MoveAsync(redis), StringComparison.Ordinal);
        await using var moved = await ServerHost.StartAsync(redis, dataFolder: _folder);
    }

    private static long Now => TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

    private Task<string> MoveAsync(RedisProcess redis) => MoveAsync(redis.Endpoint);

    private async Task<string> MoveAsync(string redis)
    {
        await using var said = new StringWriter();
        Assert.Equal(0, await MoveCommand.RunAsync(["--data", _folder, "--redis", redis], said));
        return said.ToString();
    }

    private async Task<string> FailsAsync(RedisProcess redis) => (await Assert.ThrowsAsync<StartException>(() => MoveAsync(redis))).Message;

    private static async Task ActAsync(DriverPhone phone, string actionId, Action<DriverAction> what)
    {
        var action = new DriverAction { ActionId = actionId };
        what(action);
        await phone.SendAsync(new ConnectRequest { Action = action });
        var result = (await phone.ReadUntilAsync(m => m.ActionResult?.ActionId == actionId)).ActionResult;
        Assert.Equal((0, ""), (result.Status.Code, result.Status.Message));
    }
}
