using RideTracking.Server.Tests.Fleet;
using RideTracking.Server.Tests.Zones;
using RideTracking.V1;
using static Microsoft.Playwright.Assertions;
using DriverAvailability = RideTracking.Engine.Index.DriverAvailability;
using DriverLink = RideTracking.Engine.Index.DriverLink;
using DriverWork = RideTracking.Engine.Index.DriverWork;

namespace RideTracking.Browser.Tests;

public sealed class ZonesOnMapTests(Browser browser)
{
    private const string QueueColor = "#cf9436";
    private const string InTheRank = "ride.zonesAround(-8.602, 41.15)";

    private static readonly string Rank = Box(-8.604, 41.149, -8.600, 41.151);

    [Fact]
    public async Task Zones_are_drawn_named_counted_and_can_be_hidden()
    {
        await using var host = await BuiltPage.ServeAsync();
        var zones = new ZoneWorld(host);
        await zones.UpsertAsync("rank", ZoneKind.Queue, Rank);
        await zones.UpsertAsync("city", ZoneKind.ServiceArea, Box(-8.7, 41.1, -8.5, 41.2));
        new FleetWorld(host).Move("waiting", 41.1505, -8.603);

        var page = await FleetPage.OpenAsync(browser, host.PageAddress, "#15/41.15/-8.61");
        await page.UntilAsync($"ride.carsDrawn === 1 && {InTheRank}.join() === 'rank,city'");
        Assert.Equal(["city"], await page.AskAsync<string[]>("ride.zonesAround(-8.61, 41.15)"));
        var (x, y) = await page.ProjectAsync(41.15, -8.604);
        await UntilPixelsAsync(page, x, y, shown: true);
        await Expect(page.Page.Locator(".legend-zone-rows .legend-label")).ToHaveTextAsync(["Service area", "Queue"]);
        await Expect(page.Page.Locator(".legend-zone-rows .legend-count")).ToHaveTextAsync(["1", "1"]);

        var tip = page.Page.Locator(".zone-tip");
        (x, y) = await page.ProjectAsync(41.1495, -8.602);
        await page.Page.Mouse.MoveAsync(x, y);
        await Expect(tip.Locator(".zone-row")).ToHaveCountAsync(1);
        await Expect(tip.Locator(".zone-name")).ToHaveTextAsync("Zone rank");
        await Expect(tip.Locator(".zone-kind")).ToHaveTextAsync("Queue");
        await page.KeepPictureAsync("zones");
        (x, y) = await page.PositionOfAsync("waiting");
        await page.Page.Mouse.MoveAsync(x, y);
        await Expect(tip).ToBeHiddenAsync();
        await page.ClickCarAsync("waiting");
        await Expect(page.Panel.Locator("h2")).ToHaveTextAsync("waiting");
        await Expect(page.NearestPanel).ToBeHiddenAsync();

        var toggle = page.Page.Locator(".legend-zones input");
        await toggle.UncheckAsync();
        await page.UntilAsync($"{InTheRank}.length === 0");
        (x, y) = await page.ProjectAsync(41.15, -8.604);
        await UntilPixelsAsync(page, x, y, shown: false);
        await toggle.CheckAsync();
        await page.UntilAsync($"{InTheRank}.length === 2");

        await zones.UpsertAsync("closed", ZoneKind.NoPickup, Box(-8.612, 41.149, -8.608, 41.151));
        await zones.Client.DeleteZoneAsync(new DeleteZoneRequest { ZoneId = "rank" }, zones.Ops, cancellationToken: TestContext.Current.CancellationToken);
        await page.UntilAsync($"ride.zonesAround(-8.61, 41.15).join() === 'closed,city' && {InTheRank}.join() === 'city'");
        Assert.Equal(["city", "closed"], await page.AskAsync<string[]>("ride.zoneIds"));
        await Expect(page.Page.Locator(".legend-zone-rows .legend-label")).ToHaveTextAsync(["Service area", "No pick-up"]);
        Assert.Empty(page.Errors);
    }

