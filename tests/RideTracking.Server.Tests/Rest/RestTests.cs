using System.Net;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;
using RideTracking.Server.Access;
using RideTracking.Server.Tests.Access;
using RideTracking.Server.Tests.Dispatch;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.V1;

namespace RideTracking.Server.Tests.Rest;

/// <summary>The calls as REST and JSON.</summary>
public sealed class RestTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string, string, string, string, int, string> WrongRequests => new()
    {
        { "POST", "/v1/trips", "application/json", """{"requestId":"q","ridrId":"r1"}""", 400, "ridrId: is no field of RequestTripRequest; did you mean riderId?" },
        { "POST", "/v1/trips", "application/json", """{"waypoints":[{"kind":"PICKUP"}]}""", 400, "waypoints[0].kind: must be one of WAYPOINT_KIND_UNSPECIFIED" },
        { "POST", "/v1/trips", "application/json", """{"partySize":"two"}""", 400, "partySize: must be a whole number from 0 to 4294967295" },
        { "POST", "/v1/trips", "application/json", """{"partySize":-1}""", 400, "partySize: must be a whole number" },
        { "POST", "/v1/trips", "application/json", """{"partySize":1.5}""", 400, "partySize: must be a whole number" },
        { "POST", "/v1/trips", "application/json", """{"riderId":7}""", 400, "riderId: must be a string, not a number" },
        { "POST", "/v1/trips", "application/json", """{"waypoints":{}}""", 400, "waypoints: must be an array, not an object" },
        { "POST", "/v1/trips", "application/json", """{"waypoints":[7]}""", 400, "waypoints[0]: must be an object, not a number" },
        { "POST", "/v1/trips", "application/json", """{"terms":{"scheduledFor":"tomorrow"}}""", 400, "terms.scheduledFor: must be a time such as" },
        { "POST", "/v1/trips", "application/json", """{"riderId":"a","riderId":"b"}""", 400, "body: is not JSON" },
        { "POST", "/v1/trips", "application/json", """{"riderId":""", 400, "body: is not JSON" },
        { "POST", "/v1/trips", "application/json", "[]", 400, "body: must be an object, not an array" },
        { "POST", "/v1/trips", "application/json", "null", 400, "body: must be an object, not null" },
        { "POST", "/v1/trips", "text/plain", "{}", 415, "content-type: must be application/json" },
        { "POST", "/v1/trips", "application/json", """{"waypoints":[{"kind":"WAYPOINT_KIND_PICKUP","location":{"latitude":"NaN","longitude":1}}]}""", 400, "waypoints[0].location" },
        { "POST", "/v1/trips?riderId=r1", "application/json", "{}", 400, "riderId: is not read here" },
        { "POST", "/v1/dispatch/drivers/d1/messages", "application/json", """{"expiresAfter":"soon"}""", 400, "expiresAfter: must be seconds such as" },
        { "PUT", "/v1/directory/drivers/d1", "application/json", """{"displayNme":"Dora"}""", 400, "driver.displayNme: is no field of Driver; did you mean displayName?" },
        { "PUT", "/v1/directory/drivers/d1", "application/json", """{"rating":"good"}""", 400, "driver.rating: must be a number" },
        { "GET", "/v1/dispatch/trips?pageSize=many", "", "", 400, "pageSize: must be a whole number" },
        { "GET", "/v1/dispatch/trips?states=LOST", "", "", 400, "states: must be one of TRIP_STATE_UNSPECIFIED" },
        { "GET", "/v1/dispatch/trips?page_sise=1", "", "", 400, "page_sise: is no parameter of ListTrips" },
        { "GET", "/v1/dispatch/trips?pageSize=1&pageSize=2", "", "", 400, "pageSize: must be given once" },
        { "GET", "/v1/fleet:watch?minFrameInterval=often", "", "", 400, "minFrameInterval: value: must be seconds such as" },
        { "GET", "/v1/fleet:watch?viewport.sud=1", "", "", 400, "viewport.sud: is no parameter of WatchFleet" },
        { "GET", "/v1/dispatch/trips/nothing", "", "", 404, "" },
        { "GET", "/v1/no-such-thing", "", "", 404, "" },
        { "PATCH", "/v1/dispatch/trips", "", "", 405, "" },
    };

    [Fact]
    public void Every_call_that_is_no_stream_upwards_has_a_path_of_its_own()
    {
        var rules = Contract.Methods.Where(m => !m.IsClientStreaming).Select(m => JsonCall.RuleOf(m)).ToList();

        Assert.DoesNotContain(null, rules);
        Assert.Equal(rules.Count, rules.Select(r => $"{r!.PatternCase} {r}").Distinct().Count());
        Assert.All(rules, r => Assert.StartsWith("/v1/", r!.Get + r.Put + r.Post + r.Delete));
    }

    [Theory, MemberData(nameof(WrongRequests))]
    public async Task What_is_wrong_is_told_with_its_field(string verb, string path, string type, string body, int status, string words)
    {
        await using var server = await ServerHost.StartAsync();
        using var http = Client(server, Role.Service, "backend");
        using var request = new HttpRequestMessage(new HttpMethod(verb), path);
        if (type.Length > 0)
        {
            request.Content = new StringContent(body, System.Text.Encoding.UTF8, type);
        }

        using var response = await http.SendAsync(request, Cancel);

        Assert.Equal(status, (int)response.StatusCode);
        if (words.Length > 0)
        {
            var refusal = JsonCall.StatusIn(await response.Content.ReadAsStringAsync(Cancel));
            Assert.StartsWith(words, refusal.Message);
            Assert.Equal((int)Code.InvalidArgument, refusal.Code);
            Assert.StartsWith(words.Split(": ")[0], refusal.GetDetail<BadRequest>()!.FieldViolations[0].Field);
        }
    }

    [Fact]
    public async Task A_ride_is_asked_for_followed_and_cancelled()
    {
        await using var server = await ServerHost.StartAsync();
        using var http = Client(server, Role.Rider, "r1");
        var asked = await SendAsync(http, HttpMethod.Post, "/v1/trips", Ride("q1"));
        var id = (string)asked["trip"]!["tripId"]!;
        // A repeat is the same trip, also where one asks over gRPC.
        Assert.Equal(id, (string)(await SendAsync(http, HttpMethod.Post, "/v1/trips", Ride("q1")))["trip"]!["tripId"]!);
        Assert.Equal("TRIP_STATE_SEARCHING", (string)(await SendAsync(http, HttpMethod.Get, $"/v1/trips/{id}"))["trip"]!["state"]!);

        using var watch = await http.GetAsync($"/v1/trips/{id}:watch", HttpCompletionOption.ResponseHeadersRead, Cancel);
        Assert.Equal("application/x-ndjson", watch.Content.Headers.ContentType!.MediaType);
        using var lines = new StreamReader(await watch.Content.ReadAsStreamAsync(Cancel));
        Assert.Equal("TRIP_STATE_SEARCHING", await StateAsync(lines));

        // Nothing but the path: no body is needed.
        Assert.Equal("TRIP_STATE_CANCELLED", (string)(await SendAsync(http, HttpMethod.Post, $"/v1/trips/{id}:cancel", """{"reason":"CANCELLATION_REASON_CHANGED_MIND"}"""))["trip"]!["state"]!);
        while (await StateAsync(lines) is { } state && state != "TRIP_STATE_CANCELLED")
        {
        }

        Assert.Null(await lines.ReadLineAsync(Cancel));
    }

    [Fact]
    public async Task A_refusal_says_the_same_as_over_gRPC()
    {
        await using var server = await ServerHost.StartAsync();
        using var http = Client(server, Role.Service, "backend");
        var dispatch = new DispatchService.DispatchServiceClient(server.Channel());
        foreach (var (method, request) in new (string, IMessage)[]
        {
            ("RequestTrip", new DispatchServiceRequestTripRequest { RequestId = "bad id", PartySize = 99 }),
            ("AssignTrip", new AssignTripRequest { TripId = "default.none", DriverId = "d1" }),
            ("SearchDrivers", new SearchDriversRequest { Center = new Google.Type.LatLng { Latitude = 99 }, RadiusMeters = double.NaN }),
        })
        {
            var descriptor = DispatchService.Descriptor.FindMethodByName(method);
            using var asked = JsonCall.Request(descriptor, request);
            using var response = await http.SendAsync(asked, Cancel);
            var overJson = JsonCall.StatusIn(await response.Content.ReadAsStringAsync(Cancel));

            var overGrpc = request switch
            {
                DispatchServiceRequestTripRequest r => await Assert.ThrowsAsync<RpcException>(async () => await dispatch.RequestTripAsync(r, server.TokenOf(Role.Service, "backend"), cancellationToken: Cancel)),
                AssignTripRequest r => await Assert.ThrowsAsync<RpcException>(async () => await dispatch.AssignTripAsync(r, server.TokenOf(Role.Service, "backend"), cancellationToken: Cancel)),
                _ => await Assert.ThrowsAsync<RpcException>(async () => await dispatch.SearchDriversAsync((SearchDriversRequest)request, server.TokenOf(Role.Service, "backend"), cancellationToken: Cancel)),
            };
            Assert.Equal(overGrpc.GetRpcStatus(), overJson);
        }
    }

    [Fact]
    public async Task A_body_that_is_too_large_is_refused_whether_its_length_is_told_or_not()
    {
        await using var server = await ServerHost.StartAsync(args: ["--Listen:MaxMessageBytes", "4096"]);
        using var http = Client(server, Role.Service, "backend");
        foreach (var content in new HttpContent[] { new StringContent(new string(' ', 5000), System.Text.Encoding.UTF8, "application/json"), new Spaces(5000) })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/trips") { Content = content };
            using var response = await http.SendAsync(request, Cancel);
            Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
            Assert.Equal("MESSAGE_TOO_LARGE", JsonCall.StatusIn(await response.Content.ReadAsStringAsync(Cancel)).GetDetail<ErrorInfo>()!.Reason);
        }
    }

    [Fact]
    public async Task When_to_come_again_is_told_as_HTTP_says_it()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var server = await ServerHost.StartAsync(redis);
        using var http = Client(server, Role.Rider, "r1");
        redis.Kill();
        await server.StoreGoneAsync();

        using var response = await http.PostAsync("/v1/trips", new StringContent(Ride("q1"), System.Text.Encoding.UTF8, "application/json"), Cancel);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(2), response.Headers.RetryAfter!.Delta);
    }

    [Theory, InlineData("https://ride.example", true), InlineData("https://evil.example", false)]
    public async Task A_page_of_another_origin_calls_where_it_is_allowed(string origin, bool isAllowed)
    {
        await using var server = await ServerHost.StartAsync(args: ["--Listen:AllowedOrigins", "https://ride.example, http://localhost:3000"]);
        using var http = Client(server, Role.Rider, "r1");
        foreach (var path in (string[])["/v1/trips", "/ridetracking.v1.RiderService/WatchSharedTrip"])
        {
            using var preflight = new HttpRequestMessage(HttpMethod.Options, path);
            preflight.Headers.Add("Origin", origin);
            preflight.Headers.Add("Access-Control-Request-Method", "POST");
            preflight.Headers.Add("Access-Control-Request-Headers", "authorization, content-type, x-grpc-web");
            using var answer = await http.SendAsync(preflight, Cancel);
            Assert.Equal(isAllowed ? [origin] : [], Allowed(answer));
        }

        using var call = new HttpRequestMessage(HttpMethod.Get, "/v1/trips/default.none");
        call.Headers.Add("Origin", origin);
        using var response = await http.SendAsync(call, Cancel);
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal(isAllowed ? [origin] : [], Allowed(response));

        static string[] Allowed(HttpResponseMessage response) => response.Headers.TryGetValues("Access-Control-Allow-Origin", out var allowed) ? [.. allowed] : [];
    }

    // `curl http://localhost:8080/openapi/v1.json > docs/api/openapi.json` writes it.
    [Fact]
    public async Task The_description_that_is_checked_in_is_the_one_that_is_served()
    {
        await using var server = await ServerHost.StartAsync();
        using var http = new HttpClient { BaseAddress = server.WebAddress };
        var served = await http.GetStringAsync("/openapi/v1.json", Cancel);

        Assert.Equal(served.ReplaceLineEndings("\n"), await File.ReadAllTextAsync(Repository.PathOf("docs/api/openapi.json"), Cancel));
        var paths = JsonNode.Parse(served)!["paths"]!.AsObject().SelectMany(p => p.Value!.AsObject().Select(verb => $"{verb.Key} {p.Key}")).ToList();
        Assert.Equal(Contract.Methods.Count(m => JsonCall.RuleOf(m) is not null), paths.Count);
    }

    private static string Ride(string requestId) => JsonFormatter.Default.Format(RideWorld.Ride(requestId));

    private static HttpClient Client(ServerHost server, Role role, string id) => new()
    {
        BaseAddress = server.WebAddress,
        DefaultRequestHeaders = { { "authorization", server.TokenOf(role, id).GetValue("authorization") } },
    };

    private static async Task<JsonNode> SendAsync(HttpClient http, HttpMethod verb, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(verb, path) { Content = body is null ? null : new StringContent(body, System.Text.Encoding.UTF8, "application/json") };
        using var response = await http.SendAsync(request, Cancel);
        var text = await response.Content.ReadAsStringAsync(Cancel);
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonNode.Parse(text)!;
    }

    private static async Task<string?> StateAsync(StreamReader lines) => (string?)JsonNode.Parse((await lines.ReadLineAsync(Cancel))!)!["trip"]?["state"];

    // Its length is not told before.
    private sealed class Spaces(int length) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => stream.WriteAsync(new byte[length].Select(_ => (byte)' ').ToArray()).AsTask();

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
