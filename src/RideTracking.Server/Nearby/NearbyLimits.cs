using System.Threading.RateLimiting;
using Grpc.Core;
using Microsoft.Extensions.Options;
using RideTracking.Server.Access;
using RideTracking.Server.Protocol;

namespace RideTracking.Server.Nearby;

/// <summary>Holds what one caller, and all together, may look around. Thread-safe.</summary>
internal sealed class NearbyLimits(IOptions<NearbyOptions> options, NearbyMetrics metrics) : IAsyncDisposable
{
    private readonly NearbyOptions _options = options.Value;
    private readonly StreamLimit _all = new("TOO_MANY_WATCHES", options.Value.MaxWatches, "watches of nearby drivers may be open", "Nearby:MaxWatches", metrics.Refused);

    // A caller who holds and does nothing costs nothing: the limiter forgets it by itself.
    private readonly PartitionedRateLimiter<Caller> _open = PartitionedRateLimiter.Create<Caller, string>(caller =>
        caller.Role == Role.Service
            ? RateLimitPartition.GetNoLimiter("")
            : RateLimitPartition.GetConcurrencyLimiter(
                caller.Subject, _ => new ConcurrencyLimiterOptions { PermitLimit = options.Value.MaxWatchesPerCaller }));

    private readonly PartitionedRateLimiter<Caller> _opens = PartitionedRateLimiter.Create<Caller, string>(caller =>
        caller.Role == Role.Service
            ? RateLimitPartition.GetNoLimiter("")
            : RateLimitPartition.GetFixedWindowLimiter(
                caller.Subject,
                _ => new FixedWindowRateLimiterOptions { PermitLimit = options.Value.MaxOpensPerMinute, Window = TimeSpan.FromMinutes(1) }));

    /// <summary>Takes a place until it is disposed.</summary>
    /// <exception cref="RpcException">RESOURCE_EXHAUSTED: too many are open, or were opened in a minute.</exception>
    public IDisposable Enter(Caller caller)
    {
        using (var opens = _opens.AttemptAcquire(caller))
        {
            Require(opens, "WATCHES_TOO_OFTEN", _options.MaxOpensPerMinute, "may be opened in a minute", "Nearby:MaxOpensPerMinute");
        }

        var own = Require(_open.AttemptAcquire(caller), "TOO_MANY_WATCHES_OF_CALLER", _options.MaxWatchesPerCaller, "may be open for one caller", "Nearby:MaxWatchesPerCaller");
        try
        {
            return new Place(own, _all.Enter());
        }
        catch
        {
            own.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _opens.DisposeAsync();
        await _open.DisposeAsync();
    }

    private RateLimitLease Require(RateLimitLease lease, string reason, int limit, string rule, string setting)
    {
        if (lease.IsAcquired)
        {
            return lease;
        }

        lease.Dispose();
        metrics.Refused(reason);
        throw Refusal.Limit(reason, limit, "watches of nearby drivers " + rule, setting).ToRpcException();
    }

    private sealed class Place(RateLimitLease own, IDisposable all) : IDisposable
    {
        public void Dispose()
        {
            all.Dispose();
            own.Dispose();
        }
    }
}
