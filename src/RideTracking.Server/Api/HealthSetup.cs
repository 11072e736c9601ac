using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using RideTracking.Server.Hosting;
using RideTracking.V1;

namespace RideTracking.Server.Api;

/// <summary>What tools and balancers ask: is it up, is it ready, what does it speak.</summary>
public static class HealthSetup
{
    private const string Well = "well";

    // A person reads it, in the night.
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

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
            .AddCheck<DrainHealth>("node")
            .AddCheck<NodeHealth>(NodeHealth.Name);
        builder.Services.AddGrpcReflection();
        return builder;
    }

    /// <summary>
    /// Serves <c>grpc.health.v1.Health</c>, reflection where it is wanted, and on the management port <c>/livez</c> (else restart it) and <c>/readyz</c> (may be
    /// sent new streams).
    /// </summary>
    public static WebApplication MapHealth(this WebApplication app)
    {
        app.MapGrpcHealthChecksService();
        if (app.Services.GetRequiredService<IOptions<ListenOptions>>().Value.Reflection ?? app.Environment.IsDevelopment())
        {
            app.MapGrpcReflectionService();
        }

        app.MapGet("/livez", () => Results.Json(new { status = "live" })).OnManagementPort();
        app.MapHealthChecks("/readyz", new HealthCheckOptions { ResponseWriter = WriteReadyAsync }).OnManagementPort();
        return app;
    }

    private static Task WriteReadyAsync(HttpContext http, HealthReport report)
    {
        var checks = report.Entries.Where(entry => entry.Key != NodeHealth.Name).Select(entry => (entry.Key, Words: entry.Value.Description));
        var troubles = http.RequestServices.GetRequiredService<Troubles>().Now()
            .Select(of => (of.Key, Words: (string?)(of.Value.Length == 0 ? Well : string.Join("; ", of.Value.Select(t => t.Words)))));
        return http.Response.WriteAsJsonAsync(
            new { status = report.Status == HealthStatus.Unhealthy ? "not ready" : "ready", checks = checks.Concat(troubles).ToDictionary(c => c.Key, c => c.Words) },
            Readable);
    }
}
