using System.Net;
using Google.Rpc;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using RideTracking.Server.Access;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.V1;

namespace RideTracking.Server.Tests.Access;

/// <summary>Keys from an OpenID Connect issuer, over HTTP.</summary>
public sealed class AuthorityTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Keys_and_issuer_come_from_discovery_once_the_issuer_answers()
    {
        using var forge = new TokenForge();
        var isUp = false;
        string? address = null;
        await using var issuer = await StartAsync(app =>
        {
            app.MapGet("/realm/.well-known/openid-configuration", () => isUp
                ? Results.Json(new { issuer = TokenForge.Issuer, jwks_uri = $"{address}/keys" })
                : Results.StatusCode(StatusCodes.Status503ServiceUnavailable));
            app.MapGet("/keys", () => Results.Text(forge.KeySet, "application/json"));
        });
        address = issuer.Urls.Single();
        await using var server = await ServerHost.StartAsync(args: ["--Access:Authority", $"{address}/realm/"]);
        server.ExpectErrors("The keys to check tokens with cannot be had");
        var directory = new DirectoryService.DirectoryServiceClient(server.Channel());
        var token = AccessWorld.Headers(forge.Sign(TimeProvider.System.GetUtcNow(), "service"));

        var refusal = await Assert.ThrowsAsync<RpcException>(async () => await directory.ListDriversAsync(new ListDriversRequest(), token, cancellationToken: Cancel));
        Assert.Equal(StatusCode.Unavailable, refusal.StatusCode);
        Assert.Equal("NO_TOKEN_KEYS", refusal.GetRpcStatus()?.GetDetail<ErrorInfo>()?.Reason);
        Assert.NotNull(refusal.GetRpcStatus()?.GetDetail<RetryInfo>());

        isUp = true;
        Assert.Empty((await directory.ListDriversAsync(new ListDriversRequest(), token, cancellationToken: Cancel)).Drivers);

        // The development key counts for nothing here.
        Assert.False(File.Exists(Path.Combine(server.DataFolder, DevelopmentKey.FileName)));
    }

    private static async Task<WebApplication> StartAsync(Action<WebApplication> map)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        map(app);
        await app.StartAsync(Cancel);
        return app;
    }
}
