using System.Collections.Concurrent;
using System.Threading.Channels;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using RideTracking.V1;

namespace RideTracking.Client;

/// <summary>
/// A driver's app, as the server sees it: takes fixes and actions at any time, keeps them in an
/// <see cref="OfflineBuffer"/>, and holds a stream open that brings them to the server and the server's commands back.
/// All members are thread-safe; it has no thread of its own and one timer. Disposing it ends a run.
/// </summary>
public sealed class DriverConnection : IAsyncDisposable
{
    // A token that was refused may have been an old one; when new ones are refused as well, no further one would help.
    private const int MostRefusedTokens = 3;

    private readonly DriverService.DriverServiceClient _client;
    private readonly CancellationTokenSource _disposing = new();
    private Task _run = Task.CompletedTask;
    private readonly Backoff _backoff;
    // Full: the stream is read no further until the app has handled a command. Commands are never dropped, and the
    // server keeps what is not acknowledged.
    private readonly Channel<Command> _commands = Channel.CreateBounded<Command>(64);
    private readonly ConcurrentDictionary<string, TaskCompletionSource<ActionResult>> _awaited = new();
    private ulong _lastCommandQueued;
    private ulong _routePlanVersion;
    private (ulong Version, string Encoded) _line;
    private DriverStream? _stream;
    private TaskCompletionSource? _flushed;
    private int _running;

