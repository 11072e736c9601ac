using RideTracking.Engine.Index;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.Server.Tests.Fleet;
using static Microsoft.Playwright.Assertions;

namespace RideTracking.Browser.Tests;

public sealed class MapTests(Browser browser)
{
    private const string OnTripColor = "#c084fc";
    private const string AvailableColor = "#34d399";

    [Fact]
    public async Task Cars_are_drawn_where_they_are_in_the_colour_of_their_state()
    {
        await using var host = await BuiltPage.ServeAsync();
        var world = new FleetWorld(host);
        world.Move("idle", 41.15, -8.61, course: 45);
        world.SetStatus("idle", DriverAvailability.Available, DriverWork.Idle, DriverLink.Connected);
        world.Move("busy", 41.152, -8.605, course: 180);
        world.SetStatus("busy", DriverAvailability.Available, DriverWork.OnTrip, DriverLink.Connected);
        world.Move("in Paris", 48.85, 2.35);

        var page = await FleetPage.OpenAsync(browser, host.PageAddress);
        await page.UntilAsync("ride.connection === 'live' && ride.carsDrawn === 2");
        Assert.Equal(["busy", "idle"], await page.AskAsync<string[]>("ride.driverIds"));
        await HasColorAsync(page, "idle", AvailableColor, OnTripColor);
        await HasColorAsync(page, "busy", OnTripColor, AvailableColor);
        await Expect(page.Page.Locator(".legend")).ToContainTextAsync("2 connected");

        world.SetStatus("idle", DriverAvailability.Available, DriverWork.OnTrip, DriverLink.Connected);
        await UntilColorAsync(page, "idle", OnTripColor);
        Assert.Empty(page.Errors);
    }

    [Fact]
    public async Task A_car_that_drives_moves_on_the_map()
    {
        await using var host = await BuiltPage.ServeAsync();
        var world = new FleetWorld(host);
        world.Move("d", 41.15, -8.61, course: 90);
        var page = await FleetPage.OpenAsync(browser, host.PageAddress);
        await page.UntilAsync("ride.carsDrawn === 1");
        var (startX, startY) = await page.PositionOfAsync("d");
        world.Move("d", 41.15, -8.60, course: 90);
        await page.UntilAsync(FormattableString.Invariant($"ride.screenPositionOf('d').x > {startX} + 50"));
        Assert.Equal(startY, (await page.PositionOfAsync("d")).Y, 1f);
        Assert.Empty(page.Errors);
    }

    [Fact]
    public async Task Moving_the_map_changes_what_is_sent()
    {
        await using var host = await BuiltPage.ServeAsync();
        var world = new FleetWorld(host);
        world.Move("porto", 41.15, -8.61);
        world.Move("paris", 48.85, 2.35);
        world.Move("fiji", -17.5, 179.99);
        world.Move("fiji-east", -17.5, -179.99);
        var page = await FleetPage.OpenAsync(browser, host.PageAddress);
        await page.UntilAsync("ride.driverIds.join() === 'porto' && ride.carsDrawn === 1");
        await page.AskAsync<object?>("ride.show(2.35, 48.85, 13)");
        await page.UntilAsync("ride.driverIds.join() === 'paris' && ride.carsDrawn === 1");
        await page.AskAsync<object?>("ride.show(180, -17.5, 12)");
        await page.UntilAsync("ride.driverIds.join() === 'fiji,fiji-east' && ride.carsDrawn === 2");
        foreach (var driver in new[] { "fiji", "fiji-east" })
        {
            var (x, y) = await page.PositionOfAsync(driver);
            Assert.InRange(x, 0, 1440);
            Assert.True(await page.PixelsOfColorAsync(x, y, "#e0cda9") > 10, $"{driver} is not seen");
        }

        Assert.Equal(1, await page.AskAsync<int>("ride.openStreams"));
        Assert.Empty(page.Errors);
    }

