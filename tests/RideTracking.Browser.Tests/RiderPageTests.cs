using RideTracking.Faults.Links;
using RideTracking.Server.Access;
using RideTracking.Server.Tests.Dispatch;
using RideTracking.V1;

namespace RideTracking.Browser.Tests;

/// <summary>The client library for browsers, in a browser, against a real server.</summary>
public sealed class RiderPageTests(Browser browser)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_rider_and_who_has_the_link_follow_the_ride_through_a_tunnel_until_it_is_over()
    {
        await using var world = await RideWorld.StartOnAsync(onRedis: false);
        var driver = await world.DriverAsync("d1");
        using var network = new FaultyLink(world.Host.WebAddress.Port);
        var page = await RiderPage.OpenAsync(browser, new Uri($"http://127.0.0.1:{network.Port}"));
        await page.FollowOwnAsync(["of yesterday", TokenOf(world, Role.Rider, "r1")], Request("q1"));
        await page.UntilAsync("seen.own.states.at(-1) === 'SEARCHING'");
        Assert.Equal(["", "of yesterday"], await page.AskAsync<string[]>("seen.asked"));

        var tripId = await driver.AcceptNextAsync();
        await page.UntilAsync("seen.own.states.at(-1) === 'ASSIGNED' && seen.own.polyline");
        var link = await world.Riders.CreateShareLinkAsync(new CreateShareLinkRequest { RequestId = "s1", TripId = tripId }, world.Service, cancellationToken: Cancel);
        await page.FollowSharedAsync("shared", link.Token);
        await page.FollowSharedAsync("stranger", "default.never");
        await page.UntilAsync("seen.stranger.end");
        Assert.Equal("refused SHARE_LINK_NOT_FOUND", await page.AskAsync<string>("`${seen.stranger.end.kind} ${seen.stranger.end.reason}`"));
        foreach (var who in new[] { "own", "shared" })
        {
            await page.UntilAsync($"seen.{who}.place?.ageMs >= 0 && seen.{who}.connections.at(-1) === 'live'");
        }

        network.Become(LinkState.Broken);
        foreach (var who in new[] { "own", "shared" })
        {
            await page.UntilAsync($"seen.{who}.connections.includes('waiting')");
        }

        var waypoints = (await world.GetAsync(tripId)).Waypoints;
        await DoAsync(driver, tripId, waypoints[0].WaypointId);
        world.Time.Advance(TimeSpan.FromSeconds(10));
        driver.Move(RideWorld.North(2));
        network.Become(LinkState.Whole);
        foreach (var who in new[] { "own", "shared" })
        {
            await page.UntilAsync($"seen.{who}.states.at(-1) === 'IN_PROGRESS' && Math.abs(seen.{who}.place?.latitude - 41.152) < 1e-6 && seen.{who}.polyline");
        }

        await DoAsync(driver, tripId, waypoints[1].WaypointId);
        foreach (var who in new[] { "own", "shared" })
        {
            await page.UntilAsync($"seen.{who}.end");
            Assert.Equal("over COMPLETED", await page.AskAsync<string>($"`${{seen.{who}.end.kind}} ${{seen.{who}.end.state}}`"));
        }
    }

    [Fact]
    public async Task Who_may_not_ask_for_a_ride_is_told_so()
    {
        await using var world = await RideWorld.StartOnAsync(onRedis: false);
        var page = await RiderPage.OpenAsync(browser, world.Host.WebAddress);
        await page.FollowOwnAsync([TokenOf(world, Role.Rider, "somebody else")], Request("q1"));
        await page.UntilAsync("seen.own.end");
        Assert.Equal("refused", await page.AskAsync<string>("seen.own.end.kind"));
    }

    [Fact]
    public async Task A_page_of_an_origin_that_is_named_follows_a_ride_as_the_servers_own()
    {
        await using var site = await ForeignSite.StartAsync();
        await using var world = await RideWorld.StartOnAsync(onRedis: false, "--Listen:AllowedOrigins", $"https://elsewhere.example, {site.Origin}");
        var driver = await world.DriverAsync("d1");
        var page = await RiderPage.OpenOnAsync(browser, site, world.Host.WebAddress);
        await page.FollowOwnAsync(["of yesterday", TokenOf(world, Role.Rider, "r1")], Request("q1"));
        var tripId = await driver.AcceptNextAsync();
        await page.UntilAsync("seen.own.states.at(-1) === 'ASSIGNED' && seen.own.place?.ageMs >= 0");
        // Why it was refused at first it could read, too.
        Assert.Equal(["", "of yesterday"], await page.AskAsync<string[]>("seen.asked"));

        var link = await world.Riders.CreateShareLinkAsync(new CreateShareLinkRequest { RequestId = "s1", TripId = tripId }, world.Service, cancellationToken: Cancel);
        await page.FollowSharedAsync("shared", link.Token);
        await page.FollowSharedAsync("stranger", "default.never");
        await page.UntilAsync("seen.shared.states.at(-1) === 'ASSIGNED'");
        await page.UntilAsync("seen.stranger.end");
        Assert.Equal("refused SHARE_LINK_NOT_FOUND", await page.AskAsync<string>("`${seen.stranger.end.kind} ${seen.stranger.end.reason}`"));
    }

    [Fact]
    public async Task A_page_of_any_other_origin_asks_for_nothing()
    {
        await using var site = await ForeignSite.StartAsync();
        await using var world = await RideWorld.StartOnAsync(onRedis: false, "--Listen:AllowedOrigins", "https://elsewhere.example");
        var page = await RiderPage.OpenOnAsync(browser, site, world.Host.WebAddress);
        await page.FollowOwnAsync([TokenOf(world, Role.Rider, "r1")], Request("q1"));
        await page.FollowSharedAsync("stranger", "default.never");
        await page.UntilAsync("seen.asked.length === 1 && seen.stranger.connections.includes('waiting')");
        // The browser tells it nothing, and sends nothing of it.
        Assert.True(await page.AskAsync<bool>("seen.stranger.end === undefined"));
        Assert.Empty((await world.Dispatch.ListTripsAsync(new ListTripsRequest(), world.Service, cancellationToken: Cancel)).Trips);
    }

    private static async Task DoAsync(TestDriver driver, string tripId, string waypointId)
    {
        Assert.Equal(0, (await driver.ProgressAsync(tripId, waypointId, WaypointStep.Arrived)).Status.Code);
        Assert.Equal(0, (await driver.ProgressAsync(tripId, waypointId, WaypointStep.Done)).Status.Code);
    }

    private static string TokenOf(RideWorld world, Role role, string id) =>
        world.Host.TokenOf(role, id).GetValue("authorization")!["Bearer ".Length..];

    private static object Request(string requestId) => new
    {
        requestId,
        riderId = "r1",
        partySize = 1,
        waypoints = new[] { (WaypointKind.Pickup, 0), (WaypointKind.Dropoff, 100) }.Select(w => new
        {
            kind = (int)w.Item1,
            location = new { latitude = RideWorld.North(w.Item2).LatitudeDegrees, longitude = RideWorld.North(w.Item2).LongitudeDegrees },
        }),
    };
}
