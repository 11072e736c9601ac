using Microsoft.Playwright;
using RideTracking.Server.Tests.Fixtures;

namespace RideTracking.Browser.Tests;

/// <summary>
/// A page that follows trips with the client library for browsers as it was built, module by module: on the server's origin,
/// while its own files come from the working tree, or on an origin of its own.
/// </summary>
internal sealed class RiderPage
{
    public const string Root = "/rider-test/";

    /// <summary>The page. What an app's bundler does stands in its head: where each package's modules are.</summary>
    public const string Document = """
        <!doctype html>
        <title>A rider's page</title>
        <script type="importmap">
        { "imports": {
          "@ride-tracking/client": "/rider-test/dist/index.js",
          "@ride-tracking/client/v1/trip": "/rider-test/dist/gen/ridetracking/v1/trip_pb.js",
          "@bufbuild/protobuf": "/rider-test/node_modules/@bufbuild/protobuf/dist/esm/index.js",
          "@bufbuild/protobuf/codegenv2": "/rider-test/node_modules/@bufbuild/protobuf/dist/esm/codegenv2/index.js",
          "@bufbuild/protobuf/wire": "/rider-test/node_modules/@bufbuild/protobuf/dist/esm/wire/index.js",
          "@bufbuild/protobuf/wkt": "/rider-test/node_modules/@bufbuild/protobuf/dist/esm/wkt/index.js",
          "@connectrpc/connect": "/rider-test/node_modules/@connectrpc/connect/dist/esm/index.js",
          "@connectrpc/connect/protocol": "/rider-test/node_modules/@connectrpc/connect/dist/esm/protocol/index.js",
          "@connectrpc/connect/protocol-connect": "/rider-test/node_modules/@connectrpc/connect/dist/esm/protocol-connect/index.js",
          "@connectrpc/connect/protocol-grpc-web": "/rider-test/node_modules/@connectrpc/connect/dist/esm/protocol-grpc-web/index.js",
          "@connectrpc/connect-web": "/rider-test/node_modules/@connectrpc/connect-web/dist/esm/index.js"
        } }
        </script>
        <script type="module">
        import { createClient, createTransport, followSharedTrip, followTrip, reasonOf, RiderService, TokenSource } from "@ride-tracking/client";
        import { TripState } from "@ride-tracking/client/v1/trip";

        const baseUrl = new URLSearchParams(location.search).get("server") ?? location.origin;
        const seen = (window.seen = { asked: [] });
        function listener(name) {
          const told = (seen[name] = { states: [], connections: [], place: undefined, end: undefined });
          return {
            told,
            onView({ trip, vehicle }) {
              if (told.states.at(-1) !== TripState[trip.state]) told.states.push(TripState[trip.state]);
              told.place = vehicle && { latitude: vehicle.position.location.latitude, ageMs: vehicle.ageMs() };
              told.polyline = trip.route?.encodedPolyline;
            },
            onConnection: ({ kind }) => told.connections.push(kind),
          };
        }
        const note = (told) => (end) => (told.end = { kind: end.kind, reason: end.error && reasonOf(end.error), state: end.trip && TripState[end.trip.state] });
        window.followOwn = ({ tokens, request }) => {
          const source = new TokenSource(async ({ refused }) => {
            seen.asked.push(refused ?? "");
            return tokens.shift();
          });
          const client = createClient(RiderService, createTransport({ baseUrl, tokens: source }));
          const listening = listener("own");
          void followTrip(client, request, { ...listening, tokens: source }).then(note(listening.told));
        };
        window.followShared = ({ name, link }) => {
          const listening = listener(name);
          void followSharedTrip(createClient(RiderService, createTransport({ baseUrl })), link, listening).then(note(listening.told));
        };
        </script>
        """;

    private static readonly string Package = Repository.PathOf("clients/typescript");

    private readonly IPage _page;

    private RiderPage(IPage page) => _page = page;

    public static async Task<RiderPage> OpenAsync(Browser browser, Uri address)
    {
        var page = await browser.OpenPageAsync();
        await page.RouteAsync(url => new Uri(url).AbsolutePath.StartsWith(Root, StringComparison.Ordinal), AnswerAsync);
        await page.GotoAsync(new Uri(address, Root).ToString());
        await page.WaitForFunctionAsync("() => window.followShared");
        return new RiderPage(page);
    }

    /// <summary>Opens it where another server has it; nothing stands between it and the network, so that the browser asks before it calls another origin.</summary>
    public static async Task<RiderPage> OpenOnAsync(Browser browser, ForeignSite site, Uri server)
    {
        var page = await browser.OpenPageAsync();
        await page.GotoAsync(new Uri(site.Address, $"{Root}?server={Uri.EscapeDataString(server.GetLeftPart(UriPartial.Authority))}").ToString());
        await page.WaitForFunctionAsync("() => window.followShared");
        return new RiderPage(page);
    }

    /// <summary>Where a file of the page's is.</summary>
    public static string FileOf(string path) => Path.Combine(Package, path);

    /// <summary>Asks for a ride and follows it; the tokens are given one after the other.</summary>
    public Task FollowOwnAsync(IReadOnlyList<string> tokens, object request) => _page.EvaluateAsync("own => followOwn(own)", new { tokens, request });

    public Task FollowSharedAsync(string name, string link) => _page.EvaluateAsync("shared => followShared(shared)", new { name, link });

    /// <summary>Waits until an expression over <c>seen</c> is true.</summary>
    public Task UntilAsync(string expression) => _page.WaitForFunctionAsync($"() => {expression}", null, new() { Timeout = 60_000 });

    public Task<T> AskAsync<T>(string expression) => _page.EvaluateAsync<T>($"() => {expression}");

    private static Task AnswerAsync(IRoute route)
    {
        var path = new Uri(route.Request.Url).AbsolutePath[Root.Length..];
        return path.Length == 0
            ? route.FulfillAsync(new() { ContentType = "text/html", Body = Document })
            : route.FulfillAsync(new() { ContentType = "text/javascript", Path = FileOf(path) });
    }
}
