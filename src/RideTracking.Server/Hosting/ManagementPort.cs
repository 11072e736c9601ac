using Microsoft.AspNetCore.Connections;

namespace RideTracking.Server.Hosting;

/// <summary>The port for who runs the server: what is mapped for it is served there and nowhere else, and nothing else is served there.</summary>
internal static class ManagementPort
{
    /// <summary>Marks the connections of this port.</summary>
    public static void UseManagementPort(this IConnectionBuilder port) => port.Use(next => connection =>
    {
        connection.Features.Set(new CameIn());
        return next(connection);
    });

    /// <summary>Serves an endpoint on this port alone.</summary>
    public static void OnManagementPort(this IEndpointConventionBuilder endpoint) => endpoint.WithMetadata(new ServedHere());

    /// <summary>Keeps the two apart: what is on the other side is not there.</summary>
    public static void UseManagementPort(this WebApplication app) => app.Use((http, next) =>
    {
        // By the connection, since the Host header is the caller's word.
        var isManagement = http.Features.Get<CameIn>() is not null;
        if (isManagement == http.GetEndpoint()?.Metadata.GetMetadata<ServedHere>() is not null)
        {
            return next(http);
        }

        http.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    });

    private sealed class CameIn;

    private sealed class ServedHere;
}
