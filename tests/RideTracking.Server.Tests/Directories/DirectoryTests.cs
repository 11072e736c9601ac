using Google.Rpc;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using RideTracking.Server.Areas;
using RideTracking.Server.Directories;
using RideTracking.Server.Log;
using RideTracking.Server.Tests.Dispatch;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.V1;
using StackExchange.Redis;

namespace RideTracking.Server.Tests.Directories;

public sealed class DirectoryTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Entries_are_kept_replaced_listed_in_order_of_id_and_deleted()
    {
        await using var world = await RideWorld.StartAsync();
        foreach (var id in new[] { "b", "a", "c", "B", "d" })
        {
            await UpsertAsync(world, new Driver { DriverId = id, DisplayName = "first " + id });
        }

        await UpsertAsync(world, new Driver { DriverId = "b", DisplayName = "second", Rating = 5 });
        var got = await world.Directory.GetDriverAsync(new GetDriverRequest { DriverId = "b" }, world.Service, cancellationToken: Cancellation);
        Assert.Equal(("second", 5.0), (got.Driver.DisplayName, got.Driver.Rating));

        var ids = new List<string>();
        var token = "";
        do
        {
            var page = await world.Directory.ListDriversAsync(
                new ListDriversRequest { PageSize = 2, PageToken = token }, world.Service, cancellationToken: Cancellation);
            Assert.InRange(page.Drivers.Count, 1, 2);
            ids.AddRange(page.Drivers.Select(d => d.DriverId));
            token = page.NextPageToken;
        }
        while (token.Length > 0);
        Assert.Equal(["B", "a", "b", "c", "d"], ids);

        await world.Directory.DeleteDriverAsync(new DeleteDriverRequest { DriverId = "b" }, world.Service, cancellationToken: Cancellation);
        // A page goes on after an entry that is gone.
        var rest = await world.Directory.ListDriversAsync(new ListDriversRequest { PageToken = "b" }, world.Service, cancellationToken: Cancellation);
        Assert.Equal(["c", "d"], rest.Drivers.Select(d => d.DriverId));
        var gone = await Assert.ThrowsAsync<RpcException>(
            () => world.Directory.GetDriverAsync(new GetDriverRequest { DriverId = "b" }, world.Service, cancellationToken: Cancellation).ResponseAsync);
        Assert.Equal(StatusCode.NotFound, gone.StatusCode);
        gone = await Assert.ThrowsAsync<RpcException>(
            () => world.Directory.DeleteDriverAsync(new DeleteDriverRequest { DriverId = "b" }, world.Service, cancellationToken: Cancellation).ResponseAsync);
        Assert.Equal(StatusCode.NotFound, gone.StatusCode);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_driver_who_has_a_trip_is_not_deleted_and_one_who_has_none_leaves_only_numbers_behind(bool onRedis)
    {
        await using var world = await RideWorld.StartOnAsync(onRedis);
        var driver = await world.DriverAsync("d1");
        var trip = await world.RequestAsync();
        var offer = await driver.NextOfferAsync();
        await RefusedAsync();
        Assert.Equal(0, (await driver.ReplyAsync(offer.OfferId, accepted: true)).Status.Code);
        await RefusedAsync();
        Assert.NotNull(world.Host.Services.GetRequiredService<CompanyDirectory>().Drivers.Find("d1"));

        await world.CancelAsync(trip.TripId);
        var removed = await driver.NextAsync(Command.CommandOneofCase.TripRemoved);
        var area = world.Host.City.GetRequiredService<Area>();
        // As the zones write them; and more commands than a script can unpack at once.
        await area.Trips.Database.HashSetAsync(area.Keys.ZoneVisits, [new HashEntry("d1", "-"), new HashEntry("d2", "-")]);
        var logged = world.Host.City.GetRequiredService<LoggedDrivers>();
        await ServerHost.UntilAsync(() => logged.Of("d1") is not null);
        await area.Trips.Database.HashSetAsync(area.Keys.Outbox("d1"), [.. Enumerable.Range(0, 9_000).Select(i => new HashEntry($"m{i}", "1 1 -"))]);
        await DeleteAsync();

        Assert.Equal(["#"], (await area.Trips.Database.HashKeysAsync(area.Keys.Outbox("d1"))).Select(field => (string)field!));
        Assert.Equal(["d2"], (await area.Trips.Database.HashKeysAsync(area.Keys.ZoneVisits)).Select(field => (string)field!));
        Assert.Null(logged.Of("d1"));

        // Who comes back is told on, above what the app has seen.
        var epoch = driver.Claim.Epoch;
        await driver.ClaimAsync();
        Assert.Equal(epoch + 1, driver.Claim.Epoch);
        await world.RequestAsync("q2");
        Assert.True((await driver.NextAsync(Command.CommandOneofCase.TripOffer)).Sequence > removed.Sequence);

        async Task DeleteAsync() =>
            await world.Directory.DeleteDriverAsync(new DeleteDriverRequest { DriverId = "d1" }, world.Service, cancellationToken: Cancellation);

        async Task RefusedAsync()
        {
            var refused = await Assert.ThrowsAsync<RpcException>(DeleteAsync);
            var info = refused.GetRpcStatus()!.GetDetail<ErrorInfo>()!;
            Assert.Equal((StatusCode.FailedPrecondition, "DRIVER_HAS_TRIPS", trip.TripId), (refused.StatusCode, info.Reason, info.Metadata["trip_ids"]));
        }
    }

    [Fact]
    public async Task The_directory_outlives_the_server()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using (var first = await RideWorld.StartAsync(redis))
        {
            await first.EnterRiderAsync("r1", "Ana", "+351 900");
            await first.Directory.UpsertVehicleAsync(
                new UpsertVehicleRequest { Vehicle = new Vehicle { VehicleId = "v1", Seats = 4 } }, first.Service, cancellationToken: Cancellation);
        }

        await using var second = await RideWorld.StartAsync(redis);
        var directory = second.Host.Services.GetRequiredService<CompanyDirectory>();
        Assert.Equal("Ana", (await directory.PassengerOfAsync("r1", "")).DisplayName);
        Assert.Equal(4u, directory.Vehicles.Find("v1")!.Seats);
    }

    [Fact]
    public async Task Of_many_writes_of_one_entry_memory_and_store_keep_the_same()
    {
        await using var world = await RideWorld.StartAsync();
        await Task.WhenAll(Enumerable.Range(0, 100).Select(i => UpsertAsync(world, new Driver { DriverId = "d", DisplayName = $"name {i}" })));

        var directory = world.Host.Services.GetRequiredService<CompanyDirectory>();
        var inMemory = directory.Drivers.Find("d")!.DisplayName;
        await directory.Drivers.LoadAsync();
        Assert.Equal(inMemory, directory.Drivers.Find("d")!.DisplayName);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Riders_come_in_pages_in_order_of_id_without_those_who_were_removed(bool onRedis)
    {
        await using var world = await RideWorld.StartOnAsync(onRedis);
        string[] ids = ["b", "Z", "a", "c:1", "a.b", "a-b", "gone", "_"];
        await Task.WhenAll(ids.Select(id => world.EnterRiderAsync(id, $"Name of {id}", "1")));
        await world.EnterRiderAsync("a", "Ana", "1");
        await world.Directory.DeleteRiderAsync(new DeleteRiderRequest { RiderId = "gone" }, world.Service, cancellationToken: Cancellation);

        List<Rider> read = [];
        var token = "";
        do
        {
            var page = await world.Directory.ListRidersAsync(new ListRidersRequest { PageSize = 3, PageToken = token }, world.Service, cancellationToken: Cancellation);
            Assert.InRange(page.Riders.Count, 1, 3);
            read.AddRange(page.Riders);
            token = page.NextPageToken;
        }
        while (token.Length > 0);

        Assert.Equal(ids.Except(["gone"]).Order(StringComparer.Ordinal), read.Select(r => r.RiderId));
        Assert.Equal("Ana", read.Single(r => r.RiderId == "a").DisplayName);
        var gone = await Assert.ThrowsAsync<RpcException>(() => world.Directory.GetRiderAsync(
            new GetRiderRequest { RiderId = "gone" }, world.Service, cancellationToken: Cancellation).ResponseAsync);
        Assert.Equal(StatusCode.NotFound, gone.StatusCode);
        gone = await Assert.ThrowsAsync<RpcException>(() => world.Directory.DeleteRiderAsync(
            new DeleteRiderRequest { RiderId = "gone" }, world.Service, cancellationToken: Cancellation).ResponseAsync);
        Assert.Equal(StatusCode.NotFound, gone.StatusCode);
    }

    [Fact]
    public async Task An_entry_that_breaks_a_rule_names_the_fields()
    {
        await using var world = await RideWorld.StartAsync();

        await DriverFaultAsync("driver", null);
        await DriverFaultAsync("driver.driver_id", new Driver { DriverId = "a b", DisplayName = "x" });
        await DriverFaultAsync("driver.display_name", new Driver { DriverId = "a" });
        await DriverFaultAsync("driver.display_name", new Driver { DriverId = "a", DisplayName = new string('x', 65) });
        await DriverFaultAsync("driver.vehicle_id", new Driver { DriverId = "a", DisplayName = "x", VehicleId = "?" });
        await DriverFaultAsync("driver.other_vehicle_ids[1]", new Driver { DriverId = "a", DisplayName = "x", OtherVehicleIds = { "v", "?" } });
        await DriverFaultAsync(
            "driver.other_vehicle_ids", new Driver { DriverId = "a", DisplayName = "x", OtherVehicleIds = { Enumerable.Range(0, 33).Select(i => $"v{i}") } });
        foreach (var rating in new[] { 0, 5.1, double.NaN, double.PositiveInfinity })
        {
            await DriverFaultAsync("driver.rating", new Driver { DriverId = "a", DisplayName = "x", Rating = rating });
        }

        await FaultAsync(["vehicle.vehicle_id", "vehicle.seats"], () => world.Directory.UpsertVehicleAsync(
            new UpsertVehicleRequest { Vehicle = new Vehicle { Description = "no id, no seats" } }, world.Service, cancellationToken: Cancellation).ResponseAsync);
        await FaultAsync(["vehicle.license_plate"], () => world.Directory.UpsertVehicleAsync(
            new UpsertVehicleRequest { Vehicle = new Vehicle { VehicleId = "v", Seats = 64, LicensePlate = new string('1', 17) } }, world.Service, cancellationToken: Cancellation).ResponseAsync);
        await FaultAsync(["rider.phone"], () => world.Directory.UpsertRiderAsync(
            new UpsertRiderRequest { Rider = new Rider { RiderId = "r", DisplayName = "x", Phone = new string('1', 33) } }, world.Service, cancellationToken: Cancellation).ResponseAsync);
        await FaultAsync(["page_size"], () => world.Directory.ListRidersAsync(
            new ListRidersRequest { PageSize = 1001 }, world.Service, cancellationToken: Cancellation).ResponseAsync);
        await FaultAsync(["page_token"], () => world.Directory.ListVehiclesAsync(
            new ListVehiclesRequest { PageToken = "no id" }, world.Service, cancellationToken: Cancellation).ResponseAsync);
        await FaultAsync(["driver_id"], () => world.Directory.GetDriverAsync(
            new GetDriverRequest(), world.Service, cancellationToken: Cancellation).ResponseAsync);
        Assert.Equal(0, world.Host.Services.GetRequiredService<CompanyDirectory>().Drivers.Count);

        Task DriverFaultAsync(string field, Driver? driver) => FaultAsync([field], () => UpsertAsync(world, driver));
    }

    private static async Task UpsertAsync(RideWorld world, Driver? driver) =>
        await world.Directory.UpsertDriverAsync(new UpsertDriverRequest { Driver = driver }, world.Service, cancellationToken: Cancellation);

    private static async Task FaultAsync(string[] fields, Func<Task> call)
    {
        var refused = await Assert.ThrowsAsync<RpcException>(call);
        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
        Assert.Equal(fields, refused.GetRpcStatus()!.GetDetail<BadRequest>()!.FieldViolations.Select(v => v.Field));
    }
}
