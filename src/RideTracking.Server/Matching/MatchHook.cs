using System.Collections.Immutable;
using System.Threading.Channels;
using Grpc.Core;
using Microsoft.Extensions.Options;
using RideTracking.Engine.Dispatch.Matching;
using RideTracking.Server.Log;
using RideTracking.Server.Protocol;

namespace RideTracking.Server.Matching;

/// <summary>
/// The company's own matcher, while it holds a stream open: it is sent each round and answers with pairs. When it is late, or
/// names what was not a candidate, the built-in matcher decides. What it says is committed as the built-in one's word is, so a
/// bad answer breaks nothing. The newest stream has the say, on whichever node it is: the area's matching moves there.
/// </summary>
internal sealed class MatchHook(IOptions<MatchingOptions> options, NodeLease lease, TimeProvider time, MatchingMetrics metrics)
{
    private Matcher? _matcher;
    private ulong _round;

    /// <summary>Whether this node finds drivers now. Where another one does, a matcher that is still here has the say no more.</summary>
    /// <exception cref="StackExchange.Redis.RedisException">The store is away, and nobody can say.</exception>
    public async ValueTask<bool> HasTheSayAsync()
    {
        var hasIt = await lease.HoldsMatchingAsync();
        if (!hasIt)
        {
            Interlocked.Exchange(ref _matcher, null)?.TakeOver();
        }

        return hasIt;
    }

    /// <summary>What the company's matcher says; null when there is none, or it is late or wrong. One round at a time.</summary>
    public async Task<ImmutableArray<MatchPair>?> AskAsync(MatchRequests requests, MatchCosts costs, int offersAtOnce, CancellationToken stopping)
    {
        if (Volatile.Read(ref _matcher) is not { } matcher)
        {
            return null;
        }

        var number = ++_round;
        var timeout = options.Value.HookTimeout;
        // The time runs before the round is sent: whoever has seen it may move the clock.
        var answer = matcher.Expect(number).WaitAsync(timeout, time, stopping);
        matcher.Send(MatchWire.Round(number, requests, costs, timeout));
        try
        {
            var pairs = PairsOf(await answer, requests, offersAtOnce);
            metrics.Hook(pairs is null ? HookOutcome.Invalid : HookOutcome.Answered);
            return pairs;
        }
        catch (Exception e) when (e is TimeoutException || (e is OperationCanceledException && !stopping.IsCancellationRequested))
        {
            // Late, or gone meanwhile.
            metrics.Hook(HookOutcome.Late);
            return null;
        }
    }

    /// <summary>Serves a stream of the company's matcher until it ends.</summary>
    /// <param name="answers">What the matcher says.</param>
    /// <param name="rounds">What it is asked.</param>
    /// <param name="begin">Tells the matcher that it has the say.</param>
    /// <param name="cancellation">When the stream is to end.</param>
    /// <exception cref="RpcException">ABORTED (TAKEN_OVER): another one has the say now.</exception>
    /// <exception cref="StackExchange.Redis.RedisException">The store is away: who has the say is not known.</exception>
    public async Task RunAsync(
        IAsyncStreamReader<V1.ServeMatchingRequest> answers, IServerStreamWriter<V1.ServeMatchingResponse> rounds, Func<Task> begin, CancellationToken cancellation)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var matcher = new Matcher();
        await lease.MoveMatchingHereAsync();
        Interlocked.Exchange(ref _matcher, matcher)?.TakeOver();
        var reading = ReadAsync(matcher, answers, ended);
        try
        {
            await begin();
            await foreach (var round in matcher.Rounds.ReadAllAsync(ended.Token))
            {
                await rounds.WriteAsync(round, ended.Token);
            }

            throw Refusal.Aborted("TAKEN_OVER", "Another matcher has connected and has the say now.").ToRpcException();
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // The matcher has said its last, or something that is no answer.
            if (await reading is { } refused)
            {
                throw refused;
            }
        }
        finally
        {
            Interlocked.CompareExchange(ref _matcher, null, matcher);
            matcher.TakeOver();
            await ended.CancelAsync();
            await reading;
        }
    }

    private static async Task<RpcException?> ReadAsync(Matcher matcher, IAsyncStreamReader<V1.ServeMatchingRequest> answers, CancellationTokenSource ended)
    {
        RpcException? refused = null;
        try
        {
            while (await answers.MoveNext(ended.Token))
            {
                matcher.Answer(answers.Current);
            }
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.InvalidArgument)
        {
            refused = e;
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or RpcException || ended.IsCancellationRequested)
        {
            // The stream is gone: the writer ends too.
        }

        await ended.CancelAsync();
        return refused;
    }

    // Null when it names somebody who was not a candidate, or somebody twice.
    private static ImmutableArray<MatchPair>? PairsOf(V1.ServeMatchingRequest answer, MatchRequests requests, int offersAtOnce)
    {
        var requestOf = requests.Trips.Index().ToDictionary(t => t.Item.Id, t => t.Index, StringComparer.Ordinal);
        var driverOf = requests.Drivers.Index().ToDictionary(d => d.Item.DriverId, d => d.Index, StringComparer.Ordinal);
        var asked = new Dictionary<int, int>();
        var taken = new HashSet<int>();
        var pairs = ImmutableArray.CreateBuilder<MatchPair>(answer.Pairs.Count);
        foreach (var pair in answer.Pairs)
        {
            if (!requestOf.TryGetValue(pair.TripId, out var request) || !driverOf.TryGetValue(pair.DriverId, out var driver) || !taken.Add(driver)
                || (asked[request] = asked.GetValueOrDefault(request) + 1) > offersAtOnce
                || Find(requests.Snapshot.Requests[request], driver) is not { } candidate || !double.IsFinite(candidate.EtaSeconds))
            {
                return null;
            }

            pairs.Add(new MatchPair(request, driver, candidate.EtaSeconds));
        }

        return pairs.ToImmutable();
    }

    private static Candidate? Find(OpenRequest request, int driver)
    {
        foreach (var candidate in request.Candidates)
        {
            if (candidate.Driver == driver)
            {
                return candidate;
            }
        }

        return null;
    }

    /// <summary>One stream: at most one round is asked at a time, so an older one that it has not read yet is of no use.</summary>
    private sealed class Matcher
    {
        private readonly Channel<V1.ServeMatchingResponse> _rounds =
            Channel.CreateBounded<V1.ServeMatchingResponse>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });

        private (ulong Round, TaskCompletionSource<V1.ServeMatchingRequest> Answer)? _asked;
        private readonly Lock _lock = new();
        private bool _isGone;

        public ChannelReader<V1.ServeMatchingResponse> Rounds => _rounds.Reader;

        public Task<V1.ServeMatchingRequest> Expect(ulong round)
        {
            var answer = new TaskCompletionSource<V1.ServeMatchingRequest>(TaskCreationOptions.RunContinuationsAsynchronously);
            lock (_lock)
            {
                _asked = (round, answer);
                if (_isGone)
                {
                    answer.SetCanceled();
                }
            }

            return answer.Task;
        }

        public void Send(V1.ServeMatchingResponse round) => _rounds.Writer.TryWrite(round);

        /// <summary>An answer to another round than the one asked is too late.</summary>
        public void Answer(V1.ServeMatchingRequest answer)
        {
            lock (_lock)
            {
                if (_asked is { } asked && asked.Round == answer.Round)
                {
                    asked.Answer.TrySetResult(answer);
                }
            }
        }

        public void TakeOver()
        {
            lock (_lock)
            {
                _isGone = true;
                _asked?.Answer.TrySetCanceled();
            }

            _rounds.Writer.TryComplete();
        }
    }
}
