using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using RideTracking.V1;

namespace RideTracking.Server.Api;

/// <summary>What tools and balancers ask: is it up, is it ready, what does it speak.</summary>
public static class HealthSetup
{
    /// <summary>Adds health over gRPC and HTTP, and reflection.</summary>
    public static WebApplicationBuilder AddHealth(this WebApplicationBuilder builder)
    {
        builder.Services
            .AddGrpcHealthChecks(health =>
            {
                foreach (var service in (string[])
                    [
                        DriverService.Descriptor.FullName, RiderService.Descriptor.FullName, DispatchService.Descriptor.FullName,
                        DirectoryService.Descriptor.FullName, FleetService.Descriptor.FullName,
                    ])
                {
                    health.Services.Map(service, _ => true);
                }
            })
            .AddCheck<StoreHealth>("store")
            .AddCheck<DrainHealth>("node");
        builder.Services.AddGrpcReflection();
        return builder;
    }

    /// <summary>Serves <c>grpc.health.v1.Health</c>, reflection, <c>/healthz</c> (lives) and <c>/readyz</c> (may be sent work).</summary>
    public static WebApplication MapHealth(this WebApplication app)
    {
        app.MapGrpcHealthChecksService();
        app.MapGrpcReflectionService();
        app.MapGet("/healthz", () => Results.Json(new { status = "live" }));
        app.MapHealthChecks("/readyz", new HealthCheckOptions { ResponseWriter = WriteReadyAsync });
        return app;
    }

    private static Task WriteReadyAsync(HttpContext http, HealthReport report) =>
        http.Response.WriteAsJsonAsync(new
        {
            status = report.Status == HealthStatus.Unhealthy ? "not ready" : "ready",
            checks = report.Entries.ToDictionary(entry => entry.Key, entry => entry.Value.Description),
        });
}
