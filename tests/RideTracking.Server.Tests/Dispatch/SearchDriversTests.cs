using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Google.Type;
using Grpc.Core;
using RideTracking.Server.Access;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.Server.Tests.Fleet;
using RideTracking.V1;
using Availability = RideTracking.Engine.Index.DriverAvailability;
using Link = RideTracking.Engine.Index.DriverLink;
using Work = RideTracking.Engine.Index.DriverWork;

namespace RideTracking.Server.Tests.Dispatch;

public sealed class SearchDriversTests
{
    private const double Latitude = 41.15;
    private const double Longitude = -8.61;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_nearest_come_first_with_distance_age_and_vehicle()
    {
        await using var host = await ServerHost.StartAsync();
        var world = new FleetWorld(host);
        var service = host.TokenOf(Role.Service, "backend");
        await RegisterAsync(host, "far", "v-far", "van", 6, []);
        world.Move("far", Latitude + 0.01, Longitude, age: TimeSpan.FromSeconds(30));
        world.Move("near", Latitude + 0.001, Longitude);
        world.Move("away", Latitude + 0.1, Longitude);
        world.SetStatus("far", Availability.Available, Work.Idle, Link.Connected);
        await using var phone = await DriverPhone.ConnectAsync(host, "far");

        var found = await new DispatchService.DispatchServiceClient(host.Channel()).SearchDriversAsync(Near(2000), service, cancellationToken: Cancel);
        Assert.Equal(["near", "far"], found.Drivers.Select(d => d.DriverId));
        var far = found.Drivers[1];
        Assert.InRange(far.DistanceMeters, 1111, 1113);
        Assert.InRange(far.FixAge.ToTimeSpan(), TimeSpan.FromSeconds(29), TimeSpan.FromMinutes(2));
        Assert.Equal((Latitude + 0.01, Longitude), (far.Location.Latitude, far.Location.Longitude));
        Assert.Equal((DriverAvailability.Available, DriverWork.Idle, DriverLink.Connected), (far.Availability, far.Work, far.Link));
        Assert.Equal(("v-far", "van", 6u), (far.VehicleId, far.VehicleType, far.Seats));
    }

    [Fact]
    public async Task Each_filter_leaves_out_those_it_is_about()
    {
        await using var host = await ServerHost.StartAsync();
        var world = new FleetWorld(host);
        await RegisterAsync(host, "right", "v1", "van", 6, ["ramp", "child_seat"], ["speaks_english"]);
        await RegisterAsync(host, "other", "v2", "comfort", 4, ["ramp"]);
        world.Move("other", Latitude + 0.001, Longitude, age: TimeSpan.FromSeconds(90));
        world.Move("right", Latitude + 0.002, Longitude);
        await FoundAsync(host, new DriverFilter { RequiredAttributes = { "ramp" } }, 2);
        world.SetStatus("right", Availability.Available, Work.Idle, Link.Connected);
        world.SetStatus("other", Availability.Paused, Work.OnTrip, Link.Lost);
        DriverFilter[] filters =
        [
            new() { Availability = DriverAvailability.Available },
            new() { Work = DriverWork.Idle },
            new() { Link = DriverLink.Connected },
            new() { VehicleType = "van" },
            new() { MinSeats = 5 },
            new() { RequiredAttributes = { "ramp", "child_seat" } },
            new() { RequiredAttributes = { "speaks_english" } },
            new() { MaxFixAge = Duration.FromTimeSpan(TimeSpan.FromSeconds(60)) },
            new() { ExcludedDriverIds = { "other", "nobody" } },
        ];
        foreach (var filter in filters)
        {
            Assert.Equal(["right"], await FindAsync(host, filter));
        }

        Assert.Equal(["other", "right"], await FindAsync(host, new DriverFilter { RequiredAttributes = { "ramp" } }));
        Assert.Empty(await FindAsync(host, new DriverFilter { RequiredAttributes = { "never_heard_of" } }));
        Assert.Empty(await FindAsync(host, new DriverFilter { VehicleType = "never_heard_of" }));
    }

