using System.Threading.Channels;
using Google.Protobuf.Collections;
using Grpc.Core;
using RideTracking.V1;

namespace RideTracking.Client;

/// <summary>
/// One stream of a <see cref="DriverConnection"/>, from `Hello` to its end. Two loops: one reads, the other is the only
/// one that writes and sleeps until it is woken or something is due.
/// </summary>
internal sealed class DriverStream(DriverConnection connection, DriverService.DriverServiceClient client)
{
    /// <summary>Fixes that the contract allows in one batch.</summary>
    public const int MaxBatch = 500;

    private const long Overdue = long.MinValue / 2;

    // How long the server may take to end a stream that it said it would end.
    private static readonly TimeSpan _closingTimeout = TimeSpan.FromSeconds(10);

    // Holds one wake-up; while it is there, a further one says nothing new.
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Lock _gate = new();
    private readonly CommandAck _commandAck = new();
    private readonly List<Fix> _acknowledged = [];
    private readonly ConnectRequest _batch = new() { Locations = new LocationBatch() };
    private readonly long _startedAt = connection.Time.GetTimestamp();
    private ReportingPolicy _policy = new();
    private StreamToken? _token;
    private ulong _sentThrough;
    private ulong? _resentAfter;
    private ResendAfter? _resend;
    private string? _actionInFlight;
    private TimeSpan _nextActionAt;
    // Ticks of the stream's time, and one more; 0 for nothing unsent. What waited while there was no stream goes at once.
    private long _unsentSince = Overdue;
    private bool _flushAsked;
    private volatile bool _isOpen;

    public bool IsOpen => _isOpen;

    /// <summary>What the server said before it ended the stream.</summary>
    public StreamClosing? Closing { get; private set; }

    /// <summary>How long the stream was open.</summary>
    public TimeSpan Lived { get; private set; }

    /// <summary>Since the stream began.</summary>
    public TimeSpan Now => connection.Time.GetElapsedTime(_startedAt);

    public void Wake() => _wake.Writer.TryWrite(true);

    /// <summary>There is a fix to send.</summary>
    public void Reported()
    {
        Interlocked.CompareExchange(ref _unsentSince, Now.Ticks + 1, 0);
        Wake();
    }

    /// <summary>The app has handled a command, or is too old to.</summary>
    public void Acknowledge(Command command)
    {
        lock (_gate)
        {
            _commandAck.ThroughSequence = command.Sequence;
            if (command.CommandCase == Command.CommandOneofCase.None)
                _commandAck.UnsupportedSequences.Add(command.Sequence);
        }
        Wake();
    }

    /// <summary>Returns when the server ended the stream in good order.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        _token = await StreamToken.GetAsync(connection, this, stopping);
        var headers = new Metadata();
        if (_token is not null)
            headers.Add("authorization", "Bearer " + _token.Value);
        using var call = client.Connect(headers, cancellationToken: ending.Token);
        if (!await OpenAsync(call, ending, stopping))
            return;

