using System.Collections.Concurrent;
using Google.Rpc;
using Grpc.Core;
using RideTracking.Server.Hosting;

namespace RideTracking.Server.Log;

/// <summary>
/// Carriers that opened while the store was away, or that it has forgotten: they claim their drivers once it is there, unless their
/// streams end before. Bounded by the open streams.
/// </summary>
/// <remarks><see cref="Add"/> and <see cref="Remove"/> from any thread; the rest is the log's loop's own.</remarks>
internal sealed class UnclaimedCarriers(ConnectionClaims claims)
{
    private const int AtOnce = 64;

    // True for those whose claims failed by a fault of their own: they are tried again as the log is written.
    private readonly ConcurrentDictionary<Carrier, bool> _carriers = new();

    /// <summary>Whether nobody waits but those whose claims have failed by a fault of their own.</summary>
    public bool IsEmpty => _carriers.IsEmpty || _carriers.All(c => c.Value);

    /// <summary>Whether there are some of those.</summary>
    public bool HasFaulty => !_carriers.IsEmpty && _carriers.Any(c => c.Value);

    public void Add(Carrier carrier) => _carriers[carrier] = false;

    /// <summary>The stream has ended.</summary>
    public void Remove(Carrier carrier)
    {
        carrier.Lose(CarrierLoss.Ended);
        _carriers.TryRemove(carrier, out _);
    }

    /// <exception cref="StackExchange.Redis.RedisException">The store is away; what was not claimed stays.</exception>
    public async Task ClaimAsync(Loop loop, CancellationToken stopping)
    {
        if (_carriers.IsEmpty)
        {
            return;
        }

        foreach (var some in _carriers.Keys.Chunk(AtOnce))
        {
            await Task.WhenAll(some.Select(async carrier =>
            {
                if (carrier.IsLost || carrier.HasEnded || await loop.TryAsync(carrier.DriverId, () => ClaimAsync(carrier), stopping))
                {
                    _carriers.TryRemove(carrier, out _);
                }
                else
                {
                    _carriers.TryUpdate(carrier, true, false);
                }
            }));
        }
    }

    private async Task ClaimAsync(Carrier carrier)
    {
        // The claim that took too long may still arrive: after this one it would take the driver over from its own stream.
        await carrier.Claiming.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        try
        {
            var before = carrier.LastClaim;
            carrier.Claimed(await claims.ClaimAsync(carrier.Request with
            {
                Before = before,
                MayClaim = () => !carrier.IsLost && !carrier.HasEnded,
                EpochFloor = Math.Max(before?.Epoch ?? 0, carrier.Request.EpochFloor),
                LastCommandSequence = Math.Max(carrier.LastCommandSequence(), carrier.Request.LastCommandSequence),
            }));
            if (carrier.HasEnded)
            {
                claims.Ended(carrier);
            }
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.Aborted)
        {
            // The same phone, or another connection, has come since.
            carrier.Lose(e.GetRpcStatus()?.GetDetail<ErrorInfo>()?.Reason == ConnectionClaims.AttemptPassedReason ? CarrierLoss.SameDevice : CarrierLoss.TakenOver);
        }
    }
}
