using System.Net;

namespace RideTracking.Server.Access;

/// <summary>
/// <c>GET /dev/token</c>: gives the map page an ops token. Exists only in development, and answers only a browser on
/// this machine that knows the server's key for pages, which is in the address that the server says at its start: a proxy on
/// this machine may forward for somebody else and not say so.
/// </summary>
internal static class DevelopmentTokenEndpoint
{
    private const string KeyHeader = "X-Development-Key";

    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(15);

    public static IResult Get(HttpContext http, DevelopmentKey key, DevelopmentPageKey pageKey)
    {
        if (!IsOnThisMachine(http) || !pageKey.Is(http.Request.Headers[KeyHeader].ToString()))
        {
            return Results.NotFound();
        }

        http.Response.Headers.CacheControl = "no-store";
        var token = key.Sign(Role.Ops, ["dev-ops"], Lifetime);
        return Results.Json(new { token = token.Token, expires_at = token.ExpiresAt });
    }

    private static bool IsOnThisMachine(HttpContext http)
    {
        var request = http.Request;
        return http.Connection.RemoteIpAddress is { } address
            && IPAddress.IsLoopback(address)
            // A proxy on this machine speaks for somebody else.
            && !request.Headers.ContainsKey("Forwarded")
            && !request.Headers.ContainsKey("X-Forwarded-For")
            // A foreign page whose name was rebound to this machine still sends its own name.
            && (request.Host.Host is "localhost" || IPAddress.TryParse(request.Host.Host, out var host) && IPAddress.IsLoopback(host));
    }
}
