using RideTracking.Server.Tests.Fixtures;
using RideTracking.Server.Tests.Fleet;
using RideTracking.V1;
using static Microsoft.Playwright.Assertions;

namespace RideTracking.Browser.Tests;

public sealed class IncidentsOnMapTests(Browser browser)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_incident_is_shown_at_once_leads_to_its_driver_and_is_closed_with_a_note()
    {
        await using var host = await BuiltPage.ServeAsync();
        var dispatch = new DispatchService.DispatchServiceClient(host.Channel());
        var ops = new FleetWorld(host).Ops;
        await using var first = await RaiseAsync(host, "d1", IncidentKind.Vehicle, "flat tyre, Rua da Boavista");
        var page = await FleetPage.OpenAsync(browser, host.PageAddress, "#11/41.1/-8.5");
        await page.UntilAsync("ride.connection === 'live' && ride.incidentIds.length === 1");

        await using var second = await RaiseAsync(host, "d2", IncidentKind.Threat, "<b>he has a knife</b>");
        await page.UntilAsync("ride.incidentIds.length === 2");
        var panel = page.Page.Locator(".panel.incidents");
        await Expect(panel.Locator("h2")).ToHaveTextAsync("2 open incidents");
        var rows = panel.Locator("li");
        await Expect(rows.Nth(0)).ToContainTextAsync("Threat");
        await Expect(rows.Nth(0)).ToContainTextAsync("d2");
        // Words of people are text, whatever is in them.
        await Expect(rows.Nth(0)).ToContainTextAsync("<b>he has a knife</b>");
        await Expect(rows.Nth(1)).ToContainTextAsync("flat tyre");
        await Expect(page.Page.Locator(".incident-mark")).ToHaveCountAsync(2);

        await rows.Nth(0).Locator(".incident-show").ClickAsync();
        await Expect(page.Panel).ToBeVisibleAsync();
        await Expect(page.Panel.Locator("h2")).ToHaveTextAsync("d2");
        await page.UntilAsync("ride.driverIds.includes('d2') && ride.carsDrawn >= 1");
        await page.KeepPictureAsync("incidents");

        var fields = rows.Nth(1).Locator("input");
        await fields.FillAsync("towed");
        // What is typed stays while others come and go.
        await rows.Nth(0).Locator("input").FillAsync("police came");
        await rows.Nth(0).Locator("button[type=submit]").ClickAsync();
        await page.UntilAsync("ride.incidentIds.length === 1");
        await Expect(panel.Locator("h2")).ToHaveTextAsync("1 open incident");
        await Expect(rows.Nth(0).Locator("input")).ToHaveValueAsync("towed");

        var closed = Assert.Single((await dispatch.ListIncidentsAsync(new ListIncidentsRequest { State = IncidentState.Closed }, ops, cancellationToken: Cancel)).Incidents);
        Assert.Equal(("d2", "police came"), (closed.Driver.DriverId, closed.ClosingNote));

        // Another one of ops closes the last.
        var open = Assert.Single((await dispatch.ListIncidentsAsync(new ListIncidentsRequest { State = IncidentState.Open }, ops, cancellationToken: Cancel)).Incidents);
        await dispatch.CloseIncidentAsync(new CloseIncidentRequest { IncidentId = open.IncidentId }, ops, cancellationToken: Cancel);
        await Expect(panel).ToBeHiddenAsync();
        await Expect(page.Page.Locator(".incident-mark")).ToHaveCountAsync(0);
        Assert.Empty(page.Errors);
    }

    // A phone that is where phones start and told of trouble.
    private static async Task<DriverPhone> RaiseAsync(ServerHost host, string driverId, IncidentKind kind, string note)
    {
        var phone = await DriverPhone.ConnectAsync(host, driverId);
        await phone.SendAsync(DriverPhone.Batch(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds(), first: 1));
        await phone.ReadAckAsync(1);
        await phone.SendAsync(new ConnectRequest
        {
            Action = new DriverAction { ActionId = "i1", RaiseIncident = new RaiseIncident { Kind = kind, Note = note } },
        });
        Assert.Equal(0, (await phone.ReadUntilAsync(m => m.ActionResult is not null)).ActionResult.Status.Code);
        return phone;
    }
}
