using Microsoft.Extensions.Diagnostics.HealthChecks;
using RideTracking.Server.Store;

namespace RideTracking.Server.Api;

/// <summary>
/// The store's state. Away or refusing is <see cref="HealthStatus.Degraded"/>, never unhealthy: live tracking goes on without
/// it, and a balancer that took the node away would end the very streams that still work. So is a store that was emptied or
/// replaced, or has forgotten some of its feeds, for some minutes after it was found.
/// </summary>
internal sealed class StoreHealth(StoreProbe watch, StoreGenerations generations) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var state = watch.State;
        object?[] troubles = [generations.Last, generations.LastBroken];
        var told = string.Join("; ", troubles.OfType<object>().Prepend(state));
        return Task.FromResult(state is { Failure: null, Trouble: null } && troubles.All(t => t is null) ? HealthCheckResult.Healthy(told) : HealthCheckResult.Degraded(told));
    }
}
