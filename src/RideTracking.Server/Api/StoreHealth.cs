using Microsoft.Extensions.Diagnostics.HealthChecks;
using RideTracking.Server.Store;

namespace RideTracking.Server.Api;

/// <summary>
/// The store's state. Away or refusing is <see cref="HealthStatus.Degraded"/>, never unhealthy: live tracking goes on without
/// it, and a balancer that took the node away would end the very streams that still work. So is a store that was emptied or
/// replaced, for some minutes after it was found.
/// </summary>
internal sealed class StoreHealth(StoreProbe watch, StoreGenerations generations) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var state = watch.State;
        var emptied = generations.Last;
        var told = emptied is null ? $"{state}" : $"{state}; {emptied}";
        return Task.FromResult(state.Failure is null && emptied is null ? HealthCheckResult.Healthy(told) : HealthCheckResult.Degraded(told));
    }
}
