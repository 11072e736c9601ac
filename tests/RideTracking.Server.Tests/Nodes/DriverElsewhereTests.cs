using Microsoft.Extensions.DependencyInjection;
using RideTracking.Server.Access;
using RideTracking.Server.Areas;
using RideTracking.Server.Directories;
using RideTracking.Server.Drivers;
using RideTracking.Server.Tests.Dispatch;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.Server.Tests.Fleet;
using RideTracking.V1;
using LatLng = Google.Type.LatLng;

namespace RideTracking.Server.Tests.Nodes;

/// <summary>A driver whose stream is on one node, as everybody sees it through another.</summary>
public sealed class DriverElsewhereTests : TwoNodes
{
    private static LatLng Center => new() { Latitude = RideWorld.Porto.LatitudeDegrees, Longitude = RideWorld.Porto.LongitudeDegrees };

    [Fact]
    public async Task Who_drives_here_is_found_elsewhere_by_search_estimates_riders_and_ops()
    {
        await using var phone = await InTheVanAsync();
        await phone.SendAsync(DriverPhone.Batch(Now, 1));
        await phone.SendAsync(new ConnectRequest { Action = new DriverAction { ActionId = "a", SetAvailability = new SetAvailability { Availability = DriverAvailability.Available } } });
        await ServerHost.UntilAsync(() => Elsewhere.Host.City.GetRequiredService<CityFleet>().TryGet("d1", out var driver) && driver.HasFix
            && driver.Status is { Link: Engine.Index.DriverLink.Connected, Availability: Engine.Index.DriverAvailability.Available });

        var filter = new DriverFilter { VehicleType = "van", MinSeats = 6, Link = DriverLink.Connected, Availability = DriverAvailability.Available };
        var found = Assert.Single((await Elsewhere.Dispatch.SearchDriversAsync(
            new SearchDriversRequest { Center = Center, RadiusMeters = 1000, Filter = filter }, Elsewhere.Service, cancellationToken: Cancel)).Drivers);
        Assert.Equal(("d1", "v2", 6u), (found.DriverId, found.VehicleId, found.Seats));

        var estimate = new EstimateTripRequest { Waypoints = { RideWorld.Waypoint(WaypointKind.Pickup, 0), RideWorld.Waypoint(WaypointKind.Dropoff, 100) } };
        Assert.NotNull((await Elsewhere.Riders.EstimateTripAsync(estimate, Elsewhere.Service, cancellationToken: Cancel)).PickupEta);

        using var nearby = Elsewhere.Riders.WatchNearbyDrivers(
            new WatchNearbyDriversRequest { Center = Center, RadiusMeters = 1000 }, Elsewhere.Host.TokenOf(Role.Rider, "r1"), cancellationToken: Cancel);
        Assert.True(await nearby.ResponseStream.MoveNext(Cancel));
        Assert.Equal("van", Assert.Single(nearby.ResponseStream.Current.Cars).VehicleType);

        var fleet = new FleetWorld(Elsewhere.Host);
        using var map = new FleetReader(fleet.Client().WatchFleet(new WatchFleetRequest { Viewport = FleetWorld.Porto }, fleet.Ops, cancellationToken: Cancel));
        await map.ReadSnapshotAsync();
        var counts = map.Frames[^1].Counts;
        Assert.Equal((1u, 1u, 1u), (counts.Connected, counts.AvailableIdle, counts.Tracked));

        var seen = await SeenElsewhereAsync();
        Assert.Equal(("CC-22-DD", DriverLink.Connected, DriverAvailability.Available), (seen.LicensePlate, seen.Link, seen.Availability));
        Assert.Equal(DriverPhone.StartLatitudeE7 + 1000, (int)Math.Round(seen.Location.Latitude * 1e7));
    }

    [Fact]
    public async Task A_node_that_begins_to_serve_knows_which_vehicle_a_driver_is_in()
    {
        await using var phone = await InTheVanAsync();

        await using var late = await RideWorld.StartAsync(Redis);

        Assert.Equal("v2", late.Host.Services.GetRequiredService<CompanyDirectory>().VehicleOf("d1")?.VehicleId);
    }

    [Fact]
    public async Task Why_a_fix_is_rejected_here_is_told_elsewhere()
    {
        await using var phone = await InTheVanAsync();
        var batch = DriverPhone.Batch(Now, 1);
        batch.Fixes[0].HorizontalAccuracyDecimeters = 50_000;
        await phone.SendAsync(batch);
        Assert.Single(await phone.ReadAckAsync(1));

        await Here.Host.PassAsync<RejectsTelling>(TimeSpan.FromSeconds(1));

        await ServerHost.UntilAsync(async () => (await SeenElsewhereAsync()).LastReject is not null);
        var reject = (await SeenElsewhereAsync()).LastReject;
        Assert.Equal((FixRejectReason.TooInaccurate, 5_000d, 1u), (reject.Reason, reject.Measured, reject.RejectedInARow));

        await phone.SendAsync(DriverPhone.Batch(Now, 2));
        await phone.ReadAckAsync(2);
        await Here.Host.PassAsync<RejectsTelling>(TimeSpan.FromSeconds(1));
        await ServerHost.UntilAsync(async () => (await SeenElsewhereAsync()).LastReject.RejectedInARow == 0);
    }

    // One of the vehicles that the company gives the driver, and not the usual one.
    private async Task<DriverPhone> InTheVanAsync()
    {
        foreach (var (id, type, plate, seats) in new[] { ("v1", "", "AA-11-BB", 4u), ("v2", "van", "CC-22-DD", 6u) })
        {
            await Here.Directory.UpsertVehicleAsync(
                new UpsertVehicleRequest { Vehicle = new Vehicle { VehicleId = id, VehicleType = type, LicensePlate = plate, Seats = seats } }, Here.Service, cancellationToken: Cancel);
        }

        await Here.Directory.UpsertDriverAsync(
            new UpsertDriverRequest { Driver = new Driver { DriverId = "d1", DisplayName = "Ana", VehicleId = "v1", OtherVehicleIds = { "v2" } } }, Here.Service, cancellationToken: Cancel);
        await ServerHost.UntilAsync(() => Elsewhere.Host.Services.GetRequiredService<CompanyDirectory>().Drivers.Find("d1") is not null);
        var phone = await DriverPhone.ConnectAsync(Here.Host, "d1", configure: hello => hello.VehicleId = "v2");
        Assert.Equal("v2", phone.Welcome.VehicleId);
        return phone;
    }

    private async Task<GetFleetDriverResponse> SeenElsewhereAsync() => await new FleetWorld(Elsewhere.Host).Client().GetFleetDriverAsync(
        new GetFleetDriverRequest { DriverId = "d1" }, Elsewhere.Service, cancellationToken: Cancel);
}
