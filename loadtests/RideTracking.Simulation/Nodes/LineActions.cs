using RideTracking.Server.Log;
using RideTracking.Server.Store;
using RideTracking.Simulation.Actors;
using RideTracking.V1;

namespace RideTracking.Simulation.Nodes;

/// <summary>What a driver does on a stream: one action after the other, and the acknowledgements of commands before them.</summary>
internal sealed class LineActions(NodeRun node, DriverLine line, Phone phone)
{
    private readonly Queue<DriverAction> _waiting = [];
    private ulong _acknowledged;
    private bool _isActing;

    /// <summary>The last command that the app has.</summary>
    public ulong ReceivedThrough { get; private set; }

    public void Add(DriverAction action) => _waiting.Enqueue(action);

    /// <summary>The app has the commands up to a number.</summary>
    public void Received(ulong through) => ReceivedThrough = Math.Max(ReceivedThrough, through);

    /// <summary>Does what waits, if the driver is claimed.</summary>
    public void Act(Carrier carrier, CancellationToken gone)
    {
        if (carrier is { IsClaimed: true, IsLost: false } && !_isActing && (_waiting.Count > 0 || ReceivedThrough > _acknowledged))
        {
            _isActing = true;
            node.Watch("actions", ActAsync(carrier, gone));
        }
    }

    private async Task ActAsync(Carrier carrier, CancellationToken gone)
    {
        try
        {
            await AcknowledgeAsync(carrier);
            while (carrier.Claim is { } claim && !carrier.IsLost && _waiting.TryPeek(out var action))
            {
                var result = await node.Desk.ActAsync(carrier.DriverId, claim, action, action.OccurredAt?.ToDateTimeOffset() ?? node.Clock.GetUtcNow(), gone);
                if (result is null)
                {
                    node.Log.ClaimAnew();
                    return;
                }

                if (carrier.Claim == claim)
                {
                    // Claimed anew meanwhile, it may have been refused for that; it is safe to repeat.
                    _waiting.Dequeue();
                    line.Down(() => phone.Answered(line, result));
                }
            }
        }
        catch (OperationCanceledException) when (gone.IsCancellationRequested)
        {
            // The phone sends again, on its next stream, what was not answered.
        }
        catch (Exception e) when (StoreFailure.Passes(e))
        {
            // The sweep tries again.
        }
        finally
        {
            _isActing = false;
        }
    }

    private async Task AcknowledgeAsync(Carrier carrier)
    {
        var received = ReceivedThrough;
        if (received > _acknowledged && carrier.Claim is { } claim)
        {
            var now = await node.Outbox.AcknowledgeAsync(carrier.DriverId, claim, received);
            if (now == claim)
            {
                _acknowledged = received;
            }
            else if (carrier.Claim != claim)
            {
                // Claimed anew meanwhile; the sweep comes back to it.
            }
            else if (claim.IsPassedBy(now))
            {
                carrier.Lose(CarrierLoss.TakenOver);
            }
            else
            {
                node.Log.ClaimAnew();
            }
        }
    }
}
