using Grpc.Core;
using RideTracking.Server.Access;
using RideTracking.Server.Drivers.Reporting;
using RideTracking.Server.Hosting;
using RideTracking.Server.Log;
using RideTracking.Server.Protocol;
using RideTracking.V1;
using Status = Google.Rpc.Status;

namespace RideTracking.Server.Drivers;

/// <summary>One open stream of a driver: what came up on it, and what is to go down.</summary>
/// <remarks>Only its drain loop writes to the stream; everything else leaves word and signals.</remarks>
internal sealed class DriverSession
{
    private readonly IServerStreamWriter<ConnectResponse> _writer;
    private readonly StreamServices _services;
    private readonly Action _abort;
    private readonly OnDemandLoop _drain;
    private readonly Lock _lock = new();
    private readonly Queue<ConnectResponse> _replies = new();
    private readonly TaskCompletionSource<Status> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SessionPace _pace;
    private IDisposable[] _heard = [];
    private bool _isOver;
    private ReportingPolicy? _policy;
    private (StreamClosing Message, Status Status)? _closing;
    private TaskCompletionSource? _verdictsTold;
    private volatile Caller _caller;
    private volatile bool _started;
    private volatile bool _finishing;
    private long _heardAt;
    private long _writingSince;

    public DriverSession(
        Hello hello, Caller caller, int slot, FixIntake intake, StreamServices services,
        IServerStreamWriter<ConnectResponse> writer, Action abort, CancellationToken gone)
    {
        DriverId = hello.DriverId;
        Slot = slot;
        Intake = intake;
        _caller = caller;
        _services = services;
        Gone = gone;
        Actions = new ActionQueue(this, services);
        Commands = new CommandFeed(hello.DriverId, hello.LastCommandSequence, services.Outbox);
        _writer = writer;
        _abort = abort;
        _drain = new OnDemandLoop(services.Sending, DriverId, DrainAsync);
        _heardAt = services.Clock.Machine.GetTimestamp();
        _pace = services.Paces.Begin(DriverId, slot, services.Clock.Machine.GetUtcNow());
        Policy = _pace.Policy;
    }

    public string DriverId { get; }

    public int Slot { get; }

    public LogCursor Cursor => Intake.Cursor;

    public FixIntake Intake { get; }

    public ActionQueue Actions { get; }

    public CommandFeed Commands { get; }

    /// <summary>How often to report, as the stream opens.</summary>
    public ReportingPolicy Policy { get; }

    /// <summary>Cancelled when the call is over.</summary>
    public CancellationToken Gone { get; }

    /// <summary>Completes with the status to end the call with, once the server has ended the stream.</summary>
    public Task<Status> Ended => _ended.Task;

    /// <summary>What the stream listens to, until it is over.</summary>
    public void Hears(params IDisposable[] heard) => _heard = heard;

    /// <summary>The call ends: nothing is told to this stream any more, and nobody breaks it off.</summary>
    public void IsOver()
    {
        lock (_lock)
        {
            _isOver = true;
        }

        foreach (var heard in _heard)
        {
            heard.Dispose();
        }
    }

    /// <summary>Begins to write, after the welcome.</summary>
    public void Start()
    {
        _started = true;
        Signal();
    }

    /// <summary>There may be something to send.</summary>
    public void Signal()
    {
        if (_started)
        {
            _drain.Signal();
        }
    }

    /// <summary>The log has moved, has lost something, or was taken over by another node.</summary>
    public void LogMoved()
    {
        if (Cursor.IsFenced)
        {
            DriverStreams.TakenOver(this);
        }
        else if (Cursor.IsBroken || Intake.Acks.IsDue() || Commands.IsWaiting)
        {
            Signal();
        }
    }

