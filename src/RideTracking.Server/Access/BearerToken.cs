using System.Diagnostics.CodeAnalysis;

namespace RideTracking.Server.Access;

/// <summary>Finds the token of a request, gRPC or other.</summary>
internal static class BearerToken
{
    private const string Scheme = "Bearer ";

    /// <summary>The token in the header <c>authorization</c>, which must be there once.</summary>
    public static bool TryRead(HttpRequest request, [NotNullWhen(true)] out string? token)
    {
        var header = request.Headers.Authorization;
        token = header.Count == 1 && header[0] is { } value && value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? value[Scheme.Length..] : null;
        return token is not null;
    }
}
