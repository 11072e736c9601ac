using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace RideTracking.Server.Api;

/// <summary>Unhealthy once the node is going down, so that no new stream is sent to it.</summary>
internal sealed class DrainHealth(IHostApplicationLifetime lifetime) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(lifetime.ApplicationStopping.IsCancellationRequested
            ? HealthCheckResult.Unhealthy("draining")
            : HealthCheckResult.Healthy("serving"));
}
