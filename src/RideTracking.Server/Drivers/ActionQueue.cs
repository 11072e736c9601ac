using RideTracking.Server.Protocol;
using RideTracking.Server.Store;
using RideTracking.V1;

namespace RideTracking.Server.Drivers;

/// <summary>
/// A driver's actions, one after the other, beside the reading of fixes: a store that is slow or away holds up the
/// actions, never the live picture.
/// </summary>
internal sealed class ActionQueue
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(2);

    private readonly DriverSession _session;
    private readonly StreamServices _services;
    private readonly OnDemandLoop _loop;
    private readonly Lock _lock = new();
    private readonly Queue<DriverAction> _waiting = new();
    private ulong _received;
    private ulong _acknowledged;

    public ActionQueue(DriverSession session, StreamServices services)
    {
        _session = session;
        _services = services;
        _loop = new OnDemandLoop(RunAsync);
    }

    /// <summary>Takes an action in. Full, it refuses the newest: those before were promised an answer, and the app keeps this one.</summary>
    public void Add(DriverAction action)
    {
        lock (_lock)
        {
            if (_waiting.Count < _services.Options.MaxWaitingActions)
            {
                _waiting.Enqueue(action);
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

    /// <summary>The app has the commands up to a sequence.</summary>
    public void Acknowledge(ulong throughSequence)
    {
        lock (_lock)
        {
            _received = Math.Max(_received, throughSequence);
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
            if (!_session.Cursor.IsClaimed)
            {
                return; // Without the store nothing can be committed; the claim, when it comes, signals again.
            }

            await AcknowledgeAsync();
            while (Next() is { } action)
            {
                Answer(await _services.Desk.ActAsync(_session.DriverId, _session.Cursor.Epoch, action, _session.Gone));
            }
        }
        catch (OperationCanceledException) when (_session.Gone.IsCancellationRequested)
        {
            // The app sends again, on its next stream, what was not answered.
        }
        catch (Exception e) when (RedisStore.IsAway(e))
        {
            // The sweep tries again.
        }
    }

    private async Task AcknowledgeAsync()
    {
        var received = Volatile.Read(ref _received);
        if (received <= _acknowledged)
        {
            return;
        }

        if (!await _services.Outbox.AcknowledgeAsync(_session.DriverId, _session.Cursor.Epoch, received))
        {
            DriverStreams.TakenOver(_session);
        }

        _acknowledged = received;
    }

    private DriverAction? Next()
    {
        lock (_lock)
        {
            return _waiting.TryDequeue(out var action) ? action : null;
        }
    }

    private void Answer(ActionResult result) => _session.Reply(new ConnectResponse { ActionResult = result });
}
