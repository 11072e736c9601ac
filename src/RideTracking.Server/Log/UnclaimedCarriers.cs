using System.Collections.Concurrent;
using Google.Rpc;
using Grpc.Core;
using RideTracking.Server.Hosting;

namespace RideTracking.Server.Log;

/// <summary>
/// Carriers that opened while the store was away, or that it has forgotten: they claim their drivers once it is there, unless their
/// streams end before. A claim is over once the log is read up to where it was then; for that nobody else waits long. Bounded by the open streams.
/// </summary>
/// <remarks><see cref="Add"/> and <see cref="Remove"/> from any thread; the rest is the log's loop's own.</remarks>
/// <param name="claims">Asks the store.</param>
/// <param name="carriers">All of this node.</param>
/// <param name="wake">Called when a claim that was waited for in vain may be taken up. From any thread.</param>
internal sealed class UnclaimedCarriers(ConnectionClaims claims, Carriers carriers, Action wake)
{
    private const int AtOnce = 64;

    // A feed that is only behind is read in less; one that begins again reads the whole log.
    private static readonly TimeSpan ForTheLog = TimeSpan.FromSeconds(1);

    private static readonly Wait Asks = new();
    private static readonly Wait IsFaulty = new();

    private readonly ConcurrentDictionary<Carrier, Wait> _carriers = new();

    /// <summary>Whether there is nothing to do now.</summary>
    public bool IsEmpty => _carriers.IsEmpty || !_carriers.Values.Any(IsDue);

    /// <summary>Whether some are without a claim all the same, and the log is not to wait for them.</summary>
    public bool AreLeft => !_carriers.IsEmpty;

    public void Add(Carrier carrier) => _carriers[carrier] = Asks;

    /// <summary>The stream has ended.</summary>
    public void Remove(Carrier carrier)
    {
        carrier.Lose(CarrierLoss.Ended);
        // What the store has given it already the loop gives back.
        if (!_carriers.TryRemove(new(carrier, Asks)) && !_carriers.TryRemove(new(carrier, IsFaulty)))
        {
            wake();
        }
    }

    /// <exception cref="StackExchange.Redis.RedisException">The store is away; what was not claimed stays.</exception>
    public async Task ClaimAsync(Loop loop, CancellationToken stopping)
    {
        if (_carriers.IsEmpty)
        {
            return;
        }

        foreach (var some in _carriers.Where(c => c is { Value.Resuming: null, Key: { IsLost: false, HasEnded: false } }).Select(c => c.Key).OrderBy(c => c.Number).Chunk(AtOnce))
        {
            await Task.WhenAll(some.Select(carrier => TryAsync(loop, carrier, Asks, () => AskAsync(carrier, stopping), stopping)));
        }

        var resuming = _carriers.Values.Where(w => w.IsNew).Select(w => w.Resuming!);
        await ((Task)Task.WhenAll(resuming)).WaitAsync(ForTheLog, loop.Clock, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stopping.ThrowIfCancellationRequested();
        foreach (var (carrier, wait) in _carriers.OrderBy(c => c.Key.Number))
        {
            if (carrier.IsLost || carrier.HasEnded)
            {
                GiveBack(carrier, wait);
            }
            else if (wait.Resuming is { IsCompleted: true })
            {
                await TryAsync(loop, carrier, wait, () => ResumeAsync(carrier, wait), stopping);
            }
            else if (wait.IsNew)
            {
                wait.IsNew = false;
                _ = wait.Resuming!.ContinueWith(_ => wake(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            }
        }
    }

    private static bool IsDue(Wait wait) => wait != IsFaulty && wait.Resuming is not { IsCompleted: false };

    private async Task TryAsync(Loop loop, Carrier carrier, Wait wait, Func<Task> work, CancellationToken stopping)
    {
        try
        {
            if (!await loop.TryAsync(carrier.DriverId, work, stopping))
            {
                // Tried again as the log is written.
                _carriers.TryUpdate(carrier, IsFaulty, wait);
            }
        }
        catch (Exception e) when (loop.Passes(e))
        {
            _carriers.TryUpdate(carrier, Asks, wait);
            throw;
        }
    }

    private async Task AskAsync(Carrier carrier, CancellationToken stopping)
    {
        // The claim that took too long may still arrive: after this one it would take the driver over from its own stream.
        await carrier.Claiming.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        try
        {
            var before = carrier.LastClaim;
            var request = carrier.Request with
            {
                Before = before,
                MayClaim = () => !carrier.IsLost && !carrier.HasEnded,
                EpochFloor = Math.Max(carriers.EpochOf(carrier.DriverId), Math.Max(before?.Epoch ?? 0, carrier.Request.EpochFloor)),
                LastCommandSequence = Math.Max(carrier.LastCommandSequence(), carrier.Request.LastCommandSequence),
            };
            var given = await claims.AskAsync(request, stopping);
            var wait = new Wait { IsNew = true, Given = given, Resuming = claims.ResumeAsync(request, given, stopping) };
            if (!_carriers.TryUpdate(carrier, wait, Asks) && !_carriers.TryUpdate(carrier, wait, IsFaulty))
            {
                GiveBack(carrier, wait);
            }
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.Aborted)
        {
            // The same phone, or another connection, has come since.
            carrier.Lose(e.GetRpcStatus()?.GetDetail<ErrorInfo>()?.Reason == ConnectionClaims.AttemptPassedReason ? CarrierLoss.SameDevice : CarrierLoss.TakenOver);
            _carriers.TryRemove(carrier, out _);
        }
    }

    private async Task ResumeAsync(Carrier carrier, Wait wait)
    {
        carrier.Claimed(await wait.Resuming!);
        carriers.LookAtMarks(carrier);
        _carriers.TryRemove(new(carrier, wait));
        if (carrier.HasEnded)
        {
            claims.Ended(carrier);
        }
    }

    private void GiveBack(Carrier carrier, Wait wait)
    {
        _carriers.TryRemove(new(carrier, wait));
        if (wait.Given is { } given)
        {
            claims.Ended(carrier.Request, given.Claim);
        }
    }

    /// <summary>For what a carrier waits: to ask, or for the log after the store has given it the driver.</summary>
    private sealed class Wait
    {
        public GivenClaim? Given { get; init; }

        public Task<ConnectionClaim>? Resuming { get; init; }

        /// <summary>Whether the loop has not waited for it yet.</summary>
        public bool IsNew { get; set; }
    }
}