    [Fact]
    public async Task A_click_on_an_empty_place_shows_the_nearest_drivers()
    {
        await using var host = await BuiltPage.ServeAsync();
        await new ZoneWorld(host).UpsertAsync("rank", ZoneKind.Queue, Rank);
        var world = new FleetWorld(host);
        world.Move("a", 41.1505, -8.603);
        world.SetStatus("a", DriverAvailability.Available, DriverWork.Idle, DriverLink.Connected);
        world.Move("b", 41.1495, -8.607, age: TimeSpan.FromSeconds(30));
        world.Move("c", 41.1495, -8.612);
        world.Move("d", 41.1595, -8.602);
        world.Move("e", 41.1695, -8.602);
        world.Move("sixth", 41.1795, -8.602);
        var page = await FleetPage.OpenAsync(browser, host.PageAddress, "#15/41.15/-8.61");
        await page.UntilAsync($"ride.driverIds.includes('a') && ride.carsDrawn >= 3 && {InTheRank}.length === 1");

        var (x, y) = await page.ProjectAsync(41.1495, -8.602);
        await page.Page.Mouse.ClickAsync(x, y);
        await page.UntilAsync("ride.ringedDriverIds.join() === 'a,b,c,d,e'");
        var rows = page.NearestPanel.Locator(".nearest-row");
        await Expect(rows.Locator(".nearest-name")).ToHaveTextAsync(["a", "b", "c", "d", "e"]);
        await Expect(page.NearestPanel.Locator(".zone-name")).ToHaveTextAsync(["Zone rank"]);
        var distances = (await rows.Locator("b").AllTextContentsAsync()).Select(Number).ToArray();
        // Great-circle on a sphere; a pixel is 1.8 m here.
        foreach (var (meters, expected) in distances.Zip([139.0, 418.6, 837.2, 1112, 2224]))
        {
            Assert.InRange(meters, expected - 5, expected + 5);
        }

        Assert.InRange(Number((await rows.Nth(1).Locator(".nearest-age").TextContentAsync())!), 30, 120);
        await Expect(page.Page.Locator(".nearest-ring")).ToHaveCountAsync(5);
        await Expect(page.Page.Locator(".nearest-place")).ToHaveCountAsync(1);

        world.Move("a", 41.1495, -8.6085);
        await Expect(rows.Locator(".nearest-name")).ToHaveTextAsync(["b", "a", "c", "d", "e"]);
        await rows.Nth(1).ClickAsync();
        await Expect(page.Panel.Locator("h2")).ToHaveTextAsync("a");
        await Expect(page.NearestPanel.Locator(".is-selected .nearest-name")).ToHaveTextAsync("a");
        await page.KeepPictureAsync("nearest");

        await page.Page.Keyboard.PressAsync("Escape");
        await Expect(page.NearestPanel).ToBeHiddenAsync();
        await Expect(page.Panel).ToBeHiddenAsync();
        await Expect(page.Page.Locator(".nearest-ring, .nearest-place")).ToHaveCountAsync(0);

        await page.AskAsync<object?>("ride.show(2.35, 48.85, 13)");
        await page.Page.Mouse.ClickAsync(720, 450);
        await Expect(page.NearestPanel.Locator(".panel-notice")).ToHaveTextAsync("Nobody within 5 km.");
        await page.NearestPanel.GetByLabel("Close").ClickAsync();
        await Expect(page.NearestPanel).ToBeHiddenAsync();
        Assert.Empty(page.Errors);
    }

    private static string Box(double west, double south, double east, double north) => FormattableString.Invariant(
        $$"""{"type":"Polygon","coordinates":[[[{{west}},{{south}}],[{{east}},{{south}}],[{{east}},{{north}}],[{{west}},{{north}}],[{{west}},{{south}}]]]}""");

    private static double Number(string text) =>
        double.Parse(text.Split(' ')[0], System.Globalization.NumberStyles.Number, System.Globalization.CultureInfo.InvariantCulture);

    private static async Task UntilPixelsAsync(FleetPage page, float x, float y, bool shown)
    {
        for (var look = 0; await page.PixelsOfColorAsync(x, y, QueueColor) > 10 != shown; look++)
        {
            Assert.True(look < 50, shown ? "the zone's outline is not drawn" : "the zone's outline is still drawn");
        }
    }
}