    [Fact]
    public async Task Without_a_place_in_its_address_or_when_asked_the_map_goes_to_the_fleet()
    {
        await using var host = await BuiltPage.ServeAsync();
        var world = new FleetWorld(host);
        var page = await FleetPage.OpenAsync(browser, host.PageAddress, "#");
        await page.UntilAsync("ride.connection === 'live'");
        world.Move("first", 41.15, -8.61);
        await page.UntilAsync("ride.watched.south > 41 && ride.watched.north < 41.3 && ride.carsDrawn === 1");
        var (x, y) = await page.PositionOfAsync("first");
        Assert.Equal((720f, 450f), (MathF.Round(x), MathF.Round(y)));

        await page.AskAsync<object?>("ride.show(2.35, 48.85, 13)");
        await page.UntilAsync("ride.driverIds.length === 0");
        await page.Page.GetByTitle("Show the whole fleet").ClickAsync();
        await page.UntilAsync("ride.watched.south > 41 && ride.watched.north < 41.3 && ride.carsDrawn === 1");
        Assert.Empty(page.Errors);
    }

    [Fact]
    public async Task A_click_shows_the_driver_with_the_ticking_age_of_the_fix()
    {
        await using var host = await BuiltPage.ServeAsync();
        var world = new FleetWorld(host);
        world.Move("d-1", 41.15, -8.61, course: 90, age: TimeSpan.FromSeconds(30));
        world.SetStatus("d-1", DriverAvailability.Available, DriverWork.ToPickup, DriverLink.Connected);
        var page = await FleetPage.OpenAsync(browser, host.PageAddress);
        await page.UntilAsync("ride.carsDrawn === 1");
        await page.ClickCarAsync("d-1");

        await Expect(page.Panel).ToBeVisibleAsync();
        await Expect(page.Panel.Locator("h2")).ToHaveTextAsync("d-1");
        await Expect(page.Panel.Locator(".panel-state")).ToHaveTextAsync("To pick-up");
        await Expect(page.Panel.Locator("[data-field=speed]")).ToHaveTextAsync("45 km/h");
        await Expect(page.Panel.Locator("[data-field=course]")).ToHaveTextAsync("90° E");
        await Expect(page.Panel.Locator("[data-field=accuracy]")).ToHaveTextAsync("± 5 m");
        await Expect(page.Panel.Locator("[data-field=place]")).ToHaveTextAsync("41.15000° N, 8.61000° W");
        var age = page.Panel.Locator("[data-field=age]");
        await Expect(age).ToHaveTextAsync(new System.Text.RegularExpressions.Regex(@"^(\d+ min )?\d+ s$"));
        var shown = await age.TextContentAsync();
        Assert.True(Seconds(shown) >= 30, shown);
        await Expect(age).Not.ToHaveTextAsync(shown!);
        Assert.True(Seconds(await age.TextContentAsync()) > Seconds(shown));

        world.Move("d-1", 41.15, -8.61, course: 90);
        await Expect(age).ToHaveTextAsync(new System.Text.RegularExpressions.Regex(@"^\d\.\d s$"));
        await page.Page.Keyboard.PressAsync("Escape");
        await Expect(page.Panel).ToBeHiddenAsync();
        Assert.Empty(page.Errors);
    }

    [Fact]
    public async Task A_driver_who_streams_is_seen_and_marked_when_the_phone_is_gone()
    {
        await using var host = await BuiltPage.ServeAsync();
        var page = await FleetPage.OpenAsync(browser, host.PageAddress);
        await page.UntilAsync("ride.connection === 'live'");
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        await using (var phone = await DriverPhone.ConnectAsync(host, "d1"))
        {
            await phone.SendAsync(DriverPhone.Batch(now, first: 1));
            await page.UntilAsync("ride.carsDrawn === 1 && ride.driverIds.includes('d1')");
            await Expect(page.Page.Locator(".legend")).ToContainTextAsync("1 connected");
            await page.ClickCarAsync("d1");
            await Expect(page.Panel.Locator("[data-field=link]")).ToHaveTextAsync("Connected");
        }

        await Expect(page.Panel.Locator("[data-field=link]")).ToHaveTextAsync("Lost");
        await Expect(page.Page.Locator(".legend")).ToContainTextAsync("0 connected");
        Assert.Empty(page.Errors);
    }

