using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace RideTracking.Deploy.Tests.Edges;

/// <summary>What HAProxy makes of a node that goes on but says that it is not ready: one that drains, or is behind.</summary>
public sealed class ReadinessTests
{
    [Fact]
    public async Task A_node_that_is_not_ready_keeps_its_streams_and_gets_no_new_ones()
    {
        var ct = TestContext.Current.CancellationToken;
        await using var one = await Node.StartAsync("one");
        await using var two = await Node.StartAsync("two");
        await using var edge = await Edge.StartAsync("haproxy", [one.Ports, two.Ports], text => text.Replace("inter 2s", "inter 100ms", StringComparison.Ordinal));
        using var http = edge.Http();
        using var stream = await http.GetAsync(new Uri("/stream:watch", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, ct);
        using var words = new StreamReader(await stream.Content.ReadAsStreamAsync(ct));
        var on = await words.ReadLineAsync(ct);
        var (its, other) = on == "one" ? (one, two) : (two, one);

        its.IsReady = false;
        await Until.SoAsync(async () => (await edge.LogAsync()).Contains("is DOWN, reason: Layer7 wrong status, code: 503", StringComparison.Ordinal), "the balancer knows");

        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(other.Name, await http.GetStringAsync(new Uri("/", UriKind.Relative), ct));
        }

        its.Say();
        Assert.Equal(its.Name, await words.ReadLineAsync(ct));
    }

    /// <summary>In the place of a node.</summary>
    private sealed class Node : IAsyncDisposable
    {
        private readonly SemaphoreSlim _said = new(1);
        private readonly WebApplication _app;

        private Node(string name)
        {
            Name = name;
            var builder = WebApplication.CreateSlimBuilder();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            builder.Logging.ClearProviders();
            _app = builder.Build();
            _app.MapGet("/readyz", () => IsReady ? Results.Ok() : Results.StatusCode(StatusCodes.Status503ServiceUnavailable));
            _app.MapGet("/", () => Name);
            _app.MapGet("/stream:watch", async (HttpContext http) =>
            {
                while (!http.RequestAborted.IsCancellationRequested)
                {
                    await _said.WaitAsync(http.RequestAborted);
                    await http.Response.WriteAsync(Name + "\n", http.RequestAborted);
                    await http.Response.Body.FlushAsync(http.RequestAborted);
                }
            });
        }

        public string Name { get; }

        public bool IsReady { get; set; } = true;

        public (int Grpc, int Web, int Management) Ports
        {
            get
            {
                var port = new Uri(_app.Urls.Single()).Port;
                return (port, port, port);
            }
        }

        public static async Task<Node> StartAsync(string name)
        {
            var node = new Node(name);
            await node._app.StartAsync(TestContext.Current.CancellationToken);
            return node;
        }

        public void Say() => _said.Release();

        public async ValueTask DisposeAsync()
        {
            await _app.DisposeAsync();
            _said.Dispose();
        }
    }
}