    /// <summary>The app has said its last: writes what is left to acknowledge, for as long as a write may take.</summary>
    public async Task FinishAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _services.Path.Log.FlushAsync(cancellationToken).WaitAsync(_services.Options.WriteTimeout, _services.Clock.Machine, cancellationToken);
            _finishing = true;
            Signal();
            await _drained.Task.WaitAsync(_services.Options.WriteTimeout, _services.Clock.Machine, cancellationToken);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            // What was not acknowledged the app still has.
        }
    }

    /// <summary>There are commands in the driver's outbox.</summary>
    public void WakeForCommands()
    {
        Commands.Look();
        Signal();
    }

    /// <summary>Sends an answer. Their number is bounded by that of the questions that may wait.</summary>
    public void Reply(ConnectResponse message)
    {
        lock (_lock)
        {
            _replies.Enqueue(message);
        }

        Signal();
    }

    /// <summary>Ends the stream, after what can be acknowledged.</summary>
    public void Close(StreamClosingReason reason, Status status, TimeSpan? retryAfter = null)
    {
        var message = new StreamClosing { Reason = reason, MayReconnect = reason is not (StreamClosingReason.TakenOver or StreamClosingReason.UpgradeRequired or StreamClosingReason.Blocked) };
        if (retryAfter is { } wait)
        {
            message.RetryAfter = Google.Protobuf.WellKnownTypes.Duration.FromTimeSpan(wait);
        }

        lock (_lock)
        {
            _closing ??= (message, status);
        }

        Signal();
    }

    /// <summary>Takes one message of the app in.</summary>
    /// <exception cref="RpcException">The protocol is broken, or a token is bad: the stream ends.</exception>
    public ValueTask ReceiveAsync(Uplink message, CancellationToken cancellationToken)
    {
        Volatile.Write(ref _heardAt, _services.Clock.Machine.GetTimestamp());
        if (message.Other is not null)
        {
            return ReceiveOtherAsync(message.Other, cancellationToken);
        }

        RequireFixes("locations.fixes", message.FixCount);
        Intake.Receive(message, _services.Clock.GetUtcNow().ToUnixTimeMilliseconds());
        if (Intake.Acks.IsDue())
        {
            Signal();
        }

        return Intake.Acks.IsFullOfVerdicts ? new ValueTask(VerdictsToldAsync(cancellationToken)) : default;
    }

    /// <summary>Refuses a batch that is empty or over the limit.</summary>
    /// <exception cref="RpcException">INVALID_ARGUMENT with a BadRequest that names the field.</exception>
    public static void RequireFixes(string field, int count)
    {
        if (count is 0 or > Uplink.MaxFixes)
        {
            throw Refusal.Field(field, $"must have 1 to {Uplink.MaxFixes} fixes, not {count}").ToRpcException();
        }
    }

    /// <summary>Once a second, for all streams by one timer: what is due by time alone.</summary>
    public void Sweep(DateTimeOffset tokenTime)
    {
        var machine = _services.Clock.Machine;
        var options = _services.Options;
        if (Volatile.Read(ref _writingSince) is not 0 and var since && machine.GetElapsedTime(since) > options.WriteTimeout)
        {
            _ended.TrySetResult(Refusal.Exhausted("SLOW_READER", $"A message waited longer than {options.WriteTimeout} to be read."));
            BreakOff();
        }
        else if (tokenTime >= _caller.ExpiresAt)
        {
            Close(StreamClosingReason.TokenExpired, TokenValidator.Expired);
        }
        else if (_pace.SilentAfter(machine.GetUtcNow()) is var limit && machine.GetElapsedTime(Volatile.Read(ref _heardAt)) > limit)
        {
            Close(StreamClosingReason.Silent, Refusal.Aborted("SILENT", $"Nothing was heard for {limit}."));
        }
        else
        {
            Actions.Retry();
            _drain.Retry();
            LookAtPace();
            if (Intake.Acks.IsDue() || Commands.IsWaiting)
            {
                Signal();
            }
        }
    }

    // The call is the server's to use again once it has ended, so what is broken off must be still going on.
    private void BreakOff()
    {
        lock (_lock)
        {
            if (!_isOver)
            {
                _abort();
            }
        }
    }

    private void LookAtPace()
    {
        var now = _services.Clock.Machine.GetUtcNow();
        if (!_started)
        {
            _services.Paces.TellHowLong(_pace, Slot, now);
        }
        else if (_services.Paces.Look(_pace, DriverId, Slot, now))
        {
            lock (_lock)
            {
                // One that was not sent yet is out of date.
                _policy = _pace.Policy;
            }

            Signal();
        }
    }

    private async ValueTask ReceiveOtherAsync(ConnectRequest message, CancellationToken cancellationToken)
    {
        switch (message.MessageCase)
        {
            case ConnectRequest.MessageOneofCase.Heartbeat:
                break;
            case ConnectRequest.MessageOneofCase.Action:
                Actions.Add(message.Action);
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
        Reply(new ConnectResponse
        {
            TokenAccepted = new TokenAccepted { ExpiresAt = Google.Protobuf.WellKnownTypes.Timestamp.FromDateTimeOffset(caller.ExpiresAt) },
        });
    }

    private async Task DrainAsync()
    {
        try
        {
            while (!_ended.Task.IsCompleted && await NextAsync() is { } message)
            {
                Volatile.Write(ref _writingSince, _services.Clock.Machine.GetTimestamp());
                await _writer.WriteAsync(message);
                Volatile.Write(ref _writingSince, 0);
                if (message.MessageCase == ConnectResponse.MessageOneofCase.StreamClosing)
                {
                    _ended.TrySetResult(_closing!.Value.Status);
                }
            }
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or OperationCanceledException or RpcException)
        {
            // The call is over; its reading side finds out and cleans up.
            _ended.TrySetResult(Refusal.Unavailable("DISCONNECTED", "The stream is gone.", TimeSpan.Zero));
        }
        finally
        {
            Volatile.Write(ref _writingSince, 0);
            Interlocked.Exchange(ref _verdictsTold, null)?.TrySetResult();
        }
    }

    // Whatever goes down takes along what can be acknowledged; an acknowledgement alone goes only when it is due.
    private async ValueTask<ConnectResponse?> NextAsync()
    {
        var message = NextPrepared() ?? await NextCommandAsync() ?? (Intake.Acks.IsDue() || _finishing ? new ConnectResponse() : null);
        if (message is null)
        {
            return null;
        }

        message.FixAck = Intake.Acks.Take();
        if (message.FixAck is null && message.MessageCase == ConnectResponse.MessageOneofCase.None)
        {
            if (_finishing)
            {
                _drained.TrySetResult();
            }

            return null;
        }

        return message;
    }

    // Commands belong to the claim: before it, another connection may still be the driver's.
    private async ValueTask<ConnectResponse?> NextCommandAsync()
    {
        if (!Cursor.IsClaimed || Cursor.IsFenced || _services.Commanding.IsWaiting(DriverId))
        {
            return null;
        }

        try
        {
            var command = await Commands.NextAsync();
            _services.Commanding.Well(DriverId);
            return command is null ? null : new ConnectResponse { Command = command };
        }
        catch (Exception e) when (!_services.Commanding.Passes(e))
        {
            // Commands that cannot be read keep nothing else from being sent.
            _services.Commanding.Failed(DriverId, e);
            return null;
        }
    }

    private ConnectResponse? NextPrepared()
    {
        if (Intake.Acks.TakeResendAfter() is { } sequence)
        {
            return new ConnectResponse { ResendAfter = new ResendAfter { Sequence = sequence } };
        }

        lock (_lock)
        {
            if (_policy is { } policy)
            {
                _policy = null;
                return new ConnectResponse { ReportingPolicy = policy };
            }

            return _replies.TryDequeue(out var reply) ? reply
                : _closing is { } closing ? new ConnectResponse { StreamClosing = closing.Message }
                : null;
        }
    }

    private async Task VerdictsToldAsync(CancellationToken cancellationToken)
    {
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _verdictsTold, told);
        Signal();
        await told.Task.WaitAsync(cancellationToken);
    }
}
