using Grpc.Core;
using RideTracking.Server.Drivers;
using RideTracking.Server.Log;
using RideTracking.Server.Store;
using RideTracking.Simulation.Actors;
using RideTracking.Simulation.Checking;
using RideTracking.V1;

namespace RideTracking.Simulation.Nodes;

/// <summary>
/// A phone's stream to a node: messages arrive in order, late, and from some moment on not at all. The node's end does what the
/// server's stream does: claims the driver, feeds commands from the outbox, acts one action after the other.
/// </summary>
#pragma warning disable CA1001 // The source has no timer and no handle: nothing to dispose of.
internal sealed class DriverLine(City city, NodeRun node, Phone phone, int number)
#pragma warning restore CA1001
{
    private static readonly TimeSpan StoreRetry = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(3);

    private readonly CancellationTokenSource _gone = new();
    private readonly Queue<DriverAction> _actions = [];
    private readonly DeviceAttempt _attempt = DeviceAttempt.Of(phone.Id, (ulong)number);
    private CommandFeed? _commands;
    private IDisposable? _listening;
    private DriverClaim? _claim;
    private DriverClaim? _before;
    private ulong _received;
    private ulong _acknowledged;
    private bool _isDraining;
    private bool _isActing;
    private bool _isCut;
    private bool _isClaiming;
    private DateTimeOffset _lastDown;
    private DateTimeOffset _lastUp;

    /// <summary>Counts the phone's connections.</summary>
    public int Number => number;

    private string DriverId => phone.Driver.Id;

    /// <summary>The phone's first message.</summary>
    /// <param name="had">The last command that the app has.</param>
    public void Open(ulong had) => Up(() =>
    {
        node.Lines.GetValueOrDefault(DriverId)?.TakenOver();
        node.Lines[DriverId] = this;
        _listening = node.Outbox.Listen(DriverId, Look);
        _received = had;
        node.Watch("a connection", OpenAsync());
        Sweep();
    });

    public void Send(DriverAction action) => Up(() =>
    {
        _actions.Enqueue(action);
        Act();
    });

    public void Acknowledge(ulong through) => Up(() =>
    {
        _received = Math.Max(_received, through);
        Act();
    });

    public void SendFix() => Up(() => node.Place(DriverId, phone.Driver.At));

    /// <summary>There are commands in the outbox.</summary>
    public void Look()
    {
        _commands?.Look();
        Drain();
    }

    /// <summary>The network between phone and node breaks; both notice later.</summary>
    public void Cut()
    {
        Lost();
        city.Queue.After(city.Chance.Seconds(0, 30), node.Life, CloseAtNode);
    }

    /// <summary>The node is gone, or the network: nothing passes any more.</summary>
    public void Lost()
    {
        if (!_isCut)
        {
            _isCut = true;
            city.Queue.After(city.Chance.Seconds(0.2, 10), city.Life, () => phone.LineLost(this));
        }
    }

    private void TakenOver()
    {
        Down(() => phone.TakenOver(this));
        CloseAtNode();
    }

    private void CloseAtNode()
    {
        if (_gone.IsCancellationRequested)
        {
            return;
        }

        if (node.Lines.GetValueOrDefault(DriverId) == this)
        {
            node.Lines.Remove(DriverId);
            node.LinkChanged(DriverId);
        }

        _listening?.Dispose();
        _gone.Cancel();
        if ((_claim ?? _before) is { } claim)
        {
            node.StreamEnded(DriverId, claim);
        }
    }

    private async Task OpenAsync()
    {
        while (!_gone.IsCancellationRequested)
        {
            try
            {
                var claim = await node.Claims.ClaimAsync(new ClaimRequest(DriverId, phone.Id, _attempt) { IsStream = true, LastCommandSequence = _received }, _gone.Token);
                var (availability, route) = await node.Desk.LoadAsync(DriverId);
                if (_gone.IsCancellationRequested)
                {
                    node.StreamEnded(DriverId, claim.Claim);
                    return;
                }

                _claim = claim.Claim;
                _commands = new CommandFeed(DriverId, phone.LastSequence, node.Outbox);
                _commands.WayTold(route.RoutePlanVersion, route.Route);
                node.Place(DriverId, phone.Driver.At);
                Down(() => phone.Welcomed(this, claim.Claim.Epoch, availability, route));
                Drain();
                Act();
                return;
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.Aborted)
            {
                // The phone itself has come by a newer line since.
                CloseAtNode();
            }
            catch (OperationCanceledException) when (_gone.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (StoreFailure.Passes(e))
            {
                await WaitAsync();
            }
        }
    }

    /// <summary>The store has forgotten the claim, or the node's lease was ended, which made it: it is made again, unless another has come since.</summary>
    public void ClaimAnew()
    {
        if (_claim is { } before && !_isClaiming && !_gone.IsCancellationRequested)
        {
            (_claim, _before, _isClaiming) = (null, before, true);
            node.Watch("a claim", ClaimAnewAsync(before));
        }
    }

    // As the log's loop does it for a carrier.
    private async Task ClaimAnewAsync(DriverClaim before)
    {
        while (_isClaiming && !_gone.IsCancellationRequested)
        {
            try
            {
                var claim = await node.Claims.ClaimAsync(new ClaimRequest(DriverId, phone.Id, _attempt)
                {
                    IsStream = true,
                    Before = before,
                    MayClaim = () => !_gone.IsCancellationRequested,
                    EpochFloor = before.Epoch,
                    LastCommandSequence = Math.Max(_commands!.SentThrough, _received),
                });
                _isClaiming = false;
                if (_gone.IsCancellationRequested)
                {
                    node.StreamEnded(DriverId, claim.Claim);
                    return;
                }

                _claim = claim.Claim;
                city.History.Add(new ClaimedAnew(city.Queue.Now, DriverId, phone.Id, _claim.Epoch));
                _commands.Renumbered();
                node.Dispatcher.WayWasTold(DriverId, _commands.WayVersion);
                Drain();
                Act();
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.Aborted)
            {
                _isClaiming = false;
                if (!_gone.IsCancellationRequested)
                {
                    TakenOver();
                }
            }
            catch (Exception e) when (StoreFailure.Passes(e))
            {
                await WaitAsync();
            }
        }
    }

    private async Task WaitAsync()
    {
        try
        {
            await Task.Delay(StoreRetry, node.Clock, _gone.Token);
        }
        catch (OperationCanceledException)
        {
            // The stream ended while the store was away.
        }
    }

    private void Sweep() => city.Queue.After(SweepInterval, node.Life, () =>
    {
        if (!_gone.IsCancellationRequested)
        {
            Drain();
            Act();
            Sweep();
        }
    });

    private void Drain()
    {
        if (_commands is { IsWaiting: true } commands && !_isDraining && !_gone.IsCancellationRequested)
        {
            _isDraining = true;
            node.Watch("commands", DrainAsync(commands));
        }
    }

    private async Task DrainAsync(CommandFeed commands)
    {
        while (await commands.NextAsync() is { } command)
        {
            Down(() => phone.Told(this, command));
        }

        _isDraining = false;
    }

    private void Act()
    {
        if (_claim is not null && !_isActing && !_gone.IsCancellationRequested && (_actions.Count > 0 || _received > _acknowledged))
        {
            _isActing = true;
            node.Watch("actions", ActAsync());
        }
    }

    private async Task ActAsync()
    {
        try
        {
            await AcknowledgeAsync();
            while (_claim is { } claim && _actions.TryPeek(out var action))
            {
                var result = await node.Desk.ActAsync(DriverId, claim, action, action.OccurredAt?.ToDateTimeOffset() ?? node.Clock.GetUtcNow(), _gone.Token);
                if (result is null)
                {
                    ClaimAnew();
                    return;
                }

                if (_claim == claim)
                {
                    // Claimed anew meanwhile, it may have been refused for that; it is safe to repeat.
                    _actions.Dequeue();
                    Down(() => phone.Answered(this, result));
                }
            }
        }
        catch (OperationCanceledException) when (_gone.IsCancellationRequested)
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

    private async Task AcknowledgeAsync()
    {
        var received = _received;
        if (received > _acknowledged && _claim is { } claim)
        {
            var now = await node.Outbox.AcknowledgeAsync(DriverId, claim, received);
            if (now == claim)
            {
                _acknowledged = received;
            }
            else if (_claim != claim)
            {
                // Claimed anew meanwhile; the sweep comes back to it.
            }
            else if (claim.IsPassedBy(now))
            {
                TakenOver();
            }
            else
            {
                ClaimAnew();
            }
        }
    }

    private void Up(Action arrives) => Pass(ref _lastUp, node.Life, arrives);

    private void Down(Action arrives) => Pass(ref _lastDown, city.Life, arrives);

    private void Pass(ref DateTimeOffset last, Time.Life whose, Action arrives)
    {
        if (_isCut)
        {
            return;
        }

        var at = city.Queue.Now + city.Chance.Milliseconds(5, 150);
        last = at > last ? at : last;
        city.Queue.At(last, whose, () =>
        {
            if (!_isCut && (whose == city.Life || !_gone.IsCancellationRequested))
            {
                arrives();
            }
        });
    }
}
