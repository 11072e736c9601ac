using Microsoft.Playwright;
using RideTracking.Server.Access;

namespace RideTracking.Deploy.Tests.Edges;

/// <summary>A browser behind the edge: HTTP/2, so that it is not held to six connections.</summary>
[Collection(nameof(TwoNodes))]
public sealed class BrowserTests(TwoNodes nodes, RideTracking.Browser.Tests.Browser browser)
{
    // Opens ten watches over gRPC-Web, waits until all are answered, and then asks for something else beside them.
    private const string TenWatches = """
        async token => {
            const call = path => fetch(path, {
                method: 'POST',
                headers: { 'content-type': 'application/grpc-web+proto', 'x-grpc-web': '1', authorization: 'Bearer ' + token },
                body: new Uint8Array([0, 0, 0, 0, 0]),
            });
            const answers = await Promise.all(Array.from({ length: 10 }, () => call('/ridetracking.v1.FleetService/WatchZoneEvents')));
            const beside = await call('/ridetracking.v1.FleetService/ListZones');
            await beside.arrayBuffer();
            const entry = performance.getEntriesByType('resource').find(e => e.name.endsWith('/ListZones'));
            return {
                page: performance.getEntriesByType('navigation')[0].nextHopProtocol,
                call: entry.nextHopProtocol,
                open: answers.filter(a => a.status === 200 && !a.headers.get('grpc-status')).length,
                beside: beside.status,
            };
        }
        """;

    [Theory, InlineData("haproxy"), InlineData("nginx")]
    public async Task A_page_holds_ten_streams_at_once_over_http2(string kind)
    {
        await using var edge = await Edge.StartAsync(kind, nodes);
        await using var context = await browser.OpenContextAsync(new BrowserNewContextOptions { IgnoreHTTPSErrors = true });
        var page = await context.NewPageAsync();
        await page.GotoAsync(new Uri(edge.Address, "/openapi/v1.json").ToString());

        var seen = await page.EvaluateAsync<Seen>(TenWatches, nodes.TokenOf(Role.Ops, "ops"));

        Assert.Equal(new Seen { Page = "h2", Call = "h2", Open = 10, Beside = 200 }, seen);
    }

    private sealed record Seen
    {
        public string Page { get; init; } = "";

        public string Call { get; init; } = "";

        public int Open { get; init; }

        public int Beside { get; init; }
    }
}
