using Microsoft.Extensions.DependencyInjection;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads.Graph;
using RideTracking.Server.Roads;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.Server.Tests.Fleet;

namespace RideTracking.Browser.Tests;

public sealed class RoadsOnMapTests(Browser browser)
{
    private static readonly GeoPoint Center = new(41.16, -8.62);

    [Fact]
    public async Task Streets_are_drawn_under_the_cars()
    {
        var city = StreetGrid.Build(new StreetGridPlan { Center = Center });
        await using var host = await ServerHost.StartAsync(
            configure: builder => builder.Services.AddSingleton(new RoadTileEndpoint(() => city)), args: ["--dashboard", BuiltPage.Folder]);
        var world = new FleetWorld(host);
        world.Move("d", 41.16, -8.62, course: 45);
        var page = await FleetPage.OpenAsync(browser, host.WebAddress, "#14/41.16/-8.62");
        await page.UntilAsync("ride.connection === 'live' && ride.carsDrawn === 1");
        await page.UntilAsync("ride.roadsAt(-8.62, 41.16).length > 0");
        Assert.Contains("31st Avenue", await page.AskAsync<string[]>("ride.roadsAt(-8.62, 41.1602).map((road) => road.name)"));
        await page.AskAsync<object?>("ride.show(2.35, 48.85, 14)");
        await page.UntilAsync("ride.hasAllTiles && ride.roadsAt(2.35, 48.85).length === 0");
        Assert.Empty(page.Errors);
    }
}
