using Microsoft.Extensions.Diagnostics.HealthChecks;
using RideTracking.Server.Store;

namespace RideTracking.Server.Api;

/// <summary>
/// The store's state. Away or refusing is <see cref="HealthStatus.Degraded"/>, never unhealthy: live tracking goes on without
/// it, and a balancer that took the node away would end the very streams that still work.
/// </summary>
internal sealed class StoreHealth(StoreProbe watch) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var state = watch.State;
        return Task.FromResult(state.Failure is null ? HealthCheckResult.Healthy($"{state}") : HealthCheckResult.Degraded($"{state}"));
    }
}
