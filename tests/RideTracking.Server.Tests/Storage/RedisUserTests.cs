using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using RideTracking.Server.Areas;
using RideTracking.Server.Log;
using RideTracking.Server.Store;
using RideTracking.Server.Tests.Dispatch;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.Server.Trips;
using RideTracking.V1;
using StackExchange.Redis;
using Role = RideTracking.Server.Access.Role;

namespace RideTracking.Server.Tests.Storage;

/// <summary>The user of a Redis that docs/redis.md tells to make: the server is refused nothing, and anything else is.</summary>
[Trait(SpreadNodes.Trait, SpreadNodes.OneNode)]
public sealed partial class RedisUserTests
{
    private const string Square = """{"type":"Polygon","coordinates":[[[-8.62,41.14],[-8.6,41.14],[-8.6,41.16],[-8.62,41.16],[-8.62,41.14]]]}""";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_server_is_refused_nothing_that_it_does()
    {
        await using var redis = await RedisProcess.StartAsync(durable: true);
        await using var admin = await redis.ConnectAsync();
        await admin.GetDatabase().ExecuteAsync("CONFIG", "SET", "repl-diskless-sync-delay", "0");
        await using var replica = await ConfiguredRedis.StartAsync("--replicaof", "127.0.0.1", $"{redis.Port}");
        await MakeUserAsync(admin);
        string[] settings = ["--redis", $"{redis.Endpoint},user=ride-tracking,password=PASSWORD"];
        await ServerHost.UntilAsync(async () => ((string)(await admin.GetDatabase().ExecuteAsync("INFO", "replication"))!).Contains("state=online", StringComparison.Ordinal));
        await using (var here = await RideWorld.StartAsync(redis, null, settings))
        await using (var elsewhere = await RideWorld.StartAsync(redis, null, settings))
        {
            await here.Host.PassAsync<NodeLease>(TimeSpan.FromSeconds(1));
            await KeepDirectoryAsync(here);
            var trip = await RideAsync(here, elsewhere);
            await LogAsync(here, elsewhere);
            // The trip is kept for a day after its end.
            await here.Host.PassAsync<TripRetention>(TimeSpan.FromHours(25));
            await ServerHost.UntilAsync(() => here.Book.Find(trip.TripId) is null);
        }

        // A second run reads what the first one has left, and waits for the replica.
        await using (var again = await RideWorld.StartAsync(redis, null, [.. settings, "--Store:WaitForReplicas", "1"]))
        {
            await again.RequestAsync("q3", "r4");
            Assert.NotEmpty(again.Host.City.GetRequiredService<LoggedDrivers>().All);
        }

        Assert.Equal("", string.Join(Environment.NewLine, await LogAsync(admin)));
    }

