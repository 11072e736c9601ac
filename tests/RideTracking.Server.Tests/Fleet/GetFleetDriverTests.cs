using Google.Rpc;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using RideTracking.Server.Access;
using RideTracking.Server.Areas;
using RideTracking.Server.Drivers;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.V1;
using DriverAvailability = RideTracking.V1.DriverAvailability;
using DriverWork = RideTracking.V1.DriverWork;

namespace RideTracking.Server.Tests.Fleet;

public class GetFleetDriverTests
{
    [Trait(SpreadNodes.Trait, SpreadNodes.OneNode)]
    [Fact]
    public async Task Ops_see_the_person_the_plan_and_the_age_of_the_position()
    {
        await using var host = await ServerHost.StartAsync();
        var world = new FleetWorld(host);
        await RegisterAsync(host);
        world.Move("d1", 41.15, -8.61, course: 271.5f, age: TimeSpan.FromSeconds(20));
        world.SetStatus("d1", Engine.Index.DriverAvailability.Available, Engine.Index.DriverWork.OnTrip, Engine.Index.DriverLink.Connected);

        var driver = await GetAsync(world, "d1");
        Assert.Equal(("d1", "Ana", "white Toyota Prius", "AA-11-BB"), (driver.DriverId, driver.DisplayName, driver.VehicleDescription, driver.LicensePlate));
        Assert.Equal((DriverAvailability.Available, DriverWork.OnTrip, V1.DriverLink.Connected), (driver.Availability, driver.Work, driver.Link));
        Assert.Equal((41.15, -8.61), (driver.Location.Latitude, driver.Location.Longitude));
        Assert.Equal((271.5, 12.5, 5), (driver.CourseDegrees, driver.SpeedMetersPerSecond, driver.HorizontalAccuracyMeters));
        Assert.InRange(driver.Age.ToTimeSpan(), TimeSpan.FromSeconds(20), TimeSpan.FromMinutes(2));
        Assert.Empty(driver.TripIds);
    }

    [Fact]
    public async Task The_vehicle_is_the_one_the_app_named_if_the_company_gives_it_to_the_driver()
    {
        await using var host = await ServerHost.StartAsync();
        var world = new FleetWorld(host);
        await RegisterAsync(host);
        var directory = new DirectoryService.DirectoryServiceClient(host.Channel());
        foreach (var (id, plate) in new[] { ("v2", "CC-22-DD"), ("limousine", "EE-33-FF") })
        {
            await directory.UpsertVehicleAsync(
                new UpsertVehicleRequest { Vehicle = new Vehicle { VehicleId = id, Description = "spare", LicensePlate = plate, Seats = 8 } },
                host.TokenOf(Role.Service, "backend"), cancellationToken: TestContext.Current.CancellationToken);
        }

        await IsInAsync("v2", "v1", "AA-11-BB");
        await GiveAsync("v2");
        await IsInAsync("v2", "v2", "CC-22-DD");
        await IsInAsync("limousine", "v1", "AA-11-BB");
        await IsInAsync("made-up", "v1", "AA-11-BB");
        await IsInAsync("", "v1", "AA-11-BB");

        // Taken from the driver while in it.
        await using var phone = await DriverPhone.ConnectAsync(host, "d1", configure: hello => hello.VehicleId = "v2");
        await GiveAsync();
        Assert.Equal("AA-11-BB", (await GetAsync(world, "d1")).LicensePlate);

        async Task GiveAsync(params string[] others) => await directory.UpsertDriverAsync(
            new UpsertDriverRequest { Driver = new Driver { DriverId = "d1", DisplayName = "Ana", VehicleId = "v1", OtherVehicleIds = { others } } },
            host.TokenOf(Role.Service, "backend"), cancellationToken: TestContext.Current.CancellationToken);

        async Task IsInAsync(string named, string vehicleId, string plate)
        {
            await using var phone = await DriverPhone.ConnectAsync(host, "d1", configure: hello => hello.VehicleId = named);
            Assert.Equal((vehicleId, plate), (phone.Welcome!.VehicleId, (await GetAsync(world, "d1")).LicensePlate));
        }
    }

    [Fact]
    public async Task Who_is_only_in_the_directory_has_no_position_and_who_is_only_on_the_road_has_no_name()
    {
        await using var host = await ServerHost.StartAsync();
        var world = new FleetWorld(host);
        await RegisterAsync(host);
        Assert.Null((await GetAsync(world, "d1")).Location);

        world.Move("stranger", 41.15, -8.61);
        var stranger = await GetAsync(world, "stranger");
        Assert.Equal("", stranger.DisplayName);
        Assert.False(stranger.HasCourseDegrees);
        Assert.NotNull(stranger.Location);
    }