    [Fact]
    public async Task Another_car_or_another_word_of_the_directory_is_found_without_a_new_connection()
    {
        await using var host = await ServerHost.StartAsync();
        var world = new FleetWorld(host);
        world.Move("d1", Latitude, Longitude);
        await RegisterAsync(host, "d1", "v1", "van", 6, ["ramp"]);
        await FoundAsync(host, new DriverFilter { VehicleType = "van", RequiredAttributes = { "ramp" } }, 1);
    }

    [Fact]
    public async Task Who_is_left_out_for_an_old_position_is_counted()
    {
        await using var host = await ServerHost.StartAsync();
        var world = new FleetWorld(host);
        var age = TimeSpan.FromSeconds(90);
        world.Move("heard", Latitude, Longitude);
        world.Move("old", Latitude, Longitude, age: age);
        Assert.Empty(await LeftOutAsync(host, new DriverFilter()));
        // Whoever passes no other filter is not left out for this.
        world.SetStatus("old", Availability.Paused, Work.Idle, Link.Lost);
        var filter = new DriverFilter { MaxFixAge = Duration.FromTimeSpan(age * 2 / 3) };
        Assert.Equal([(LeftOutReason.OlderThanAsked, 1u, false)], await LeftOutAsync(host, filter));
        filter.Availability = DriverAvailability.Available;
        Assert.Empty(await LeftOutAsync(host, filter));

        world.Move("away", Latitude + 0.1, Longitude, age: TimeSpan.FromDays(1));
        for (var i = 0; i < 3; i++)
        {
            world.Move($"gone-{i}", Latitude, Longitude + (0.001 * i), age: TimeSpan.FromDays(1));
        }

        // The server's own sweep, once a second.
        while (await FindAsync(host, new DriverFilter()) is not ["heard", "old"])
        {
            Cancel.ThrowIfCancellationRequested();
        }

        world.SetStatus("gone-0", Availability.Available, Work.Idle, Link.Lost);
        Assert.Equal([(LeftOutReason.StalePosition, 3u, false)], await LeftOutAsync(host, new DriverFilter()));
        Assert.Equal([(LeftOutReason.StalePosition, 1u, false)], await LeftOutAsync(host, filter));
        Assert.Equal([(LeftOutReason.StalePosition, 2u, false)], await LeftOutAsync(host, new DriverFilter { ExcludedDriverIds = { "gone-0" } }));
        Assert.Empty(await LeftOutAsync(host, new DriverFilter { VehicleType = "never_heard_of" }));

        world.Move("gone-0", Latitude, Longitude);
        Assert.Equal([(LeftOutReason.StalePosition, 2u, false)], await LeftOutAsync(host, new DriverFilter()));
    }

    [Fact]
    public async Task Counting_those_left_out_has_an_end_and_says_so()
    {
        await using var host = await ServerHost.StartAsync();
        var world = new FleetWorld(host);
        for (var i = 0; i < 1_001; i++)
        {
            world.Move($"d{i}", Latitude, Longitude, age: TimeSpan.FromDays(1));
        }

        while ((await FindAsync(host, new DriverFilter())).Length > 0)
        {
            Cancel.ThrowIfCancellationRequested();
        }

        Assert.Equal([(LeftOutReason.StalePosition, 1_000u, true)], await LeftOutAsync(host, new DriverFilter()));
    }

