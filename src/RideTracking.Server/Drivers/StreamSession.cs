using Grpc.Core;
using RideTracking.Server.Access;
using RideTracking.Server.Drivers.Reporting;
using RideTracking.Server.Log;
using RideTracking.Server.Protocol;
using RideTracking.V1;

namespace RideTracking.Server.Drivers;

/// <summary>One open stream of a driver: what comes up on it, and for how long it may go on.</summary>
internal sealed class StreamSession : DriverSession
{
    private readonly StreamServices _services;
    private readonly SessionPace _pace;
    private IDisposable[] _heard = [];
    private volatile Caller _caller;
    private long _heardAt;

    public StreamSession(
        Hello hello, Caller caller, Carrier carrier, FixIntake intake, int slot, StreamServices services, StreamCall call)
        : base(carrier, intake, slot)
    {
        _caller = caller;
        _services = services;
        Gone = call.Gone;
        Down = new Downlink(hello, carrier, services, call);
        Actions = new ActionQueue(this, services);
        _heardAt = services.Clock.Machine.GetTimestamp();
        _pace = services.Paces.Begin(DriverId, slot, services.Clock.Machine.GetUtcNow());
        Policy = _pace.Policy;
        carrier.LastCommandSequence = () => Down.Commands.SentThrough;
    }

    public ActionQueue Actions { get; }

    /// <summary>What its driver's times are worth.</summary>
    public PhoneClock PhoneClock { get; } = new();

    /// <summary>What goes down.</summary>
    public Downlink Down { get; }

    /// <summary>How often to report, as the stream opens.</summary>
    public ReportingPolicy Policy { get; }

    /// <summary>Cancelled when the call is over.</summary>
    public CancellationToken Gone { get; }

    private DateTimeOffset Now => _services.Clock.GetUtcNow();

    /// <summary>What the stream listens to, until it is over.</summary>
    public void Hears(params IDisposable[] heard) => _heard = heard;

    /// <inheritdoc/>
    public override void End()
    {
        Down.End();
        foreach (var heard in _heard)
        {
            heard.Dispose();
        }
    }

    /// <summary>Takes one message of the app in.</summary>
    /// <exception cref="RpcException">The protocol is broken, or a token is bad: the stream ends.</exception>
    public ValueTask ReceiveAsync(Uplink message, CancellationToken cancellationToken)
    {
        if (Down.IsClosing || Carrier.IsLost)
        {
            // It does not speak for the driver any more: nothing that it still says moves the map or anything else.
            return default;
        }

        Volatile.Write(ref _heardAt, _services.Clock.Machine.GetTimestamp());
        if (message.Other is not null)
        {
            return ReceiveOtherAsync(message.Other, cancellationToken);
        }

        RequireFixes("locations.fixes", message.FixCount);
        var receivedAtUnixMs = Now.ToUnixTimeMilliseconds();
        PhoneClock.Observe(message.SentAtUnixMs, receivedAtUnixMs);
        Intake.Receive(message, receivedAtUnixMs);
        if (Carrier.Ledger.IsDue())
        {
            Down.Signal();
        }

        return Carrier.Ledger.IsFullOfVerdicts ? new ValueTask(Down.VerdictsToldAsync(cancellationToken)) : default;
    }

    /// <inheritdoc/>
    public override void Sweep(DateTimeOffset tokenTime)
    {
        var machine = _services.Clock.Machine;
        if (Down.TryBreakOff())
        {
            return;
        }

        if (tokenTime >= _caller.ExpiresAt)
        {
            Down.Close(StreamClosingReason.TokenExpired, TokenValidator.Expired);
        }
        else if (_pace.SilentAfter(machine.GetUtcNow()) is var limit && machine.GetElapsedTime(Volatile.Read(ref _heardAt)) > limit)
        {
            Down.Close(StreamClosingReason.Silent, Refusal.Aborted("SILENT", $"Nothing was heard for {limit}."));
        }
        else
        {
            Actions.Retry();
            LookAtPace();
            Down.Sweep();
        }
    }

    private void LookAtPace()
    {
        var now = _services.Clock.Machine.GetUtcNow();
        if (!Down.HasStarted)
        {
            _services.Paces.TellHowLong(_pace, Slot, now);
        }
        else if (_services.Paces.Look(_pace, DriverId, Slot, now))
        {
            Down.Send(_pace.Policy);
        }
    }

    private async ValueTask ReceiveOtherAsync(ConnectRequest message, CancellationToken cancellationToken)
    {
        switch (message.MessageCase)
        {
            case ConnectRequest.MessageOneofCase.Heartbeat:
                break;
            case ConnectRequest.MessageOneofCase.Action:
                Actions.Add(message.Action, PhoneClock.TimeOf(message.Action.OccurredAt, Now));
                break;
            case ConnectRequest.MessageOneofCase.CommandAck:
                Actions.Acknowledge(message.CommandAck.ThroughSequence);
                break;
            case ConnectRequest.MessageOneofCase.TokenRefresh:
                await RefreshTokenAsync(message.TokenRefresh.Token, cancellationToken);
                break;
            case ConnectRequest.MessageOneofCase.Hello:
                throw Refusal.Field("hello", "comes first and only once").ToRpcException();
            default:
                // A newer app says something that this server does not know; it must not need an answer.
                break;
        }
    }

    private async ValueTask RefreshTokenAsync(string token, CancellationToken cancellationToken)
    {
        var verdict = await _services.Tokens.ValidateAsync(token, cancellationToken);
        var caller = verdict.Caller ?? throw verdict.Refusal!.ToRpcException();
        caller.RequireDriver(DriverId);
        _caller = caller;
        Down.Reply(new ConnectResponse
        {
            TokenAccepted = new TokenAccepted { ExpiresAt = Google.Protobuf.WellKnownTypes.Timestamp.FromDateTimeOffset(caller.ExpiresAt) },
        });
    }
}
