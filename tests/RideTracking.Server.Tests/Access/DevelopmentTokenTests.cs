using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using RideTracking.Server.Access;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.V1;

namespace RideTracking.Server.Tests.Access;

/// <summary>What a development server gives away so that nobody needs to set anything up, and to whom not.</summary>
public sealed class DevelopmentTokenTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_page_on_this_machine_gets_a_short_lived_ops_token_and_nobody_else_does()
    {
        await using var server = await ServerHost.StartAsync();
        using var http = new HttpClient { BaseAddress = server.WebAddress, DefaultRequestHeaders = { { "X-Development-Key", server.PageAddress.Query["?key=".Length..] } } };
        var answer = await http.GetFromJsonAsync<JsonElement>("/dev/token", Cancel);
        var until = answer.GetProperty("expires_at").GetDateTimeOffset() - TimeProvider.System.GetUtcNow();
        Assert.InRange(until, TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(15));
        var headers = AccessWorld.Headers(answer.GetProperty("token").GetString()!);
        await new DirectoryService.DirectoryServiceClient(server.Channel()).ListDriversAsync(new ListDriversRequest(), headers, cancellationToken: Cancel);
        var refusal = await Assert.ThrowsAsync<RpcException>(async () => await new DirectoryService.DirectoryServiceClient(server.Channel())
            .DeleteDriverAsync(new DeleteDriverRequest { DriverId = "d" }, headers, cancellationToken: Cancel));
        Assert.Equal(StatusCode.PermissionDenied, refusal.StatusCode);

        foreach (var (name, value) in new[] { ("Host", "rebound.example"), ("X-Forwarded-For", "203.0.113.7"), ("Forwarded", "for=203.0.113.7") })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/dev/token");
            request.Headers.TryAddWithoutValidation(name, value);
            using var refused = await http.SendAsync(request, Cancel);
            Assert.Equal((name, HttpStatusCode.NotFound), (name, refused.StatusCode));
        }

        // A proxy on this machine that does not say for whom it asks, as most do unless they are told to.
        foreach (var known in new[] { "", "0123456789abcdef0123456789abcdef" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server.WebAddress, "/dev/token"));
            request.Headers.TryAddWithoutValidation("X-Development-Key", known);
            using var proxy = new HttpClient();
            using var refused = await proxy.SendAsync(request, Cancel);
            Assert.Equal((known, HttpStatusCode.NotFound), (known, refused.StatusCode));
        }
    }

    [Fact]
    public async Task Where_real_keys_are_configured_nothing_is_given_away()
    {
        using var forge = new TokenForge();
        var keySet = Path.GetTempFileName();
        await File.WriteAllTextAsync(keySet, forge.KeySet, Cancel);
        await using (var server = await ServerHost.StartAsync(args: ["--Access:JwksFile", keySet, "--Access:Issuer", TokenForge.Issuer]))
        {
            using var http = new HttpClient { BaseAddress = server.WebAddress };
            using var answer = await http.GetAsync("/dev/token", Cancel);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
            Assert.Empty(Directory.GetFiles(server.DataFolder, "dev-*"));
        }

        File.Delete(keySet);
    }

    [Fact]
    public async Task The_service_token_on_disk_is_renewed_long_before_it_ends()
    {
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var server = await ServerHost.StartAsync(
            configure: builder => builder.Services.AddKeyedSingleton<TimeProvider>(AccessSetup.TokenClock, clock));
        var path = Path.Combine(server.DataFolder, DevelopmentServiceToken.FileName);
        var first = await File.ReadAllTextAsync(path, Cancel);
        clock.Advance(TimeSpan.FromHours(3));
        string second;
        do
        {
            await Task.Yield();
            second = await File.ReadAllTextAsync(path, Cancel);
        }
        while (second == first);

        // Past the end of the first, within the second.
        clock.Advance(TimeSpan.FromHours(9) + TimeSpan.FromMinutes(1));
        var validator = server.Services.GetRequiredService<TokenValidator>();
        Assert.Null((await validator.ValidateAsync(first, Cancel)).Caller);
        Assert.Equal(Role.Service, (await validator.ValidateAsync(second, Cancel)).Caller?.Role);
    }
}