    [Fact]
    public async Task Every_command_of_the_scripts_is_allowed()
    {
        var allowed = (await LinesAsync()).SelectMany(line => AllowedCommand().Matches(line)).Select(match => match.Groups[1].Value).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var used = Directory.GetFiles(Repository.PathOf("src/RideTracking.Server/Store/Scripts"), "*.lua").SelectMany(file => ScriptCommand().Matches(File.ReadAllText(file)))
            .Select(match => match.Groups[1].Value).Distinct().Where(command => command != Apply.Name);
        Assert.Empty(used.Except(allowed, StringComparer.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task The_user_may_do_nothing_else()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var admin = await redis.ConnectAsync();
        await MakeUserAsync(admin);
        await using var user = await ConnectionMultiplexer.ConnectAsync($"{redis.Endpoint},user=ride-tracking,password=PASSWORD,allowAdmin=true");
        var database = user.GetDatabase();
        await database.StringSetAsync("rt:{default}:mine", "1");
        foreach (var command in (string[])
        [
            "FLUSHALL", "FLUSHDB", "CONFIG GET dir", "CONFIG SET dir /", "KEYS *", "SCAN 0", "SHUTDOWN NOSAVE", "DEBUG SLEEP 0", "SAVE", "BGSAVE", "ACL LIST", "CLIENT LIST", "CLIENT KILL ID 1",
            "REPLICAOF NO ONE", "MODULE LIST", "FUNCTION LIST", "SCRIPT FLUSH", "MIGRATE 127.0.0.1 1 rt:{default}:mine 0 1", "GET theirs", "SET theirs 1", "MGET rt:{default}:mine theirs",
            "PUBLISH theirs 1", "RENAME rt:{default}:mine rt:{default}:other", "RANDOMKEY",
        ])
        {
            var parts = command.Split(' ');
            var refused = await Assert.ThrowsAsync<RedisServerException>(() => database.ExecuteAsync(parts[0], [.. parts.Skip(1)]));
            // DEBUG is refused to everybody first.
            Assert.Matches("^(NOPERM|ERR DEBUG command not allowed)", refused.Message);
        }

        foreach (var script in (string[])["return redis.call('GET', 'theirs')", "return redis.call('FLUSHALL')"])
        {
            var refused = await Assert.ThrowsAsync<RedisServerException>(() => database.ScriptEvaluateAsync(script));
            Assert.Matches("ACL failure in script|The user executing the script can't", refused.Message);
        }
    }

    [GeneratedRegex(@"\+([a-z]+)")]
    private static partial Regex AllowedCommand();

    [GeneratedRegex("'([A-Z]{3,})'")]
    private static partial Regex ScriptCommand();

    private static async Task<string[]> LinesAsync() =>
        [.. (await File.ReadAllLinesAsync(Repository.PathOf("docs/redis.md"), Cancel)).Where(line => line.StartsWith("ACL SETUSER ride-tracking ", StringComparison.Ordinal))];

    // As the guide says it, word for word.
    private static async Task MakeUserAsync(ConnectionMultiplexer admin)
    {
        var lines = await LinesAsync();
        Assert.NotEmpty(lines);
        foreach (var line in lines)
        {
            await admin.GetDatabase().ExecuteAsync("ACL", [.. line.Split(' ').Skip(1)]);
        }
    }

    private static async Task<IEnumerable<string>> LogAsync(ConnectionMultiplexer admin) =>
        ((RedisResult[])(await admin.GetDatabase().ExecuteAsync("ACL", "LOG"))!).Select(entry => string.Join(' ', ((RedisResult[])entry!).Select(part => part.ToString())));

    private static async Task KeepDirectoryAsync(RideWorld world)
    {
        await world.EnterRiderAsync("r1", "Ana", "+351 900");
        await world.EnterRiderAsync("r2", "Rui", "+351 901");
        Assert.Equal(2, (await world.Directory.ListRidersAsync(new ListRidersRequest(), world.Service, cancellationToken: Cancel)).Riders.Count);
        await world.Directory.DeleteRiderAsync(new DeleteRiderRequest { RiderId = "r2" }, world.Service, cancellationToken: Cancel);
        using (var import = world.Directory.ImportDirectory(world.Service, cancellationToken: Cancel))
        {
            await import.RequestStream.WriteAsync(new ImportDirectoryRequest { Terms = new ImportTerms { AllVehicles = true, MaxRemovals = 1 } }, Cancel);
            await import.RequestStream.WriteAsync(new ImportDirectoryRequest { Driver = new Driver { DriverId = "d9", DisplayName = "D", Revision = 7 } }, Cancel);
            await import.RequestStream.CompleteAsync();
            while (await import.ResponseStream.MoveNext(Cancel))
            {
            }
        }

        await world.Dispatch.BlockDriverAsync(new BlockDriverRequest { DriverId = "d9", Reason = "papers" }, world.Service, cancellationToken: Cancel);
        await world.Dispatch.UnblockDriverAsync(new UnblockDriverRequest { DriverId = "d9" }, world.Service, cancellationToken: Cancel);
        await world.Directory.DeleteDriverAsync(new DeleteDriverRequest { DriverId = "d9" }, world.Service, cancellationToken: Cancel);
    }

    // From the request to the end, with what happens on the way.
    private static async Task<Trip> RideAsync(RideWorld here, RideWorld elsewhere)
    {
        var driver = await here.DriverAsync("d1");
        var trip = await elsewhere.RequestAsync();
        using var events = elsewhere.Dispatch.WatchTripEvents(new WatchTripEventsRequest(), elsewhere.Service, cancellationToken: Cancel);
        var link = await elsewhere.Riders.CreateShareLinkAsync(new CreateShareLinkRequest { RequestId = "s1", TripId = trip.TripId }, elsewhere.Service, cancellationToken: Cancel);
        await driver.AcceptNextAsync();
        Assert.True(await driver.AcknowledgeReceivedAsync());
        using (var watch = elsewhere.Watch(trip.TripId))
        {
            await watch.UntilStateAsync(TripState.Assigned);
        }

        await here.Dispatch.SendDriverMessageAsync(new SendDriverMessageRequest { RequestId = "m1", DriverId = "d1", Text = "hello" }, here.Service, cancellationToken: Cancel);
        var incident = await here.Riders.RaiseIncidentAsync(
            new RaiseIncidentRequest { RequestId = "i1", TripId = trip.TripId, Kind = IncidentKind.Accident }, here.Service, cancellationToken: Cancel);
        await here.Dispatch.CloseIncidentAsync(new CloseIncidentRequest { IncidentId = incident.IncidentId, Note = "done" }, here.Service, cancellationToken: Cancel);
        await here.Dispatch.ListIncidentsAsync(new ListIncidentsRequest { State = IncidentState.Closed }, here.Service, cancellationToken: Cancel);
        await elsewhere.Riders.RevokeShareLinkAsync(new RevokeShareLinkRequest { LinkId = link.LinkId }, elsewhere.Service, cancellationToken: Cancel);
        foreach (var waypoint in trip.Waypoints)
        {
            Assert.Equal(0, (await driver.ProgressAsync(trip.TripId, waypoint.WaypointId, WaypointStep.Arrived)).Status.Code);
            Assert.Equal(0, (await driver.ProgressAsync(trip.TripId, waypoint.WaypointId, WaypointStep.Done)).Status.Code);
        }

        // Another node hears of it a moment later.
        await ServerHost.UntilAsync(async () => (await elsewhere.GetAsync(trip.TripId)).State == TripState.Completed);
        await here.Dispatch.ListTripsAsync(new ListTripsRequest(), here.Service, cancellationToken: Cancel);
        await here.CancelAsync((await here.RequestAsync("q2", "r3")).TripId);
        return trip;
    }

    // Fixes of a stream through a zone, taken over by another node; a checkpoint; and all of them read again.
    private static async Task LogAsync(RideWorld here, RideWorld elsewhere)
    {
        var ops = new FleetService.FleetServiceClient(here.Host.Channel());
        var zone = new Zone { ZoneId = "z1", DisplayName = "Z", Kind = ZoneKind.Geofence, GeoJson = Square };
        await ops.UpsertZoneAsync(new UpsertZoneRequest { Zone = zone }, here.Host.TokenOf(Role.Ops, "o"), cancellationToken: Cancel);
        await using (var phone = await DriverPhone.ConnectAsync(here.Host, "d5"))
        {
            await phone.SendAsync(DriverPhone.Batch(here.Time.GetUtcNow().ToUnixTimeMilliseconds(), 1, 5));
            await phone.ReadAckAsync(5);
            await here.Host.PassAsync<LogCheckpoints>(TimeSpan.FromMinutes(1));
            await using var taken = await DriverPhone.ConnectAsync(elsewhere.Host, "d5");
            Assert.Equal(5UL, taken.Welcome.ResumeAfterSequence);
        }

        using var watch = ops.WatchZoneEvents(new WatchZoneEventsRequest(), here.Host.TokenOf(Role.Ops, "o"), cancellationToken: Cancel);
        var read = 0;
        await foreach (var _ in here.Host.Services.GetRequiredService<AreaSet>().Home.Door<LogReader>().ReadAsync())
        {
            read++;
        }

        Assert.True(read >= 5);
        await ops.DeleteZoneAsync(new DeleteZoneRequest { ZoneId = "z1" }, here.Host.TokenOf(Role.Ops, "o"), cancellationToken: Cancel);
        await here.Host.PassAsync<LogRoom>(TimeSpan.FromSeconds(1));
    }
}
