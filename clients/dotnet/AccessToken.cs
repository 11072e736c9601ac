using System.Buffers.Text;
using System.Text.Json;

namespace RideTracking.Client;

/// <summary>Reads when a bearer token ends, so that it can be replaced in time. Checking it is the server's business.</summary>
internal static class AccessToken
{
    /// <summary>
    /// How long to wait before replacing a token: four fifths of what is left of it. By the server's clock, since the
    /// phone's may be wrong, unless that shows a time outside the token's own, as a replay's does.
    /// </summary>
    /// <returns>Null for a token that is no JWT or has no end.</returns>
    public static TimeSpan? RefreshIn(string token, DateTimeOffset serverTime)
    {
        var (issuedAt, expiresAt) = Times(token);
        if (expiresAt is not { } end)
            return null;
        if (serverTime < end && serverTime >= (issuedAt ?? DateTimeOffset.MinValue) - TimeSpan.FromMinutes(5))
            return (end - serverTime) * 0.8;
        return issuedAt is { } start && start < end ? (end - start) * 0.8 : null;
    }

    private static (DateTimeOffset? IssuedAt, DateTimeOffset? ExpiresAt) Times(string token)
    {
        var parts = token.Split('.');
        if (parts.Length != 3)
            return default;
        try
        {
            using var claims = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[1]));
            return (Time(claims.RootElement, "iat"), Time(claims.RootElement, "exp"));
        }
        catch (Exception notJwt) when (notJwt is FormatException or JsonException or InvalidOperationException or ArgumentOutOfRangeException)
        {
            // An opaque token: the server says when it ends, by closing the stream with TOKEN_EXPIRED.
            return default;
        }
    }

    private static DateTimeOffset? Time(JsonElement claims, string name) =>
        claims.TryGetProperty(name, out var value) && value.TryGetInt64(out var seconds) ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;
}