    public static TheoryData<string, SearchDriversRequest> Wrong => new()
    {
        { "center", new SearchDriversRequest { RadiusMeters = 1000 } },
        { "center.latitude", new SearchDriversRequest { Center = new LatLng { Latitude = 91 }, RadiusMeters = 1000 } },
        { "center.longitude", new SearchDriversRequest { Center = new LatLng { Longitude = double.NaN }, RadiusMeters = 1000 } },
        { "radius_meters", Near(0) },
        { "radius_meters", Near(double.NaN) },
        { "radius_meters", Near(50_001) },
        { "max_results", new SearchDriversRequest { Center = new LatLng(), RadiusMeters = 1, MaxResults = 201 } },
        { "filter.availability", With(new DriverFilter { Availability = (DriverAvailability)77 }) },
        { "filter.min_seats", With(new DriverFilter { MinSeats = 65 }) },
        { "filter.vehicle_type", With(new DriverFilter { VehicleType = "no type" }) },
        { "filter.required_attributes[0]", With(new DriverFilter { RequiredAttributes = { "" } }) },
        { "filter.max_fix_age", With(new DriverFilter { MaxFixAge = new Duration() }) },
        { "filter.max_fix_age", With(new DriverFilter { MaxFixAge = new Duration { Seconds = long.MaxValue } }) },
        { "filter.max_fix_age", With(new DriverFilter { MaxFixAge = new Duration { Seconds = 1, Nanos = 2_000_000_000 } }) },
        { "filter.excluded_driver_ids", With(new DriverFilter { ExcludedDriverIds = { Enumerable.Range(0, 101).Select(i => $"d{i}") } }) },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task A_wrong_request_is_told_which_field(string field, SearchDriversRequest request)
    {
        await using var host = await ServerHost.StartAsync();
        var refused = await Assert.ThrowsAsync<RpcException>(async () =>
            await new DispatchService.DispatchServiceClient(host.Channel()).SearchDriversAsync(request, host.TokenOf(Role.Ops, "ops"), cancellationToken: Cancel));
        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
        Assert.Equal(field, Assert.Single(refused.GetRpcStatus()!.GetDetail<BadRequest>()!.FieldViolations).Field);
    }

    [Fact]
    public async Task A_sixty_fifth_attribute_is_refused_by_name()
    {
        await using var host = await ServerHost.StartAsync();
        for (var i = 0; i < 4; i++)
        {
            await RegisterAsync(host, $"d{i}", $"v{i}", "", 4, [.. Enumerable.Range(i * 16, 16).Select(a => $"a{a}")]);
        }

        var refused = await Assert.ThrowsAsync<RpcException>(() => RegisterAsync(host, "d9", "v9", "", 4, ["a1", "one_more"]));
        Assert.Equal("vehicle.attributes", refused.GetRpcStatus()!.GetDetail<BadRequest>()!.FieldViolations[0].Field);
    }

    private static SearchDriversRequest Near(double radiusMeters) =>
        new() { Center = new LatLng { Latitude = Latitude, Longitude = Longitude }, RadiusMeters = radiusMeters };

    private static SearchDriversRequest With(DriverFilter filter)
    {
        var request = Near(2000);
        request.Filter = filter;
        return request;
    }

    private static async Task<string[]> FindAsync(ServerHost host, DriverFilter filter, ChannelBase? channel = null)
    {
        var found = await new DispatchService.DispatchServiceClient(channel ?? host.Channel()).SearchDriversAsync(
            With(filter), host.TokenOf(Role.Service, "backend"), cancellationToken: Cancel);
        return [.. found.Drivers.Select(d => d.DriverId)];
    }

    private static async Task<(LeftOutReason Reason, uint Count, bool AtLeast)[]> LeftOutAsync(ServerHost host, DriverFilter filter)
    {
        var found = await new DispatchService.DispatchServiceClient(host.Channel()).SearchDriversAsync(
            With(filter), host.TokenOf(Role.Service, "backend"), cancellationToken: Cancel);
        return [.. found.LeftOut.Select(l => (l.Reason, l.Count, l.AtLeast))];
    }

    // The index hears of a changed directory within a second.
    private static async Task FoundAsync(ServerHost host, DriverFilter filter, int count)
    {
        var channel = host.Channel();
        while ((await FindAsync(host, filter, channel)).Length < count)
        {
            Cancel.ThrowIfCancellationRequested();
        }
    }

    private static async Task RegisterAsync(
        ServerHost host, string driverId, string vehicleId, string type, uint seats, string[] ofVehicle, string[]? ofDriver = null)
    {
        var directory = new DirectoryService.DirectoryServiceClient(host.Channel());
        var service = host.TokenOf(Role.Service, "backend");
        await directory.UpsertVehicleAsync(
            new UpsertVehicleRequest { Vehicle = new Vehicle { VehicleId = vehicleId, Seats = seats, VehicleType = type, Attributes = { ofVehicle } } },
            service, cancellationToken: Cancel);
        await directory.UpsertDriverAsync(
            new UpsertDriverRequest { Driver = new Driver { DriverId = driverId, DisplayName = driverId, VehicleId = vehicleId, Attributes = { ofDriver ?? [] } } },
            service, cancellationToken: Cancel);
    }
}
