using RideTracking.Server.Drivers;
using RideTracking.Server.Log;
using RideTracking.Server.Store;
using RideTracking.Simulation.Actors;
using RideTracking.V1;
using DriverLink = RideTracking.Engine.Index.DriverLink;

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
    private CommandFeed? _commands;
    private IDisposable? _listening;
    private DriverClaim? _claim;
    private ulong _received;
    private ulong _acknowledged;
    private bool _isDraining;
    private bool _isActing;
    private bool _isCut;
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
        if (node.Lines.GetValueOrDefault(DriverId) == this)
        {
            node.Lines.Remove(DriverId);
            node.SetLink(DriverId, DriverLink.Lost);
        }

        _listening?.Dispose();

        _gone.Cancel();
    }

    private async Task OpenAsync()
    {
        while (!_gone.IsCancellationRequested)
        {
            try
            {
                var claim = await node.Claims.ClaimAsync(new ClaimRequest(DriverId, phone.Id));
                var (availability, route) = await node.Desk.LoadAsync(DriverId);
                if (_gone.IsCancellationRequested)
                {
                    return;
                }

                _claim = claim.Claim;
                _commands = new CommandFeed(DriverId, phone.LastSequence, node.Outbox);
                node.Place(DriverId, phone.Driver.At);
                Down(() => phone.Welcomed(this, claim.Claim.Epoch, availability, route));
                Drain();
                Act();
                return;
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
            while (_actions.TryDequeue(out var action))
            {
                var result = await node.Desk.ActAsync(DriverId, _claim!, action, action.OccurredAt?.ToDateTimeOffset() ?? node.Clock.GetUtcNow(), _gone.Token);
                if (result is null)
                {
                    throw new InvalidOperationException($"The store has forgotten the claim of {DriverId}.");
                }

                Down(() => phone.Answered(this, result));
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
        if (received > _acknowledged)
        {
            if (await node.Outbox.AcknowledgeAsync(DriverId, _claim!, received) != _claim)
            {
                TakenOver();
            }

            _acknowledged = received;
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
