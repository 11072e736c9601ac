using Grpc.Core;
using RideTracking.Server.Hosting;
using RideTracking.Server.Log;
using RideTracking.Server.Protocol;
using RideTracking.V1;
using Status = Google.Rpc.Status;

namespace RideTracking.Server.Drivers;

/// <summary>
/// What is to go down a driver's stream, in order: what the log lost, the newest policy, answers, the closing, commands; and
/// what can be acknowledged, with whatever goes. Thread-safe.
/// </summary>
/// <remarks>Only its loop writes to the stream; everything else leaves word and signals.</remarks>
internal sealed class Downlink
{
    // An answer takes some 100 bytes; its size is counted and not their number, since what an app asks with comes back in it.
    private const int MaxReplyBytes = 32 * 1024;

    private readonly string _driverId;
    private readonly Carrier _carrier;
    private readonly StreamServices _services;
    private readonly StreamCall _call;
    private readonly OnDemandLoop _loop;
    private readonly Lock _lock = new();
    private readonly Queue<ConnectResponse> _replies = new();
    private readonly TaskCompletionSource<Status> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ReportingPolicy? _policy;
    private (StreamClosing Message, Status Status)? _closing;
    private TaskCompletionSource? _sentAll;
    private DriverClaim? _heardOf;
    private int _replyBytes;
    private bool _isOver;
    private volatile bool _isClosing;
    private volatile bool _started;
    private volatile bool _finishing;
    private long _writingSince;

    public Downlink(Hello hello, Carrier carrier, StreamServices services, StreamCall call)
    {
        (_driverId, _carrier, _services, _call) = (hello.DriverId, carrier, services, call);
        Commands = new CommandFeed(hello.DriverId, hello.LastCommandSequence, services.Outbox);
        Commands.WayTold(hello.RoutePlanVersion, null);
        _loop = new OnDemandLoop(services.Sending, hello.DriverId, WriteAsync);
        _heardOf = carrier.Claim;
        carrier.Told = HearCarrier;
    }

    /// <summary>The driver's commands.</summary>
    public CommandFeed Commands { get; }

    /// <summary>Whether the stream is to end: the app is not heard any more.</summary>
    public bool IsClosing => _isClosing;

    /// <summary>Whether anything is sent yet.</summary>
    public bool HasStarted => _started;

    /// <summary>Completes with the status to end the call with, once the server has ended the stream.</summary>
    public Task<Status> Ended => _ended.Task;

    /// <summary>Begins to write, after the welcome.</summary>
    public void Start()
    {
        _started = true;
        // It may have moved, or been lost, before anybody could be told.
        HearCarrier();
        Signal();
    }

    /// <summary>There may be something to send.</summary>
    public void Signal()
    {
        if (_started)
        {
            _loop.Signal();
        }
    }

    /// <summary>There are commands in the driver's outbox.</summary>
    public void WakeForCommands()
    {
        Commands.Look();
        Signal();
    }

    /// <summary>
    /// Whether so many answers wait that no more is to be read from the app until they are sent. Only those of actions
    /// that wait already come on top; none is ever dropped.
    /// </summary>
    public bool IsFullOfReplies => ReplyBytes >= MaxReplyBytes;

    /// <summary>How large the answers are that wait, in bytes.</summary>
    internal int ReplyBytes => Volatile.Read(ref _replyBytes);

    /// <summary>Whether somebody waits until all that waits is sent.</summary>
    internal bool IsAwaited => Volatile.Read(ref _sentAll) is not null;

    /// <summary>Sends an answer.</summary>
    public void Reply(ConnectResponse message)
    {
        lock (_lock)
        {
            _replies.Enqueue(message);
            _replyBytes += message.CalculateSize();
        }

        Signal();
    }

