using Microsoft.Extensions.Diagnostics.HealthChecks;
using RideTracking.Server.Store;

namespace RideTracking.Server.Api;

/// <summary>
/// The store's state. Away is <see cref="HealthStatus.Degraded"/>, never unhealthy: live tracking goes on without it, and
/// a balancer that took the node away would end the very streams that still work.
/// </summary>
internal sealed class StoreHealth(RedisStore store) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(store.IsConnected
            ? HealthCheckResult.Healthy("connected")
            : HealthCheckResult.Degraded("away: live tracking works; acknowledgements and trips wait"));
}
