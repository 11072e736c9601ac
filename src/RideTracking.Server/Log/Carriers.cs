using System.Collections.Concurrent;

namespace RideTracking.Server.Log;

/// <summary>Who carries each driver on this node: one at the most. Bounded by the open sessions. Thread-safe.</summary>
/// <param name="writer">The names of this node.</param>
public sealed class Carriers(LogWriter writer)
{
    private readonly ConcurrentDictionary<string, Carrier> _holders = new(StringComparer.Ordinal);

    // The newest mark of each driver whom a later claim has taken over: one whose claim is answered after that never had its say. Bounded by the drivers.
    private readonly ConcurrentDictionary<string, FenceMark> _marks = new(StringComparer.Ordinal);

    /// <summary>All of them.</summary>
    internal IEnumerable<Carrier> All => _holders.Values;

    /// <summary>Who carries the driver; null for nobody.</summary>
    internal Carrier? Of(string driverId) => _holders.GetValueOrDefault(driverId);

    /// <summary>Takes a carrier in, of those of a driver on this node the one that the store let in last.</summary>
    /// <returns>The one that must leave, which may be this one; the caller tells it (<see cref="Dismiss"/>).</returns>
    /// <exception cref="Grpc.Core.RpcException">ABORTED: it could not be claimed, and is an earlier attempt of the device that has the driver.</exception>
    internal Carrier? Add(Carrier carrier)
    {
        Carrier? leaves = null;
        _holders.AddOrUpdate(
            carrier.DriverId,
            _ =>
            {
                leaves = null;
                return carrier;
            },
            (_, held) =>
            {
                RequireLaterAttempt(carrier, held);
                // They may come here in another order than they claimed. Who could not claim yet comes after who is here.
                var isLate = carrier.Claim is { } claim && held.LastClaim is { } before && claim.Epoch < before.Epoch;
                if (isLate && held.IsClaimedLate)
                {
                    // Who was here already has claimed while this one was opening, and is not the newer one for that.
                    carrier.Suspend();
                    isLate = false;
                }

                leaves = isLate ? carrier : held;
                return isLate ? held : carrier;
            });
        LookAtMarks(carrier);
        return leaves;
    }

    /// <summary>A later claim has the driver: whoever carries them here by an earlier one does no longer, nor does who is still to learn of such a claim.</summary>
    internal void Fence(FenceMark mark)
    {
        var newest = _marks.AddOrUpdate(mark.DriverId, mark, (_, known) => known.Claim.Epoch > mark.Claim.Epoch ? known : mark);
        if (Of(mark.DriverId) is { } carrier)
        {
            Fence(carrier, newest);
        }
    }

    /// <summary>Fences a carrier of the mark's driver, here or ended, whose claim came before.</summary>
    internal void Fence(Carrier carrier, FenceMark mark)
    {
        // While a carrier claims its driver anew, a claim of this node's is its own, of which it has not heard yet: another session here would have
        // taken its place.
        var held = carrier.Claim ?? (writer.IsOwn(mark.Claim.Writer) ? null : carrier.LastClaim);
        if (held is not null && held.Epoch < mark.Claim.Epoch)
        {
            Dismiss(carrier, mark.By);
        }
    }

    /// <summary>The greatest epoch that is known of a driver; 0 for none. A store that has forgotten goes on above it.</summary>
    internal long EpochOf(string driverId) =>
        Math.Max(Of(driverId)?.LastClaim?.Epoch ?? 0, _marks.TryGetValue(driverId, out var mark) ? mark.Claim.Epoch : 0);

    /// <summary>A carrier has its claim: it may have been fenced before it heard of it.</summary>
    internal void LookAtMarks(Carrier carrier)
    {
        if (_marks.TryGetValue(carrier.DriverId, out var mark))
        {
            Fence(carrier, mark);
        }
    }

    /// <summary>It has ended. What it appended is still written, if it ever had its driver.</summary>
    /// <returns>Whether it was the driver's.</returns>
    internal bool Remove(Carrier carrier) => _holders.TryRemove(KeyValuePair.Create(carrier.DriverId, carrier));

    /// <summary>Another claim than its own has its driver.</summary>
    internal static void Dismiss(Carrier carrier, DeviceAttempt by) =>
        carrier.Lose(by.Device is not null && by.Device == carrier.Attempt.Device ? CarrierLoss.SameDevice : CarrierLoss.TakenOver);

    private static void RequireLaterAttempt(Carrier carrier, Carrier held)
    {
        if (!carrier.IsClaimed && carrier.Attempt is { Device: not null } attempt && attempt.Device == held.Attempt.Device && attempt.Number < held.Attempt.Number)
        {
            throw ConnectionClaims.AttemptPassed(held.Attempt.NumberArgument);
        }
    }
}