    /// <param name="channel">How to reach the server; see <see cref="RideTrackingChannel"/>. Many connections may share it.</param>
    /// <param name="buffer">What is to be sent; used by one connection at a time.</param>
    /// <param name="options">Who connects, and what the app wants to hear.</param>
    /// <param name="timeProvider">The phone's clock and timers; the system's when null.</param>
    /// <param name="random">Jitter of the reconnects; used by this connection alone.</param>
    public DriverConnection(
        ChannelBase channel, OfflineBuffer buffer, DriverConnectionOptions options, TimeProvider? timeProvider = null, Random? random = null)
    {
        ArgumentNullException.ThrowIfNull(channel);
        ArgumentNullException.ThrowIfNull(buffer);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentException.ThrowIfNullOrEmpty(options.DriverId);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.BatchFixCount, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.BatchFixCount, DriverStream.MaxBatch);
        _client = new DriverService.DriverServiceClient(channel);
        Buffer = buffer;
        Options = options;
        Time = timeProvider ?? TimeProvider.System;
        Random = random ?? new Random();
        _backoff = new Backoff(options.InitialBackoff, options.MaxBackoff, Random);
        _lastCommandQueued = buffer.LastCommandSequence;
    }

    /// <summary>What waits to be acknowledged.</summary>
    public OfflineBuffer Buffer { get; }

    /// <summary>Whether a stream is open at the moment.</summary>
    public bool IsConnected => Volatile.Read(ref _stream)?.IsOpen == true;

    /// <summary>What this connection has done.</summary>
    public DriverConnectionCounts Counts => new(
        Interlocked.Read(ref Connects), Interlocked.Read(ref FixesSent), Interlocked.Read(ref FixesResent), Interlocked.Read(ref FixesAcknowledged));

    internal DriverConnectionOptions Options { get; }

    internal TimeProvider Time { get; }

    internal TimeProvider PhoneClock => Options.PhoneClock ?? Time;

    internal Random Random { get; }

    internal long Connects, FixesSent, FixesResent, FixesAcknowledged;

    /// <summary>Verdicts on fixes that are not acknowledged yet, by sequence: no more than there are such fixes. Only the open stream's reader touches it.</summary>
    internal SortedDictionary<ulong, FixVerdict> WaitingVerdicts { get; } = [];

    /// <summary>Fixes whose sequences the server knows as others'. Only the open stream's reader touches it.</summary>
    internal List<Fix> RefusedSequences { get; } = [];

    /// <summary>The session's name stands for another buffer's fixes, too: the stream ends, and the next one is of a new session.</summary>
    internal bool NeedsSession { get; set; }

    /// <summary>Highest sequence that was ever sent; what is sent again is counted apart.</summary>
    internal ulong HighestSent { get; set; }

    internal bool FlushWanted => Volatile.Read(ref _flushed) is not null;

    /// <summary>Takes a fix, connected or not. Never waits for the network.</summary>
    /// <returns>The fix's sequence within the buffer's session.</returns>
    /// <exception cref="IOException">The buffer's file cannot be written; the fix was not taken.</exception>
    public ulong Report(in LocationReading reading)
    {
        var sequence = Buffer.Add(reading.ToFix());
        Volatile.Read(ref _stream)?.Reported();
        return sequence;
    }

    /// <summary>
    /// Takes something the driver did, connected or not. `action_id` and `occurred_at` are filled in where they are
    /// empty. Sent in order, one after the other was answered, again on each new stream, until the server has answered.
    /// </summary>
    /// <param name="action">What.</param>
    /// <param name="cancellationToken">Gives up waiting for the answer; the action is sent nevertheless.</param>
    /// <returns>The server's answer, whatever its status. It may take as long as the network is away.</returns>
    /// <exception cref="InvalidOperationException">Too many actions wait already.</exception>
    public Task<ActionResult> ActAsync(DriverAction action, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(action);
        if (action.ActionId.Length == 0)
            action.ActionId = Guid.NewGuid().ToString("N");
        action.OccurredAt ??= Timestamp.FromDateTimeOffset(PhoneClock.GetUtcNow());
        var answer = _awaited.GetOrAdd(action.ActionId, _ => new(TaskCreationOptions.RunContinuationsAsynchronously));
        try
        {
            Buffer.Add(action);
        }
        catch
        {
            _awaited.TryRemove(action.ActionId, out _);
            throw;
        }
        Volatile.Read(ref _stream)?.Wake();
        return answer.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Sends what waits at once, asks for its acknowledgement and ends when nothing waits any more: for instance before the app is suspended.</summary>
    public Task FlushAsync(CancellationToken cancellationToken = default)
    {
        var flushed = Volatile.Read(ref _flushed);
        if (flushed is null)
        {
            var made = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            flushed = Interlocked.CompareExchange(ref _flushed, made, null) ?? made;
        }
        CompleteFlush();
        Volatile.Read(ref _stream)?.Wake();
        return flushed.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Connects, and again whenever the stream is lost, until cancelled or until it must not come back. Once at a time.</summary>
    /// <exception cref="RpcException">
    /// The server refuses this driver, for instance with PERMISSION_DENIED, or three tokens in a row with UNAUTHENTICATED: trying again would not help.
    /// </exception>
    /// <exception cref="IOException">The buffer's file cannot be written.</exception>
    public Task<ConnectionEnd> RunAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposing.IsCancellationRequested, this);
        if (Interlocked.Exchange(ref _running, 1) == 1)
            throw new InvalidOperationException("The connection runs already.");
        var run = RunOnceAsync(cancellationToken);
        Volatile.Write(ref _run, run);
        return run;
    }

    /// <summary>Ends the run, if there is one, and waits for its end. What is not acknowledged stays in the buffer.</summary>
    public async ValueTask DisposeAsync()
    {
        await _disposing.CancelAsync();
        // How it ended is told to whoever ran it.
        await Volatile.Read(ref _run).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task<ConnectionEnd> RunOnceAsync(CancellationToken cancellationToken)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _disposing.Token);
        var handling = HandleCommandsAsync(stopping);
        try
        {
            return await ReconnectAsync(stopping.Token);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return ConnectionEnd.Stopped;
        }
        finally
        {
            await stopping.CancelAsync();
            // Throws what the app's handler threw.
            try
            {
                await handling;
            }
            finally
            {
                // What was not handled is asked for again by the next run.
                while (_commands.Reader.TryRead(out _))
                {
                }
                _lastCommandQueued = Buffer.LastCommandSequence;
                _routePlanVersion = 0;
                Volatile.Write(ref _running, 0);
            }
        }
    }

    private async Task<ConnectionEnd> ReconnectAsync(CancellationToken stopping)
    {
        var refusedTokens = 0;
        while (true)
        {
            if (NeedsSession)
                BeginSession();
            var stream = new DriverStream(this, _client);
            Exception? error = null;
            Volatile.Write(ref _stream, stream);
            try
            {
                await stream.RunAsync(stopping);
            }
            catch (Exception e) when (e is RpcException or TimeoutException)
            {
                error = e;
            }
            finally
            {
                Volatile.Write(ref _stream, null);
            }
            stopping.ThrowIfCancellationRequested();

            if (Final(stream.Closing) is { } end)
            {
                if (Options.Logger is { } log)
                    ClientLog.Ended(log, Options.DriverId, end);
                return end;
            }
            if (Retry.AttemptPassed(error) is { } attempt)
                Buffer.ConnectionAttemptPassed(attempt);
            refusedTokens = error is RpcException { StatusCode: StatusCode.Unauthenticated } ? refusedTokens + 1 : 0;
            if (error is RpcException refused
                && (refusedTokens == MostRefusedTokens || refused.StatusCode is StatusCode.PermissionDenied or StatusCode.InvalidArgument or StatusCode.FailedPrecondition))
            {
                if (Options.Logger is { } logger)
                    ClientLog.Refused(logger, Options.DriverId, refused.StatusCode, refused.Status.Detail);
                throw refused;
            }
            // A stream that held for a while ends a row of failures; one that broke at once is one more.
            if (stream.Lived > Options.MaxBackoff)
                _backoff.Reset();
            var wait = _backoff.Next();
            // Clients that were told the same time come back spread over as much time again.
            if ((stream.Closing?.RetryAfter?.ToTimeSpan() ?? Retry.After(error)) is { } told && told > TimeSpan.Zero)
                wait = told * (1 + Random.NextDouble());
            if (Options.Logger is { } warn)
                ClientLog.Lost(warn, Options.DriverId, ClientLog.Reason(stream.Closing, error), wait);
            Options.OnLost?.Invoke(new ConnectionLost(stream.Closing, error, wait));
            await Task.Delay(wait, Time, stopping);
        }
    }

    private void BeginSession()
    {
        Buffer.BeginSession(RefusedSequences);
        RefusedSequences.Clear();
        WaitingVerdicts.Clear();
        HighestSent = 0;
        NeedsSession = false;
    }

    private static ConnectionEnd? Final(StreamClosing? closing) => closing switch
    {
        null => null,
        { Reason: StreamClosingReason.TakenOver } => ConnectionEnd.TakenOver,
        { Reason: StreamClosingReason.UpgradeRequired } => ConnectionEnd.UpgradeRequired,
        { MayReconnect: false } => ConnectionEnd.ClosedByServer,
        _ => null,
    };

    /// <summary>Runs beside the streams and outlives them, so that a command is handled once although its stream is gone.</summary>
    private async Task HandleCommandsAsync(CancellationTokenSource stopping)
    {
        try
        {
            await foreach (var command in _commands.Reader.ReadAllAsync(stopping.Token))
            {
                if (Options.OnCommand is { } handle && command.CommandCase != Command.CommandOneofCase.None)
                    await handle(command, stopping.Token);
                if (command.Sequence == 0)
                    continue;
                Buffer.CommandHandled(command.Sequence);
                Volatile.Read(ref _stream)?.Acknowledge(command);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
        }
        catch
        {
            await stopping.CancelAsync();
            throw;
        }
    }

    internal Hello Hello() => new()
    {
        ProtocolVersion = 1,
        DriverId = Options.DriverId,
        SessionId = Buffer.SessionId,
        DeviceId = Options.DeviceId,
        AppVersion = Options.AppVersion,
        VehicleId = Options.VehicleId,
        LastCommandSequence = Buffer.LastCommandSequence,
        RoutePlanVersion = _routePlanVersion,
        SentAtUnixMs = PhoneClock.GetUtcNow().ToUnixTimeMilliseconds(),
        ConnectionAttempt = Buffer.NextConnectionAttempt(),
    };

    internal async ValueTask QueueAsync(Command command, CancellationToken ct)
    {
        if (command.CommandCase == Command.CommandOneofCase.RouteChanged)
        {
            _routePlanVersion = Math.Max(_routePlanVersion, command.RouteChanged.RoutePlanVersion);
            // The server sends a line once; the app always gets the whole way.
            if (command.RouteChanged.Route is { } route)
            {
                if (route.EncodedPolyline.Length == 0 && route.Version == _line.Version)
                    route.EncodedPolyline = _line.Encoded;
                _line = (route.Version, route.EncodedPolyline);
            }
        }
        if (command.Sequence != 0)
        {
            if (command.Sequence <= _lastCommandQueued)
                return;
            _lastCommandQueued = command.Sequence;
        }
        await _commands.Writer.WriteAsync(command, ct);
    }

    internal void Answer(ActionResult result)
    {
        if (!Buffer.Answered(result.ActionId))
            return;
        if (_awaited.TryRemove(result.ActionId, out var answer))
            answer.TrySetResult(result);
        Options.OnActionResult?.Invoke(result);
    }

    internal void CompleteFlush()
    {
        if (FlushWanted && Buffer.FixCount == 0 && Buffer.ActionCount == 0)
            Interlocked.Exchange(ref _flushed, null)?.TrySetResult();
    }
}
