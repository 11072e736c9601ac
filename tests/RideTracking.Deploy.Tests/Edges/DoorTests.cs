using System.Net;
using System.Net.Http.Json;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using RideTracking.Server.Access;
using RideTracking.V1;

namespace RideTracking.Deploy.Tests.Edges;

/// <summary>What the edge lets in, and what it says of whom.</summary>
[Collection(nameof(TwoNodes))]
public sealed class DoorTests(TwoNodes nodes)
{
    private const int LongestToken = 8_192;

    // Nodes decode paths and leave out `..`: none of these may reach what it means.
    private static readonly string[] Refused =
    [
        "/metrics", "/METRICS", "//metrics", "/x/../metrics", "/%6detrics", "/livez", "/readyz", "/healthz", "/dev/token", "/dev/%74oken", "/x/%2e%2e/dev/token",
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
        "/%67rpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    ];

    [Theory, InlineData("haproxy"), InlineData("nginx")]
    public async Task Nobody_outside_reaches_management_development_or_reflection(string kind)
    {
        var ct = TestContext.Current.CancellationToken;
        await using var edge = await Edge.StartAsync(kind, nodes);
        using var http = edge.Http();
        foreach (var path in Refused)
        {
            foreach (var isGrpc in (bool[])[false, true])
            {
                var (status, server) = await AskAsync(http, edge, path, isGrpc);
                Assert.True(status == HttpStatusCode.NotFound && server != "Kestrel", $"{path} came to a node: {status}");
            }
        }

        using var plain = await http.GetAsync(edge.PlainAddress, ct);
        Assert.Equal(HttpStatusCode.PermanentRedirect, plain.StatusCode);
    }

    // The edge answers before it has read a body, and may close the stream before the client has written it: then it is asked again.
    private static async Task<(HttpStatusCode Status, string Server)> AskAsync(HttpClient http, Edge edge, string path, bool isGrpc)
    {
        for (var attempt = 1; ; attempt++)
        {
            // As it is written: not cleaned up by the client.
            var uri = new Uri($"https://localhost:{edge.Port}{path}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
            using var request = new HttpRequestMessage(isGrpc ? HttpMethod.Post : HttpMethod.Get, uri) { Version = HttpVersion.Version20 };
            if (isGrpc)
            {
                request.Content = new ByteArrayContent([]) { Headers = { ContentType = new("application/grpc") } };
            }

            try
            {
                using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
                return (answer.StatusCode, answer.Headers.Server.ToString());
            }
            catch (HttpRequestException) when (attempt < 20)
            {
                // Closed before it was written.
            }
        }
    }

    [Theory, InlineData("haproxy"), InlineData("nginx")]
    public async Task Native_grpc_the_web_and_rest_all_come_through_with_the_longest_token(string kind)
    {
        var ct = TestContext.Current.CancellationToken;
        await using var edge = await Edge.StartAsync(kind, nodes);
        var headers = nodes.HeadersOf(Role.Service, "backend");
        foreach (var channel in new[] { edge.Channel(), edge.WebChannel() })
        {
            var client = new DispatchService.DispatchServiceClient(channel);
            await client.ListTripsAsync(new ListTripsRequest { PageSize = 1 }, headers, cancellationToken: ct);
            // It is the node that says what is wrong with it.
            var tooLong = new Metadata { { "authorization", "Bearer " + new string('x', LongestToken) } };
            var refused = await Assert.ThrowsAsync<RpcException>(async () => await client.ListTripsAsync(new ListTripsRequest(), tooLong, cancellationToken: ct));
            Assert.Equal(StatusCode.Unauthenticated, refused.StatusCode);
        }

        using var http = edge.Http();
        http.DefaultRequestHeaders.Authorization = new("Bearer", nodes.TokenOf(Role.Service, "backend"));
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(new Uri("/v1/zones", UriKind.Relative), ct)).StatusCode);
    }

    [Theory, InlineData("haproxy"), InlineData("nginx")]
    public async Task What_a_client_says_of_where_it_comes_from_is_not_believed(string kind)
    {
        var ct = TestContext.Current.CancellationToken;
        // In the place of a node, one that says what came to it.
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        await using var node = builder.Build();
        node.MapGet("/readyz", () => "ready");
        node.MapGet("/said", (HttpContext http) => http.Request.Headers
            .Where(h => h.Key.StartsWith("X-Forwarded", StringComparison.OrdinalIgnoreCase) || h.Key.Equals("Forwarded", StringComparison.OrdinalIgnoreCase))
            .ToDictionary(h => h.Key.ToUpperInvariant(), h => h.Value.ToString()));
        await node.StartAsync(ct);
        var port = new Uri(node.Urls.Single()).Port;
        await using var edge = await Edge.StartAsync(kind, [(port, port, port), (port, port, port)]);
        using var http = edge.Http();
        http.DefaultRequestHeaders.Add("X-Forwarded-For", "10.1.2.3");
        http.DefaultRequestHeaders.Add("X-Forwarded-Proto", "http");
        http.DefaultRequestHeaders.Add("X-Forwarded-Host", "elsewhere.example");
        http.DefaultRequestHeaders.Add("Forwarded", "for=10.1.2.3");

        var said = await http.GetFromJsonAsync<Dictionary<string, string>>(new Uri("/said", UriKind.Relative), ct);

        Assert.Equal("127.0.0.1", said!["X-FORWARDED-FOR"]);
        Assert.Equal("https", said["X-FORWARDED-PROTO"]);
        Assert.StartsWith("localhost", said["X-FORWARDED-HOST"], StringComparison.Ordinal);
        Assert.DoesNotContain("FORWARDED", said.Keys);
    }
}
