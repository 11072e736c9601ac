using RideTracking.Engine.Geo;
using RideTracking.Server.Tests.Fleet;
using RideTracking.Server.Tests.Roads;
using RideTracking.V1;
using static Microsoft.Playwright.Assertions;

namespace RideTracking.Browser.Tests;

public sealed class RoadsOnMapTests(Browser browser)
{
    private const string AheadColor = "#7dd3fc";

    [Fact]
    public async Task Streets_are_drawn_under_the_cars()
    {
        await using var world = await StreetWorld.StartAsync(args: ["--dashboard", BuiltPage.Folder]);
        new FleetWorld(world.Host).Move("d", 41.1496, -8.611, course: 45);
        var page = await FleetPage.OpenAsync(browser, world.Host.PageAddress, "#14/41.1496/-8.611");
        await page.UntilAsync("ride.connection === 'live' && ride.carsDrawn === 1");
        // What is drawn is what is driven.
        var route = (await world.EstimateAsync(StreetWorld.At(-300, 150), StreetWorld.At(300, 150))).Route;
        var start = EncodedPolyline.Decode(route.EncodedPolyline)[0];
        await page.UntilAsync(FormattableString.Invariant(
            $"ride.hasAllTiles && ride.roadsAt({start.LongitudeDegrees}, {start.LatitudeDegrees}).some((road) => road.name === '{route.Legs[0].Steps[0].StreetName}')"));
        await page.KeepPictureAsync("streets");
        await page.AskAsync<object?>("ride.show(2.35, 48.85, 14)");
        await page.UntilAsync("ride.hasAllTiles && ride.roadsAt(2.35, 48.85).length === 0");
        Assert.DoesNotContain(page.Requests, request => request.Host != "127.0.0.1");
        Assert.Empty(page.Errors);
    }

    [Fact]
    public async Task The_trip_of_a_chosen_driver_is_drawn_with_what_is_driven_and_what_is_ahead()
    {
        await using var world = await StreetWorld.StartAsync(args: ["--dashboard", BuiltPage.Folder]);
        await using var phone = await world.DriverAsync("d1", StreetWorld.At(-900, -700));
        var trip = await world.RequestAsync(StreetWorld.At(-300, 150), StreetWorld.At(1_100, 900));
        var told = await StreetWorld.AcceptAsync(phone);
        var line = EncodedPolyline.Decode(told.Route.EncodedPolyline);
        await world.DriveAsync(phone, line[..(line.Length / 3)]);

        var page = await FleetPage.OpenAsync(browser, world.Host.PageAddress, "#14/41.1496/-8.611");
        await page.UntilAsync("ride.carsDrawn === 1 && ride.hasAllTiles");
        await page.ClickCarAsync("d1");
        await page.UntilAsync("ride.trip && ride.trip.behind.length > 1 && ride.trip.ahead.length > 1");
        var section = page.Panel.Locator(".trip");
        await Expect(section.Locator(".trip-source")).ToHaveTextAsync("over roads");
        await Expect(section.Locator(".trip-off-route")).ToBeHiddenAsync();
        await Expect(section.Locator("li .waypoint-mark")).ToHaveTextAsync(["P", "D"]);
        await Expect(section.Locator(".trip-ahead").First).ToHaveTextAsync(new System.Text.RegularExpressions.Regex(@"^(now|in .+)\n[\d,]+ m$"));
        await Expect(page.Page.Locator("#map .waypoint-mark")).ToHaveTextAsync(["P", "D"]);
        var (x, y) = await page.ProjectAsync(line[^1].LatitudeDegrees, line[^1].LongitudeDegrees);
        Assert.True(await page.PixelsOfColorAsync(x, y, AheadColor, radius: 40) > 20, "the way ahead is not drawn");
        await page.KeepPictureAsync("trip");

        // Somewhere else: the page says so, and shows the new way once there is one.
        await StreetWorld.StepAsync(phone, trip.Waypoints[0], WaypointStep.Arrived);
        await Expect(section.Locator(".trip-ahead").First).ToHaveTextAsync("there");
        await page.Page.Keyboard.PressAsync("Escape");
        await page.UntilAsync("ride.trip === undefined");
        await Expect(page.Page.Locator("#map .waypoint-mark")).ToHaveCountAsync(0);
        Assert.Empty(page.Errors);
    }
}
