using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using RideTracking.Server.Directories;
using RideTracking.Server.Tests.Dispatch;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.Server.Tests.Streams;
using RideTracking.Server.Trips;
using RideTracking.V1;
using Role = RideTracking.Server.Access.Role;

namespace RideTracking.Server.Tests.Storage;

/// <summary>A back-up of a Redis that is taken while a city works on it, and put back as docs/redis.md says.</summary>
[Trait(SpreadNodes.Trait, SpreadNodes.OneNode)]
public sealed class RedisBackupTests
{
    private const string Square = """{"type":"Polygon","coordinates":[[[-8.62,41.14],[-8.6,41.14],[-8.6,41.16],[-8.62,41.16],[-8.62,41.14]]]}""";

    private readonly ConcurrentDictionary<string, bool> _drivers = new();
    private readonly ConcurrentDictionary<string, bool> _zones = new();
    private readonly ConcurrentDictionary<string, bool> _trips = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_there_was_before_the_back_up_began_is_there_after_it_was_put_back_and_goes_on()
    {
        await using var redis = await ConfiguredRedis.StartAsync("--appendonly", "yes");
        await using var restored = new ConfiguredRedis();
        var folder = Directory.CreateTempSubdirectory("backup-").FullName;
        Dictionary<string, ulong> tripsBefore, tripsAfter;
        Dictionary<string, ulong> fixesBefore;
        string[] driversBefore, zonesBefore;
        await using (var server = await ServerHost.StartAsync(dataFolder: folder, args: ["--redis", redis.Endpoint]))
        {
            var phones = await Task.WhenAll(Enumerable.Range(1, 4).Select(i => BusyPhone.StartAsync(server, $"d{i}")));
            using var over = new CancellationTokenSource();
            Task[] load = [Task.Run(() => KeepAsync(server, over.Token), Cancel), Task.Run(() => RequestAsync(server, over.Token), Cancel)];
            var riders = new RiderService.RiderServiceClient(server.Channel());
            await ServerHost.UntilAsync(async () => (await VersionsAsync(server, riders)).Values.Count(version => version > 5) >= 2 && _drivers.Count > 50);

            (driversBefore, zonesBefore) = ([.. _drivers.Keys], [.. _zones.Keys]);
            tripsBefore = await VersionsAsync(server, riders);
            fixesBefore = phones.ToDictionary(phone => phone.DriverId, phone => phone.Acknowledged);
            await BackUpAsync(redis, Path.Combine(restored.Folder, "dump.rdb"));
            tripsAfter = await VersionsAsync(server, riders);

            var acknowledged = phones[0].Acknowledged;
            await ServerHost.UntilAsync(() => phones[0].Acknowledged > acknowledged);
            await over.CancelAsync();
            await Task.WhenAll(load);
            await Task.WhenAll(phones.Select(phone => phone.DisposeAsync().AsTask()));
        }

        // With an append-only file switched on, and none there, it would begin with nothing.
        await restored.StartAgainAsync("--appendonly", "no");
        await SwitchOnAppendOnlyFileAsync(restored);
        await using var again = await ServerHost.StartAsync(dataFolder: folder, args: ["--redis", restored.Endpoint]);
        await RequireDirectoryAsync(again, driversBefore, zonesBefore);
        await RequireTripsAsync(again, tripsBefore, tripsAfter);
        await RequireFixesAsync(again, fixesBefore);
        Directory.Delete(folder, recursive: true);
    }

    private static async Task BackUpAsync(ConfiguredRedis redis, string file)
    {
        await using var admin = await redis.ConnectAsync();
        await admin.GetDatabase().ExecuteAsync("BGSAVE");
        await ServerHost.UntilAsync(async () =>
            ((string)(await admin.GetDatabase().ExecuteAsync("INFO", "persistence"))!) is var info
            && info.Contains("rdb_bgsave_in_progress:0", StringComparison.Ordinal) && info.Contains("rdb_last_bgsave_status:ok", StringComparison.Ordinal)
            && File.Exists(Path.Combine(redis.Folder, "dump.rdb")));
        File.Copy(Path.Combine(redis.Folder, "dump.rdb"), file);
    }

    private static async Task SwitchOnAppendOnlyFileAsync(ConfiguredRedis redis)
    {
        await using var admin = await redis.ConnectAsync();
        await admin.GetDatabase().ExecuteAsync("CONFIG", "SET", "appendonly", "yes");
        await ServerHost.UntilAsync(async () => ((string)(await admin.GetDatabase().ExecuteAsync("INFO", "persistence"))!) is var info
            && info.Contains("aof_rewrite_in_progress:0", StringComparison.Ordinal) && info.Contains("aof_rewrite_scheduled:0", StringComparison.Ordinal));
    }