    [Fact]
    public async Task A_place_is_told_however_old_and_a_missing_one_is_explained()
    {
        var time = new WatchedTime(new DateTimeOffset(2026, 1, 1, 8, 0, 0, TimeSpan.Zero));
        await using var host = await ServerHost.StartAsync(time: time, args: ["--Streams:SilenceTimeout", "1.00:00:00"]);
        var world = new FleetWorld(host);
        await using var phone = await DriverPhone.ConnectAsync(host, "d1");
        await phone.SendAsync(DriverPhone.Batch(Phone(), 1));
        await phone.ReadAckAsync(1);
        Assert.Null((await GetAsync(world, "d1")).LastReject);

        await host.PassAsync<StreamSweep>(TimeSpan.FromHours(1));
        var fleet = host.City.GetRequiredService<CityFleet>();
        Assert.True(fleet.TryGet("d1", out var swept) && !swept.HasFix);
        var batch = DriverPhone.Batch(Phone(), 2);
        batch.Fixes[0].HorizontalAccuracyDecimeters = 50_000;
        await phone.SendAsync(batch);
        Assert.Single(await phone.ReadAckAsync(2));

        var driver = await GetAsync(world, "d1");
        Assert.Equal(DriverPhone.StartLatitudeE7 + 1000, (int)Math.Round(driver.Location.Latitude * 1e7));
        Assert.InRange(driver.Age.ToTimeSpan(), TimeSpan.FromHours(1), TimeSpan.FromHours(1.1));
        Assert.Equal(
            (FixRejectReason.TooInaccurate, 5_000d, time.GetUtcNow()),
            (driver.LastReject.Reason, driver.LastReject.Measured, driver.LastReject.RejectedAt.ToDateTimeOffset()));

        long Phone() => time.GetUtcNow().ToUnixTimeMilliseconds();
    }

    [Fact]
    public async Task Whoever_looks_at_a_driver_of_whom_nothing_is_believed_is_told_so()
    {
        await using var host = await ServerHost.StartAsync();
        var world = new FleetWorld(host);
        await using var phone = await DriverPhone.ConnectAsync(host, "d1");
        var sentAt = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        await SendAsync(1, 9, b => b.HorizontalAccuracyDecimeters = 50_000);
        Assert.Equal((9u, 9u, false), Told(await GetAsync(world, "d1")));
        await SendAsync(10, 1, b => (b.LatitudeE7, b.LongitudeE7) = (0, 0));
        var unseen = await GetAsync(world, "d1");
        Assert.Equal((10u, 10u, true), Told(unseen));
        Assert.Equal(FixRejectReason.InvalidCoordinate, unseen.LastReject.Reason);

        await SendAsync(11, 1, _ => { });
        Assert.Equal((0u, 10u, false), Told(await GetAsync(world, "d1")));

        async Task SendAsync(ulong first, int count, Action<Fix> change)
        {
            var batch = DriverPhone.Batch(sentAt, first, count);
            foreach (var fix in batch.Fixes)
            {
                change(fix);
            }

            await phone.SendAsync(batch);
            await phone.ReadAckAsync(first + (ulong)count - 1);
        }

        static (uint InARow, uint OfLast, bool IsUnseen) Told(GetFleetDriverResponse driver) =>
            (driver.LastReject.RejectedInARow, driver.LastReject.RejectedOfLast64, driver.LastReject.IsUnseen);
    }

    [Fact]
    public async Task Two_phones_under_one_id_are_seen_by_how_much_of_what_they_send_is_rejected()
    {
        await using var host = await ServerHost.StartAsync();
        var world = new FleetWorld(host);
        await using var phone = await DriverPhone.ConnectAsync(host, "d1");
        var sentAt = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        var batch = DriverPhone.Batch(sentAt, 1, 64);
        foreach (var fix in batch.Fixes.Where(f => f.Sequence % 2 == 0))
        {
            fix.LatitudeE7 += 3_000_000;
        }

        await phone.SendAsync(batch);
        await phone.ReadAckAsync(64);
        var reject = (await GetAsync(world, "d1")).LastReject;
        Assert.Equal((FixRejectReason.ImpossibleJump, 1u, 32u, false), (reject.Reason, reject.RejectedInARow, reject.RejectedOfLast64, reject.IsUnseen));
    }

    [Fact]
    public async Task Nobody_and_no_id_are_told_apart()
    {
        await using var host = await ServerHost.StartAsync();
        var world = new FleetWorld(host);
        var unknown = await Assert.ThrowsAsync<RpcException>(() => GetAsync(world, "nobody"));
        Assert.Equal(StatusCode.NotFound, unknown.StatusCode);
        Assert.Equal("DRIVER_NOT_FOUND", unknown.GetRpcStatus()?.GetDetail<ErrorInfo>()?.Reason);
        var noId = await Assert.ThrowsAsync<RpcException>(() => GetAsync(world, "no id"));
        Assert.Equal(StatusCode.InvalidArgument, noId.StatusCode);
        Assert.Equal("driver_id", noId.GetRpcStatus()?.GetDetail<BadRequest>()?.FieldViolations[0].Field);
    }

    private static async Task RegisterAsync(ServerHost host)
    {
        var directory = new DirectoryService.DirectoryServiceClient(host.Channel());
        var service = host.TokenOf(Role.Service, "backend");
        await directory.UpsertVehicleAsync(
            new UpsertVehicleRequest { Vehicle = new Vehicle { VehicleId = "v1", Description = "white Toyota Prius", LicensePlate = "AA-11-BB", Seats = 4 } }, service);
        await directory.UpsertDriverAsync(new UpsertDriverRequest { Driver = new Driver { DriverId = "d1", DisplayName = "Ana", VehicleId = "v1" } }, service);
    }

    private static async Task<GetFleetDriverResponse> GetAsync(FleetWorld world, string driverId) =>
        await world.Client().GetFleetDriverAsync(new GetFleetDriverRequest { DriverId = driverId }, world.Ops);
}