        var openedAt = Now;
        var writing = WriteAsync(call, ending);
        _isOpen = true;
        try
        {
            while (await call.ResponseStream.MoveNext(ending.Token))
            {
                await ReceiveAsync(call.ResponseStream.Current, ending.Token);
                if (connection.NeedsSession)
                    break;
                if (Closing is not null)
                    ending.CancelAfter(_closingTimeout);
            }
        }
        finally
        {
            _isOpen = false;
            Lived = Now - openedAt;
            await ending.CancelAsync();
            await writing;
        }
    }

    private async Task<bool> OpenAsync(
        AsyncDuplexStreamingCall<ConnectRequest, ConnectResponse> call, CancellationTokenSource ending, CancellationToken stopping)
    {
        using var timeout = new CancellationTokenSource(connection.Options.WelcomeTimeout, connection.Time);
        using var onTimeout = timeout.Token.Register(ending.Cancel);
        try
        {
            await TryWriteAsync(call, new ConnectRequest { Hello = connection.Hello() }, ending.Token);
            if (!await call.ResponseStream.MoveNext(ending.Token))
                return false;
        }
        catch (Exception e) when (timeout.IsCancellationRequested && !stopping.IsCancellationRequested && e is RpcException or OperationCanceledException)
        {
            throw new TimeoutException($"The server did not welcome the stream within {connection.Options.WelcomeTimeout}.", e);
        }

        var first = call.ResponseStream.Current;
        if (first.MessageCase is not (ConnectResponse.MessageOneofCase.Welcome or ConnectResponse.MessageOneofCase.StreamClosing))
            throw new RpcException(new Status(StatusCode.Internal, $"The server's first message was {first.MessageCase}, not Welcome."));
        await ReceiveAsync(first, ending.Token);
        return Closing is null && !connection.NeedsSession;
    }

    private async ValueTask ReceiveAsync(ConnectResponse response, CancellationToken ct)
    {
        if (response.FixAck is { } ack)
            Acknowledge(ack.ThroughSequence, ack.Verdicts, atResume: false);
        switch (response.MessageCase)
        {
            case ConnectResponse.MessageOneofCase.Welcome:
                await WelcomeAsync(response.Welcome, ct);
                break;
            case ConnectResponse.MessageOneofCase.ResendAfter:
                Interlocked.Exchange(ref _resend, response.ResendAfter);
                Wake();
                break;
            case ConnectResponse.MessageOneofCase.ActionResult:
                Answer(response.ActionResult);
                break;
            case ConnectResponse.MessageOneofCase.ReportingPolicy:
                Follow(response.ReportingPolicy);
                break;
            case ConnectResponse.MessageOneofCase.Command:
                await connection.QueueAsync(response.Command, ct);
                break;
            case ConnectResponse.MessageOneofCase.StreamClosing:
                Closing = response.StreamClosing;
                Wake();
                break;
            case ConnectResponse.MessageOneofCase.TokenAccepted:
            // Nothing rides with an acknowledgement, or a newer server says something that this version does not know.
            case ConnectResponse.MessageOneofCase.None:
            default:
                break;
        }
    }

    private async ValueTask WelcomeAsync(Welcome welcome, CancellationToken ct)
    {
        Interlocked.Increment(ref connection.Connects);
        _token?.Welcomed(welcome.ServerTime?.ToDateTimeOffset() ?? connection.Time.GetUtcNow());
        if (welcome.HasResumeAfterSequence)
        {
            _sentThrough = welcome.ResumeAfterSequence;
            Acknowledge(welcome.ResumeAfterSequence, welcome.Verdicts, atResume: true);
        }
        else
        {
            _sentThrough = connection.Buffer.AcknowledgedThrough;
            _resentAfter = _sentThrough;
        }
        if (connection.Options.Logger is { } log)
            ClientLog.Connected(log, connection.Options.DriverId, welcome.ResumeAfterSequence);
        connection.Options.OnWelcome?.Invoke(welcome);
        if (welcome.ReportingPolicy is { } policy)
            Follow(policy);
        if (welcome.RoutePlan is { } plan)
            await connection.QueueAsync(new Command { RouteChanged = plan }, ct);
    }

    private void Acknowledge(ulong through, RepeatedField<FixVerdict> verdicts, bool atResume)
    {
        // What this buffer never gave, another one did under the same name.
        if (through > connection.Buffer.LastSequence && connection.Buffer.FixCount > 0)
        {
            connection.NeedsSession = true;
            return;
        }
        // A verdict may come before the acknowledgement reaches its fix: it waits, if need be for another stream.
        var waiting = connection.WaitingVerdicts;
        // A resume point repeats some that were told.
        foreach (var verdict in verdicts.Where(verdict => !atResume || verdict.Sequence > connection.Buffer.AcknowledgedThrough))
            waiting[verdict.Sequence] = verdict;
        _acknowledged.Clear();
        connection.Buffer.Acknowledge(through, _acknowledged);
        if (_acknowledged.Count > 0)
        {
            var told = waiting.TakeWhile(verdict => verdict.Key <= through).Select(verdict => verdict.Value).ToList();
            foreach (var verdict in told)
                waiting.Remove(verdict.Sequence);
            foreach (var reused in told.Where(verdict => verdict.Reason == FixRejectReason.SequenceReused))
            {
                connection.RefusedSequences.AddRange(_acknowledged.Where(fix => fix.Sequence == reused.Sequence));
                connection.NeedsSession = true;
            }
            told.RemoveAll(verdict => verdict.Reason == FixRejectReason.SequenceReused);
            _acknowledged.RemoveAll(connection.RefusedSequences.Contains);
            Interlocked.Add(ref connection.FixesAcknowledged, _acknowledged.Count);
            connection.Options.OnFixesAcknowledged?.Invoke(new FixesAcknowledged(through, _acknowledged, told, atResume));
        }
        connection.CompleteFlush();
    }

    private void Answer(ActionResult result)
    {
        if (result.Status?.Code == (int)StatusCode.Unavailable)
        {
            // Not committed, and may be later: it stays in the buffer. Actions behind it wait, to keep their order.
            lock (_gate)
            {
                _nextActionAt = Now + (Retry.After(result.Status) ?? connection.Options.InitialBackoff) * (1 + connection.Random.NextDouble());
                _actionInFlight = null;
            }
        }
        else
        {
            connection.Answer(result);
            connection.CompleteFlush();
        }
        Wake();
    }

    private void Follow(ReportingPolicy policy)
    {
        Volatile.Write(ref _policy, policy);
        connection.Options.OnReportingPolicy?.Invoke(policy);
        Wake();
    }

    private async Task WriteAsync(AsyncDuplexStreamingCall<ConnectRequest, ConnectResponse> call, CancellationTokenSource ending)
    {
        var ct = ending.Token;
        using var timer = connection.Time.CreateTimer(_ => Wake(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        try
        {
            var sentAt = Now;
            while (Closing is null)
            {
                var next = NextMessage(sentAt, out var dueAt, ct);
                if (next is not null)
                {
                    if (!await TryWriteAsync(call, next, ct))
                        return;
                    sentAt = Now;
                    continue;
                }
                // A timer that is due in less than a millisecond would fire at once, again and again.
                timer.Change(TimeSpan.FromMilliseconds(Math.Clamp((dueAt - Now).TotalMilliseconds, 1, 3_600_000)), Timeout.InfiniteTimeSpan);
                await _wake.Reader.ReadAsync(ct);
            }
            await TryCompleteAsync(call);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The stream has ended.
        }
        catch
        {
            // The app's own code failed: the stream ends, and the run with it.
            await ending.CancelAsync();
            throw;
        }
        finally
        {
            if (_token is not null)
                await _token.Refreshing;
        }
    }

    /// <summary>False when the call is over, which the transport tells in many ways; reading tells why.</summary>
    private static async ValueTask<bool> TryWriteAsync(
        AsyncDuplexStreamingCall<ConnectRequest, ConnectResponse> call, ConnectRequest message, CancellationToken ct)
    {
        try
        {
            await call.RequestStream.WriteAsync(message, ct);
            return true;
        }
        catch (Exception e) when (IsTransport(e))
        {
            return false;
        }
    }

    private static bool IsTransport(Exception e) =>
        e is RpcException or IOException or HttpRequestException or InvalidOperationException or OperationCanceledException;

    private static async ValueTask TryCompleteAsync(AsyncDuplexStreamingCall<ConnectRequest, ConnectResponse> call)
    {
        try
        {
            await call.RequestStream.CompleteAsync();
        }
        catch (Exception e) when (IsTransport(e))
        {
            // The server was faster.
        }
    }

    /// <summary>What to write now, the most urgent first; null when nothing is due before <paramref name="dueAt"/>.</summary>
    private ConnectRequest? NextMessage(TimeSpan sentAt, out TimeSpan dueAt, CancellationToken ct)
    {
        var policy = Volatile.Read(ref _policy);
        var heartbeatAt = sentAt + (policy.HeartbeatInterval?.ToTimeSpan() ?? TimeSpan.FromSeconds(15)) * 0.8;
        dueAt = heartbeatAt;
        if (_token?.TakeRefreshed() is { } token)
            return new ConnectRequest { TokenRefresh = new TokenRefresh { Token = token } };
        _token?.RefreshWhenDue(ref dueAt, ct);
        if (NextAction(ref dueAt) is { } action)
            return new ConnectRequest { Action = action };
        if (TakeCommandAck() is { } commandAck)
            return new ConnectRequest { CommandAck = commandAck };
        if (NextBatch(policy, ref dueAt) is { } batch)
            return batch;
        if (Now < heartbeatAt)
            return null;
        var heartbeat = connection.Options.PhoneState?.Invoke() ?? new Heartbeat();
        heartbeat.BufferedFixCount = (uint)connection.Buffer.FixCount;
        return new ConnectRequest { Heartbeat = heartbeat };
    }

    private DriverAction? NextAction(ref TimeSpan dueAt)
    {
        if (connection.Buffer.OldestAction() is not { } action)
            return null;
        lock (_gate)
        {
            if (action.ActionId == _actionInFlight)
                return null;
            if (Now < _nextActionAt)
            {
                dueAt = _nextActionAt < dueAt ? _nextActionAt : dueAt;
                return null;
            }
            _actionInFlight = action.ActionId;
            return action;
        }
    }

    private CommandAck? TakeCommandAck()
    {
        lock (_gate)
        {
            if (_commandAck.ThroughSequence == 0)
                return null;
            var ack = _commandAck.Clone();
            _commandAck.ThroughSequence = 0;
            _commandAck.UnsupportedSequences.Clear();
            return ack;
        }
    }

    private ConnectRequest? NextBatch(ReportingPolicy policy, ref TimeSpan dueAt)
    {
        if (Interlocked.Exchange(ref _resend, null) is { } resend)
        {
            _sentThrough = resend.Sequence;
            _resentAfter = resend.Sequence;
            Interlocked.Exchange(ref _unsentSince, Overdue);
        }
        var buffer = connection.Buffer;
        var flush = connection.FlushWanted;
        _flushAsked &= flush;
        var count = buffer.CountAfter(_sentThrough);
        // All was sent, and the acknowledgement takes its time: the newest fix once more, with the wish to hear of it.
        if (flush && !_flushAsked && _resentAfter is null && count == 0 && _sentThrough > 0 && buffer.CountAfter(_sentThrough - 1) == 1)
        {
            _sentThrough--;
            count = 1;
        }
        if (count == 0)
        {
            Interlocked.CompareExchange(ref _unsentSince, 0, Overdue);
            return null;
        }
        Interlocked.CompareExchange(ref _unsentSince, Now.Ticks + 1, 0);
        var batchAt = TimeSpan.FromTicks(Interlocked.Read(ref _unsentSince)) + (policy.MaxBatchDelay?.ToTimeSpan() ?? TimeSpan.Zero);
        if (count < connection.Options.BatchFixCount && Now < batchAt && !flush)
        {
            dueAt = batchAt < dueAt ? batchAt : dueAt;
            return null;
        }

        // Before the copy: a fix that comes in between is then sent too early rather than too late.
        Interlocked.Exchange(ref _unsentSince, 0);
        var batch = _batch.Locations;
        batch.Fixes.Clear();
        buffer.CopyAfter(_sentThrough, MaxBatch, batch.Fixes);
        if (batch.Fixes.Count == 0)
            return null;
        batch.SentAtUnixMs = connection.PhoneClock.GetUtcNow().ToUnixTimeMilliseconds();
        batch.AckRequested = _flushAsked = flush;
        if (_resentAfter is { } after)
            batch.ResentAfterSequence = after;
        else
            batch.ClearResentAfterSequence();
        _resentAfter = null;
        Count(batch);
        return _batch;
    }

    private void Count(LocationBatch batch)
    {
        _sentThrough = batch.Fixes[^1].Sequence;
        var again = batch.Fixes.Count(fix => fix.Sequence <= connection.HighestSent);
        Interlocked.Add(ref connection.FixesResent, again);
        Interlocked.Add(ref connection.FixesSent, batch.Fixes.Count - again);
        connection.HighestSent = Math.Max(connection.HighestSent, _sentThrough);
    }
}