    [Fact]
    public async Task A_lost_connection_is_shown_and_mends_itself()
    {
        var data = Directory.CreateTempSubdirectory("ride-tracking-").FullName;
        try
        {
            FleetPage page;
            int port;
            await using (var host = await BuiltPage.ServeAsync(dataFolder: data))
            {
                port = host.WebAddress.Port;
                new FleetWorld(host).Move("before", 41.15, -8.61);
                page = await FleetPage.OpenAsync(browser, host.PageAddress);
                await page.UntilAsync("ride.connection === 'live' && ride.carsDrawn === 1");
                Assert.Empty(page.Errors);
            }

            await page.UntilAsync("ride.connection === 'lost'");
            var badge = page.Page.Locator(".badge");
            await Expect(badge).ToContainTextAsync("Connection lost");
            await Expect(badge).ToContainTextAsync("next try in");
            await Expect(badge).ToContainTextAsync("old");
            Assert.Equal(1, await page.AskAsync<int>("ride.carsDrawn"));
            await page.KeepPictureAsync("lost");

            await using (var host = await BuiltPage.ServeAsync(dataFolder: data, "--web-port", $"{port}"))
            {
                new FleetWorld(host).Move("after", 41.15, -8.61);
                await page.UntilAsync("ride.connection === 'live' && ride.driverIds.includes('after') && ride.carsDrawn >= 1");
                await Expect(badge).ToContainTextAsync("Live");
            }
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    [Fact]
    public async Task Where_the_server_hands_out_no_token_the_page_asks_for_one()
    {
        await using var host = await BuiltPage.ServeAsync();
        var world = new FleetWorld(host);
        world.Move("d", 41.15, -8.61);
        var page = await FleetPage.OpenAsync(browser, host.PageAddress, before: page =>
            page.RouteAsync("**/dev/token", route => route.FulfillAsync(new() { Status = 404 })));
        var form = page.Page.Locator(".token-form");
        await Expect(form).ToBeVisibleAsync();

        await form.Locator("input").FillAsync("not a token");
        await form.Locator("button").ClickAsync();
        await Expect(form.Locator("input")).ToHaveValueAsync("");
        await Expect(form).ToBeVisibleAsync();

        await form.Locator("input").FillAsync(world.Ops.GetValue("authorization")!["Bearer ".Length..]);
        await form.Locator("button").ClickAsync();
        await page.UntilAsync("ride.connection === 'live' && ride.carsDrawn === 1");
        await Expect(form).ToBeHiddenAsync();

        await page.Page.ReloadAsync();
        await page.UntilAsync("ride.connection === 'live' && ride.carsDrawn === 1");
    }

    [Fact]
    public async Task A_city_at_work_is_drawn_with_nothing_from_outside()
    {
        await using var host = await BuiltPage.ServeAsync();
        var city = new PaintedCity(new FleetWorld(host), seed: 7);
        var page = await FleetPage.OpenAsync(browser, host.PageAddress, "#");
        city.Step();
        await page.UntilAsync("ride.connection === 'live' && ride.carsDrawn > 0");
        await page.UntilAsync($"ride.carsDrawn >= {PaintedCity.Drivers * 9 / 10}");
        for (var steps = FleetPage.KeepsPictures ? 60 : 3; steps > 0; steps--)
        {
            var frames = await page.AskAsync<int>("ride.frames");
            city.Step();
            await page.UntilAsync($"ride.frames > {frames}");
        }

        await page.ClickCarAsync("driver-007");
        await Expect(page.Panel.Locator("[data-field=age]")).ToContainTextAsync("s");
        await page.KeepPictureAsync("city");
        Assert.All(page.Requests, request => Assert.True(
            request.Scheme is "blob" or "data" || request.Authority == host.WebAddress.Authority, $"asked {request}"));
        Assert.Empty(page.Errors);
    }

    private static async Task HasColorAsync(FleetPage page, string driverId, string color, string otherColor)
    {
        await UntilColorAsync(page, driverId, color);
        var (x, y) = await page.PositionOfAsync(driverId);
        Assert.Equal(0, await page.PixelsOfColorAsync(x, y, otherColor));
    }

    private static async Task UntilColorAsync(FleetPage page, string driverId, string color)
    {
        for (var look = 0; ; look++)
        {
            var (x, y) = await page.PositionOfAsync(driverId);
            if (await page.PixelsOfColorAsync(x, y, color) > 10)
            {
                return;
            }

            Assert.True(look < 50, $"{driverId} is not drawn in {color}");
        }
    }

    // "12 s", or "3 min 20 s" where the machine is slow.
    private static int Seconds(string? text)
    {
        var parts = text!.Split(' ').Where((_, i) => i % 2 == 0).Select(p => int.Parse(p, System.Globalization.CultureInfo.InvariantCulture));
        return parts.Aggregate(0, (sum, part) => (60 * sum) + part);
    }
}