    /// <summary>Sends a policy; one that was not sent yet is out of date.</summary>
    public void Send(ReportingPolicy policy)
    {
        lock (_lock)
        {
            _policy = policy;
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
            _isClosing = true;
        }

        Signal();
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

    /// <summary>Completes when the verdicts that wait have been told.</summary>
    public Task VerdictsToldAsync(CancellationToken cancellationToken) => SentAllAsync(cancellationToken);

    /// <summary>Completes when the answers that wait have been sent, or the stream has ended.</summary>
    public Task RepliesSentAsync(CancellationToken cancellationToken) => SentAllAsync(cancellationToken);

    /// <summary>Breaks the stream off when the app has not read for too long.</summary>
    /// <returns>Whether that is so.</returns>
    public bool TryBreakOff()
    {
        var timeout = _services.Options.WriteTimeout;
        var since = Volatile.Read(ref _writingSince);
        if (since == 0 || _services.Clock.Machine.GetElapsedTime(since) <= timeout)
        {
            return false;
        }

        _ended.TrySetResult(Refusal.Exhausted("SLOW_READER", $"A message waited longer than {timeout} to be read."));
        // The call is the server's to use again once it has ended, so what is broken off must be still going on.
        lock (_lock)
        {
            if (!_isOver)
            {
                _call.Abort();
            }
        }

        return true;
    }

    /// <summary>What is due by time alone.</summary>
    public void Sweep()
    {
        _loop.Retry();
        if (_carrier.Ledger.IsDue() || Commands.IsWaiting)
        {
            Signal();
        }
    }

    /// <summary>The call ends: nobody breaks it off any more.</summary>
    public void End()
    {
        lock (_lock)
        {
            _isOver = true;
        }
    }

    // Of the one who reads the stream alone.
    private async Task SentAllAsync(CancellationToken cancellationToken)
    {
        var sent = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _sentAll, sent);
        Signal();
        await sent.Task.WaitAsync(cancellationToken);
    }

    // The log has moved or has lost something, the claim has come, or the driver is another connection's.
    private void HearCarrier()
    {
        switch (_carrier.Loss)
        {
            case CarrierLoss.TakenOver:
                Close(StreamClosingReason.TakenOver, Refusal.Aborted("TAKEN_OVER", "Another connection of this driver has taken over."));
                return;
            case CarrierLoss.SameDevice:
                // No closing is told: the app on this device goes on, by its newer stream.
                _isClosing = true;
                _ended.TrySetResult(Refusal.Aborted("RECONNECTED", "This device has connected anew."));
                return;
            default:
                break;
        }

        if (_carrier.Claim is { } claim && claim != Interlocked.Exchange(ref _heardOf, claim))
        {
            // By a claim that came late, or anew, what waits may have other numbers, and the store may have forgotten what the app was told.
            Commands.Renumbered();
            _services.Desk.WayWasTold(_carrier.DriverId, Commands.WayVersion);
        }

        if (_carrier.Ledger.IsBroken || _carrier.Ledger.IsDue() || Commands.IsWaiting)
        {
            Signal();
        }
    }

    private async Task WriteAsync()
    {
        try
        {
            while (!_ended.Task.IsCompleted && await NextAsync() is { } message)
            {
                Volatile.Write(ref _writingSince, _services.Clock.Machine.GetTimestamp());
                await _call.Writer.WriteAsync(message);
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
            Interlocked.Exchange(ref _sentAll, null)?.TrySetResult();
        }
    }

    // Whatever goes down takes along what can be acknowledged; an acknowledgement alone goes only when it is due.
    private async ValueTask<ConnectResponse?> NextAsync()
    {
        var message = NextPrepared() ?? await NextCommandAsync() ?? (_carrier.Ledger.IsDue() || _finishing ? new ConnectResponse() : null);
        if (message is null)
        {
            return null;
        }

        message.FixAck = AckWire.Take(_carrier.Ledger, _services.Path.Metrics);
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

    private ConnectResponse? NextPrepared()
    {
        if (_carrier.IsClaimed && _carrier.Ledger.TakeResendAfter() is { } sequence)
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

            if (_replies.TryDequeue(out var reply))
            {
                _replyBytes -= reply.CalculateSize();
                return reply;
            }

            return _closing is { } closing ? new ConnectResponse { StreamClosing = closing.Message } : null;
        }
    }

    // Commands belong to the claim: before it, another connection may still be the driver's.
    private async ValueTask<ConnectResponse?> NextCommandAsync()
    {
        if (!_carrier.IsClaimed || _carrier.IsLost || _services.Commanding.IsWaiting(_driverId))
        {
            return null;
        }

        try
        {
            var command = await Commands.NextAsync();
            _services.Commanding.Well(_driverId);
            return command is null ? null : new ConnectResponse { Command = command };
        }
        catch (Exception e) when (!_services.Commanding.Passes(e))
        {
            // Commands that cannot be read keep nothing else from being sent.
            _services.Commanding.Failed(_driverId, e);
            return null;
        }
    }
}
