using RideTracking.Server.Hosting;
using RideTracking.Server.Log;
using RideTracking.Server.Protocol;
using RideTracking.V1;

namespace RideTracking.Server.Drivers;

/// <summary>
/// A driver's actions, one after the other, beside the reading of fixes: a store that is slow or away holds up the
/// actions, never the live picture.
/// </summary>
internal sealed class ActionQueue
{
    // An action that fails by a fault of its own must not keep those behind it waiting for ever.
    private const int MaxFaults = 3;

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(2);

    private readonly StreamSession _session;
    private readonly StreamServices _services;
    private readonly OnDemandLoop _loop;
    private readonly Lock _lock = new();
    private readonly Queue<(DriverAction Action, DateTimeOffset OccurredAt)> _waiting = new();
    private ulong _received;
    private ulong _acknowledged;
    private int _faults;

    public ActionQueue(StreamSession session, StreamServices services)
    {
        _session = session;
        _services = services;
        _loop = new OnDemandLoop(services.Acting, session.DriverId, RunAsync);
    }

    /// <summary>Takes an action in. Full, it refuses the newest: those before were promised an answer, and the app keeps this one.</summary>
    /// <param name="action">What the driver did.</param>
    /// <param name="occurredAt">When, by the server's clock.</param>
    public void Add(DriverAction action, DateTimeOffset occurredAt)
    {
        lock (_lock)
        {
            if (_waiting.Count < _services.Options.MaxWaitingActions)
            {
                _waiting.Enqueue((action, occurredAt));
                _loop.Signal();
                return;
            }
        }

        Answer(new ActionResult
        {
            ActionId = action.ActionId,
            Status = Refusal.Unavailable("TOO_MANY_ACTIONS", $"{_services.Options.MaxWaitingActions} actions wait already. Send this one again later.", RetryAfter),
        });
    }

    /// <summary>The app has the commands up to a sequence, of those that it was sent.</summary>
    public void Acknowledge(ulong throughSequence)
    {
        // A number that was given to nothing yet would acknowledge, unseen, what gets it later.
        var received = Math.Min(throughSequence, _session.Down.Commands.SentThrough);
        lock (_lock)
        {
            _received = Math.Max(_received, received);
        }

        _loop.Signal();
    }

    /// <summary>Tries again what the store could not take.</summary>
    public void Retry()
    {
        if (_received > _acknowledged || _waiting.Count > 0)
        {
            _loop.Signal();
        }
    }

    private async Task RunAsync()
    {
        try
        {
            if (Volatile.Read(ref _received) > _acknowledged)
            {
                await _services.Acting.TryAsync($"the acknowledgements of {_session.DriverId}", AcknowledgeAsync, _session.Gone);
            }

            while (Peek() is var (action, occurredAt))
            {
                if (_session.Carrier.Claim is not { } claim)
                {
                    return; // Without the store nothing can be committed; the sweep signals again.
                }

                if (await ActAsync(claim, action, occurredAt) is not { } result)
                {
                    _services.Path.Log.ClaimAnew();
                    return;
                }

                if (_session.Carrier.Claim == claim)
                {
                    // It leaves the queue once it has its answer, so that nothing that fails in between loses it. Claimed anew meanwhile,
                    // it may have been refused for that; it is safe to repeat.
                    Answer(result);
                    Remove();
                }
            }
        }
        catch (OperationCanceledException) when (_session.Gone.IsCancellationRequested)
        {
            // The app sends again, on its next stream, what was not answered.
        }
    }

    private async Task<ActionResult?> ActAsync(DriverClaim claim, DriverAction action, DateTimeOffset occurredAt)
    {
        try
        {
            var result = await _services.Desk.ActAsync(_session.DriverId, claim, action, occurredAt, _session.Gone);
            _faults = 0;
            return result;
        }
        catch (Exception e) when (!_services.Acting.Passes(e) && !_session.Gone.IsCancellationRequested && ++_faults >= MaxFaults)
        {
            _faults = 0;
            _services.Acting.Failed($"the action {action.ActionId} of {_session.DriverId}", e);
            return new ActionResult
            {
                ActionId = action.ActionId,
                Status = Refusal.Internal("ACTION_FAILED", "The server could not do it, and tried several times; whether it was done is not known."),
            };
        }
    }

    private async Task AcknowledgeAsync()
    {
        if (_session.Carrier.Claim is not { } claim)
        {
            return;
        }

        var received = Volatile.Read(ref _received);
        var now = await _services.Outbox.AcknowledgeAsync(_session.DriverId, claim, received);
        if (now == claim)
        {
            _acknowledged = received;
        }
        else if (_session.Carrier.Claim != claim)
        {
            // Claimed anew meanwhile; the sweep comes back to it.
        }
        else if (claim.IsPassedBy(now))
        {
            _session.Carrier.Lose(CarrierLoss.TakenOver);
        }
        else
        {
            _services.Path.Log.ClaimAnew();
        }
    }

    private (DriverAction Action, DateTimeOffset OccurredAt)? Peek()
    {
        lock (_lock)
        {
            return _waiting.TryPeek(out var first) ? first : null;
        }
    }

    private void Remove()
    {
        lock (_lock)
        {
            _waiting.Dequeue();
        }
    }

    private void Answer(ActionResult result) => _session.Down.Reply(new ConnectResponse { ActionResult = result });
}