    // Drivers and zones that are entered, one after the other.
    private async Task KeepAsync(ServerHost server, CancellationToken over)
    {
        var (service, ops) = (server.TokenOf(Role.Service, "backend"), server.TokenOf(Role.Ops, "o"));
        var directory = new DirectoryService.DirectoryServiceClient(server.Channel());
        var fleet = new FleetService.FleetServiceClient(server.Channel());
        for (var i = 0; !over.IsCancellationRequested; i++)
        {
            var driver = new Driver { DriverId = $"entered-{i}", DisplayName = "D" };
            await directory.UpsertDriverAsync(new UpsertDriverRequest { Driver = driver }, service, cancellationToken: Cancel);
            _drivers[driver.DriverId] = true;
            if (i < 20)
            {
                var zone = new Zone { ZoneId = $"z{i}", DisplayName = "Z", Kind = ZoneKind.Geofence, GeoJson = Square };
                await fleet.UpsertZoneAsync(new UpsertZoneRequest { Zone = zone }, ops, cancellationToken: Cancel);
                _zones[zone.ZoneId] = true;
            }
        }
    }

    private async Task RequestAsync(ServerHost server, CancellationToken over)
    {
        var riders = new RiderService.RiderServiceClient(server.Channel());
        var service = server.TokenOf(Role.Service, "backend");
        for (var i = 0; !over.IsCancellationRequested; i++)
        {
            var asked = await riders.RequestTripAsync(RideWorld.Ride($"q{i}", $"r{i}"), service, cancellationToken: Cancel);
            _trips[asked.Trip.TripId] = true;
            // As many as the drivers can take, and some that wait.
            await ServerHost.UntilAsync(() => over.IsCancellationRequested || server.City.GetRequiredService<TripBook>().Present.Count() < 12);
        }
    }

    private async Task<Dictionary<string, ulong>> VersionsAsync(ServerHost server, RiderService.RiderServiceClient riders)
    {
        var versions = new Dictionary<string, ulong>();
        foreach (var tripId in _trips.Keys)
        {
            versions[tripId] = (await GetAsync(server, riders, tripId)).Version;
        }

        return versions;
    }

    private static async Task<Trip> GetAsync(ServerHost server, RiderService.RiderServiceClient riders, string tripId) =>
        (await riders.GetTripAsync(new GetTripRequest { TripId = tripId }, server.TokenOf(Role.Service, "backend"), cancellationToken: Cancel)).Trip;

    private static async Task RequireDirectoryAsync(ServerHost server, string[] drivers, string[] zones)
    {
        var there = server.Services.GetRequiredService<CompanyDirectory>().Drivers;
        Assert.All(drivers, driverId => Assert.NotNull(there.Find(driverId)));
        var listed = await new FleetService.FleetServiceClient(server.Channel()).ListZonesAsync(new ListZonesRequest { PageSize = 200 }, server.TokenOf(Role.Ops, "o"), cancellationToken: Cancel);
        Assert.Empty(zones.Except(listed.Zones.Select(zone => zone.ZoneId)));
    }

    // Each as it was at some moment of the back-up, whole, and it goes on to an end.
    private static async Task RequireTripsAsync(ServerHost server, Dictionary<string, ulong> before, Dictionary<string, ulong> after)
    {
        var riders = new RiderService.RiderServiceClient(server.Channel());
        var book = server.City.GetRequiredService<TripBook>();
        Assert.NotEmpty(before);
        foreach (var (tripId, version) in before)
        {
            var trip = await GetAsync(server, riders, tripId);
            // A node that begins may have closed an offer meanwhile.
            Assert.InRange(trip.Version, version, Math.Max(after[tripId], trip.State == TripState.Searching ? trip.Version : 0));
            Assert.Equal(Enumerable.Range(1, (int)trip.Version).Select(v => (ulong)v), trip.Events.Select(e => e.Version));
            if (trip.State is TripState.Completed or TripState.Cancelled)
            {
                continue;
            }

            if (trip.Driver is { DriverId: var driverId })
            {
                Assert.Contains(tripId, book.PlanOf(driverId).TripIds);
            }

            var cancelled = await new DispatchService.DispatchServiceClient(server.Channel()).CancelTripAsync(
                new DispatchServiceCancelTripRequest { TripId = tripId, Reason = CancellationReason.ChangedMind }, server.TokenOf(Role.Ops, "o"), cancellationToken: Cancel);
            Assert.Equal(TripState.Cancelled, cancelled.Trip.State);
        }
    }

    private static async Task RequireFixesAsync(ServerHost server, Dictionary<string, ulong> before)
    {
        var logged = (await ConnectTests.LoggedAsync(server)).ToLookup(fix => fix.DriverId, fix => fix.Fix.Sequence);
        foreach (var (driverId, acknowledged) in before)
        {
            Assert.True(acknowledged > 0);
            Assert.Equal(Enumerable.Range(1, logged[driverId].Count()).Select(i => (ulong)i), logged[driverId]);
            Assert.True((ulong)logged[driverId].Count() >= acknowledged);
            await using var phone = await DriverPhone.ConnectAsync(server, driverId);
            Assert.Equal((ulong)logged[driverId].Count(), phone.Welcome.ResumeAfterSequence);
        }
    }
}
