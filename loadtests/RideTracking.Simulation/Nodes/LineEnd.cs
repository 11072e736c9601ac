using Grpc.Core;
using RideTracking.Server.Drivers;
using RideTracking.Server.Log;
using RideTracking.Server.Store;
using RideTracking.Simulation.Actors;
using RideTracking.Simulation.Checking;
using RideTracking.V1;

namespace RideTracking.Simulation.Nodes;

/// <summary>
/// The node's end of a phone's stream, which does what the server's stream does: claims the driver, or lets the log claim it later; takes fixes in; feeds
/// commands from the outbox; acts one action after the other.
/// </summary>
#pragma warning disable CA1001 // The source has no timer and no handle: nothing to dispose of.
internal sealed class LineEnd(City city, NodeRun node, DriverLine line, Phone phone)
#pragma warning restore CA1001
{
    private static readonly TimeSpan ClaimTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan StoreRetry = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(3);

    private readonly CancellationTokenSource _gone = new();
    private readonly LineActions _actions = new(node, line, phone);
    private CommandFeed? _commands;
    private IDisposable? _listening;
    private Carrier? _carrier;
    private LineFixes? _fixes;
    private DriverClaim? _heardOf;
    private bool _isStarted;
    private bool _isDraining;

    /// <summary>Whether the stream has ended.</summary>
    public bool IsOver => _gone.IsCancellationRequested;

    private string DriverId => phone.Driver.Id;

    /// <summary>The phone's first message has come.</summary>
    /// <param name="had">The last command that the app has.</param>
    public void Open(ulong had)
    {
        node.Lines.Add(line);
        _actions.Received(had);
        node.Watch("a connection", OpenAsync(had));
        Sweep();
    }

    public void Receive(DriverAction action)
    {
        _actions.Add(action);
        Act();
    }

    public void Acknowledge(ulong through)
    {
        _actions.Received(through);
        Act();
    }

    public void Receive(FixReport report)
    {
        if (_carrier is { IsLost: false })
        {
            _fixes!.Receive(report);
            TellOfFixes();
        }
    }

    /// <summary>The stream ends.</summary>
    public void Close()
    {
        if (IsOver)
        {
            return;
        }

        _gone.Cancel();
        node.Lines.Remove(line);
        Leave();
    }

    private async Task OpenAsync(ulong had)
    {
        var request = new ClaimRequest(DriverId, phone.Id, DeviceAttempt.Of(phone.Id, (ulong)line.Number))
        {
            IsStream = true,
            LastCommandSequence = had,
            EpochFloor = node.Carriers.EpochOf(DriverId),
        };
        try
        {
            // Not disposed: the claim may outlast the waiting for it.
            var abandoned = new CancellationTokenSource();
            var claiming = node.Claims.ClaimAsync(request, abandoned.Token);
            ConnectionClaim? claim = null;
            try
            {
                claim = await claiming.WaitAsync(ClaimTimeout, node.Machine);
            }
            catch (Exception e) when (e is TimeoutException || StoreFailure.Passes(e))
            {
#pragma warning disable CA1849 // On this thread.
                abandoned.Cancel();
#pragma warning restore CA1849
            }

            _carrier = new Carrier(request, claim, new SessionLedger(claim, request.Resendable, city.Conditions.AckPace, node.Machine), claiming);
            _fixes = new LineFixes(node, _carrier);
            _commands = new CommandFeed(DriverId, had, node.Outbox);
            _carrier.LastCommandSequence = () => Math.Max(_commands.SentThrough, _actions.ReceivedThrough);
            (_carrier.Told, _heardOf) = (HearCarrier, _carrier.Claim);
            Enter(_carrier);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.Aborted)
        {
            // The phone itself has come by a newer line since.
            _carrier = null;
            Close();
            return;
        }

        if (IsOver)
        {
            Leave();
        }
        else
        {
            await WelcomeAsync(_carrier);
        }
    }

    private async Task WelcomeAsync(Carrier carrier)
    {
        var (epoch, resumeAfter) = (carrier.Claim?.Epoch ?? 0, carrier.IsClaimed ? carrier.Ledger.LoggedThrough : (ulong?)null);
        var verdicts = carrier.IsClaimed ? carrier.Ledger.TakeVerdicts() : [];
        while (!IsOver)
        {
            try
            {
                var (availability, route) = await node.Desk.LoadAsync(DriverId);
                _commands!.WayTold(route.RoutePlanVersion, route.Route);
                line.Down(() => phone.Welcomed(line, new Greeting(epoch, resumeAfter, verdicts, availability, route)));
                _isStarted = true;
                HearCarrier();
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

    // As the server's sessions do it: one carrier speaks for the driver here.
    private void Enter(Carrier carrier)
    {
        var leaves = node.Carriers.Add(carrier);
        if (leaves != carrier)
        {
            _listening = node.Outbox.Listen(DriverId, Look);
            node.Places.LinkChanged(DriverId);
        }

        if (leaves is not null)
        {
            Carriers.Dismiss(leaves, leaves == carrier ? node.Carriers.Of(DriverId)?.Attempt ?? default : carrier.Attempt);
        }

        node.Log.TakeIn(carrier);
    }

    private void Leave()
    {
        _listening?.Dispose();
        if (_carrier is { } carrier)
        {
            node.Carriers.Remove(carrier);
            node.Places.LinkChanged(DriverId);
            node.Log.Ended(carrier);
            node.Claims.Ended(carrier);
        }
    }

    // The log has moved or has lost something, the claim has come, or the driver is another connection's.
    private void HearCarrier()
    {
        if (IsOver || _carrier is not { } carrier)
        {
            return;
        }

        if (carrier.Loss == CarrierLoss.TakenOver)
        {
            line.Down(() => phone.TakenOver(line));
            Close();
            return;
        }

        if (carrier.Loss != CarrierLoss.None)
        {
            // The same phone goes on by a newer line.
            line.Down(() => phone.LineLost(line));
            Close();
            return;
        }

        if (carrier.Claim is { } claim && claim != _heardOf)
        {
            _heardOf = claim;
            city.History.Add(new ClaimedAnew(city.Queue.Now, DriverId, phone.Id, claim.Epoch));
            _commands!.Renumbered();
            node.Dispatcher.WayWasTold(DriverId, _commands.WayVersion);
            Drain();
            Act();
        }

        TellOfFixes();
    }

    private void TellOfFixes()
    {
        if (_isStarted && !IsOver && _fixes!.Next() is { } told)
        {
            line.Down(() => phone.Told(line, told));
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
        if (!IsOver)
        {
            TellOfFixes();
            Drain();
            Act();
            Sweep();
        }
    });

    private void Look()
    {
        _commands!.Look();
        Drain();
    }

    private void Drain()
    {
        if (_isStarted && _carrier is { IsClaimed: true, IsLost: false } && _commands is { IsWaiting: true } commands && !_isDraining && !IsOver)
        {
            _isDraining = true;
            node.Watch("commands", DrainAsync(commands));
        }
    }

    private async Task DrainAsync(CommandFeed commands)
    {
        while (_carrier is { IsClaimed: true, IsLost: false } && await commands.NextAsync() is { } command)
        {
            line.Down(() => phone.Told(line, command));
        }

        _isDraining = false;
    }

    private void Act()
    {
        if (_isStarted && !IsOver && _carrier is { } carrier)
        {
            _actions.Act(carrier, _gone.Token);
        }
    }
}
