using Microsoft.Extensions.DependencyInjection;
using RideTracking.Server.Areas;
using RideTracking.Server.Directories;
using RideTracking.Server.Drivers;
using RideTracking.Server.Drivers.Reporting;
using RideTracking.Server.Log;
using RideTracking.Server.Nearby;
using RideTracking.Server.Store.Feeds;
using RideTracking.Server.Tests.Dispatch;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.V1;
using DriverLink = RideTracking.Engine.Index.DriverLink;

namespace RideTracking.Server.Tests.Nodes;

/// <summary>What one node knows of drivers whose streams another one has.</summary>
public sealed class ConnectedElsewhereTests : TwoNodes
{
    [Fact]
    public async Task The_vehicle_that_a_driver_has_named_here_is_known_elsewhere_and_on_a_node_that_starts()
    {
        foreach (var id in new[] { "usual", "other" })
        {
            await Here.Directory.UpsertVehicleAsync(
                new UpsertVehicleRequest { Vehicle = new Vehicle { VehicleId = id, Seats = 4 } }, Here.Service, cancellationToken: Cancel);
        }

        await Here.Directory.UpsertDriverAsync(
            new UpsertDriverRequest { Driver = new Driver { DriverId = "d1", DisplayName = "Ana", VehicleId = "usual", OtherVehicleIds = { "other" } } },
            Here.Service, cancellationToken: Cancel);
        await using (await DriverPhone.ConnectAsync(Here.Host, "d1", configure: hello => hello.VehicleId = "other"))
        {
            await ServerHost.UntilAsync(() => VehicleOf(Elsewhere) == "other");
        }

        await using (var later = await RideWorld.StartAsync(Redis))
        {
            await ServerHost.UntilAsync(() => VehicleOf(later) == "other");
        }

        await using var again = await DriverPhone.ConnectAsync(Elsewhere.Host, "d1");
        await ServerHost.UntilAsync(() => VehicleOf(Here) == "usual");

        static string? VehicleOf(RideWorld world) => world.Host.Services.GetRequiredService<CompanyDirectory>().VehicleOf("d1")?.VehicleId;
    }

    [Fact]
    public async Task Who_is_followed_elsewhere_reports_closely_here_and_no_longer_than_that_lasts()
    {
        await using var phone = await DriverPhone.ConnectAsync(Here.Host, "d1");
        await ServerHost.UntilAsync(() => LinkOf(Elsewhere) == DriverLink.Connected);
        var fleet = Elsewhere.Host.City.GetRequiredService<CityFleet>();
        var followed = Here.Host.City.GetRequiredService<FollowedElsewhere>();
        Assert.False(followed.IsFollowed("d1"));
        await Elsewhere.Host.PassAsync<NodeLease>(TimeSpan.FromSeconds(1));
        using (fleet.Fanout.Follow(fleet.Slots.GetOrAdd("d1"), () => { }))
        {
            await Elsewhere.Host.PassAsync<FollowedElsewhere>(TimeSpan.FromSeconds(1));
            await ServerHost.UntilAsync(() => followed.IsFollowed("d1"));
        }

        Assert.True(Here.Host.City.GetRequiredService<DriverMoments>().Of("d1", Here.Host.City.GetRequiredService<CityFleet>().Slots.GetOrAdd("d1")).IsFollowed);
        Here.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.False(followed.IsFollowed("d1"));
    }

    [Fact]
    public async Task Who_moves_here_is_connected_all_the_while_unless_the_stream_here_fails()
    {
        var sessions = Here.Host.City.GetRequiredService<DriverSessions>();
        IDisposable opening;
        await using (await DriverPhone.ConnectAsync(Elsewhere.Host, "d1"))
        {
            await ServerHost.UntilAsync(() => LinkOf(Here) == DriverLink.Connected);
            opening = sessions.Opening("d1");
        }

        await ServerHost.UntilAsync(() => !Here.Host.City.GetRequiredService<DriverLinks>().IsConnected("d1"));
        // Whoever reads the feed has applied all of it then.
        (await Here.Host.City.GetRequiredKeyedService<FeedReader>("dispatch").HoldAsync())();
        Assert.Equal(DriverLink.Connected, LinkOf(Here));
        opening.Dispose();
        Assert.Equal(DriverLink.Lost, LinkOf(Here));
    }

    [Fact]
    public void Shown_cars_are_blurred_alike_on_all_nodes()
    {
        var (here, elsewhere) = (Here.Host.City.GetRequiredService<BlurSecret>(), Elsewhere.Host.City.GetRequiredService<BlurSecret>());
        Assert.True(here.ForPlaces.SequenceEqual(elsewhere.ForPlaces));
        Assert.True(here.ForIds.SequenceEqual(elsewhere.ForIds));
        Assert.False(here.ForIds.SequenceEqual(here.ForPlaces));
    }

    private static DriverLink? LinkOf(RideWorld world) =>
        world.Host.City.GetRequiredService<CityFleet>().TryGet("d1", out var driver) ? driver.Status.Link : null;
}
