using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using RideTracking.Server.Tests.Fixtures;

namespace RideTracking.Server.Tests.Hosting;

/// <summary>What is served on which port, and whose word counts for who calls.</summary>
public sealed class ListeningTests
{
    private const string Seen = "X-Seen";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_for_who_runs_the_server_is_on_its_own_port_and_nothing_else_is_there()
    {
        await using var server = await ServerHost.StartAsync();
        using var http = new HttpClient();
        foreach (var (path, isManagement) in new[] { ("/livez", true), ("/readyz", true), ("/metrics", true), ("/openapi/v1.json", false), ("/dev/token", false), ("/nowhere", false) })
        {
            Assert.Equal(isManagement, await IsThereAsync(server.ManagementAddress, path));
            Assert.False(isManagement && await IsThereAsync(server.WebAddress, path), path);
        }

        Assert.True(await IsThereAsync(server.WebAddress, "/openapi/v1.json"));

        async Task<bool> IsThereAsync(Uri address, string path)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(address, path));
            // The name that is asked for is the caller's word.
            request.Headers.Host = server.ManagementAddress.Authority;
            using var answer = await http.SendAsync(request, Cancel);
            return answer.StatusCode != HttpStatusCode.NotFound;
        }
    }

    [Theory]
    [InlineData("", "203.0.113.7", "127.0.0.1")]
    [InlineData("10.0.0.0/8", "203.0.113.7", "127.0.0.1")]
    [InlineData("127.0.0.1", "203.0.113.7", "203.0.113.7")]
    [InlineData("127.0.0.0/8, 10.0.0.0/8", "198.51.100.1, 203.0.113.7, 10.1.2.3", "203.0.113.7")]
    public async Task Only_named_proxies_are_believed_who_calls(string trusted, string forwardedFor, string seen)
    {
        await using var server = await ServerHost.StartAsync(
            configure: builder => builder.Services.AddSingleton<IStartupFilter>(new TellsWhoCalls()), args: ["--Listen:TrustedProxies", trusted]);
        using var http = new HttpClient { BaseAddress = server.WebAddress, DefaultRequestHeaders = { { "X-Forwarded-For", forwardedFor } } };
        using var answer = await http.GetAsync("/openapi/v1.json", Cancel);
        Assert.Equal(seen, Assert.Single(answer.Headers.GetValues(Seen)));
    }

    private sealed class TellsWhoCalls : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((http, rest) =>
            {
                http.Response.OnStarting(() =>
                {
                    http.Response.Headers[Seen] = http.Connection.RemoteIpAddress!.ToString();
                    return Task.CompletedTask;
                });
                return rest(http);
            });
            next(app);
        };
    }
}
