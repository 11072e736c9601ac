using Microsoft.Extensions.Diagnostics.HealthChecks;
using RideTracking.Server.Hosting;

namespace RideTracking.Server.Api;

/// <summary>What this node knows to be wrong with itself: unhealthy where new streams are better opened elsewhere, else degraded. Those that it has it serves all the same.</summary>
internal sealed class NodeHealth(Troubles troubles) : IHealthCheck
{
    /// <summary>What it is called; its parts are told in its place.</summary>
    public const string Name = "troubles";

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        Trouble[] all = [.. troubles.Now().Values.SelectMany(of => of)];
        return Task.FromResult(
            Array.Exists(all, t => t.TakesNoStreams) ? HealthCheckResult.Unhealthy()
            : all.Length > 0 ? HealthCheckResult.Degraded()
            : HealthCheckResult.Healthy());
    }
}
