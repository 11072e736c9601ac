using System.Collections.Concurrent;
using System.Threading.Channels;
using Google.Protobuf;
using RideTracking.Server.Areas;
using RideTracking.Server.Log;
using RideTracking.Server.Store;
using RideTracking.Server.Store.Feeds;
using StackExchange.Redis;

namespace RideTracking.Server.Matching;

/// <summary>
/// The rounds that a trip was in, of whichever node held them: rounds are kept in the memory of the node that matches, and another one
/// asks it through the area's feed. Thread-safe.
/// </summary>
internal sealed class RoundsElsewhere(Area area, NodeLease lease, LogWriter writer, MatchExplanations explanations) : BackgroundService
{
    // Asked by people, one trip at a time. More than these at once are not answered.
    private const int MaxWaiting = 64;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly Channel<Question> _questions = Channel.CreateBounded<Question>(
        new BoundedChannelOptions(MaxWaiting) { FullMode = BoundedChannelFullMode.DropWrite });

    // Bounded by the calls under way.
    private readonly ConcurrentDictionary<string, TaskCompletionSource<V1.ExplainMatchResponse>> _asked = new(StringComparer.Ordinal);

    /// <summary>About a trip, and a driver unless that is empty. Where the node that matches does not answer, the rounds are missing.</summary>
    /// <exception cref="RedisException">The store is away, and another node matches.</exception>
    public async Task<V1.ExplainMatchResponse> ExplainAsync(Engine.Dispatch.Trip trip, string driverId, CancellationToken cancellation)
    {
        // Who is where, each node knows.
        var response = explanations.Explain(trip, driverId);
        if (!await lease.HoldsMatchingAsync() && await AskAsync(trip.Id, driverId, cancellation) is { } told)
        {
            response.Rounds.Clear();
            response.Rounds.AddRange(told.Rounds);
        }

        return response;
    }

    /// <summary>Another node asks. Returns at once.</summary>
    internal void HearQuestion(FeedChange change)
    {
        if (!writer.IsOwn(change.Text(0)))
        {
            _questions.Writer.TryWrite(new Question(change.Text(1), change.Text(2), change.Text(3)));
        }
    }

    /// <summary>A node has answered. Returns at once.</summary>
    internal void HearAnswer(FeedChange change)
    {
        if (_asked.TryRemove(change.Text(0), out var asked))
        {
            asked.TrySetResult(V1.ExplainMatchResponse.Parser.ParseFrom(change.Parts[1].Span));
        }
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        area.MachineLoop("rounds_elsewhere").WheneverAsync(stopping => _questions.Reader.WaitToReadAsync(stopping), AnswerAsync, stoppingToken);

    private async Task<V1.ExplainMatchResponse?> AskAsync(string tripId, string driverId, CancellationToken cancellation)
    {
        var id = Guid.NewGuid().ToString("N");
        var asked = new TaskCompletionSource<V1.ExplainMatchResponse>(TaskCreationOptions.RunContinuationsAsynchronously);
        _asked[id] = asked;
        try
        {
            await area.Feed.RunAsync(area.Writes, StoreScript.Tell, [], ["match_asked", writer.Id, id, tripId, driverId]);
            return await asked.Task.WaitAsync(Patience, area.Clock.Machine, cancellation);
        }
        catch (TimeoutException)
        {
            return null;
        }
        finally
        {
            _asked.TryRemove(id, out _);
        }
    }

    private async Task AnswerAsync(CancellationToken stopping)
    {
        // One that cannot be answered now is given up by then.
        if (_questions.Reader.TryRead(out var question) && await lease.HoldsMatchingAsync())
        {
            await area.Feed.RunAsync(
                area.Writes, StoreScript.Tell, [], ["match_told", question.Id, explanations.RoundsOf(question.TripId, question.DriverId).ToByteArray()]);
        }
    }

    private readonly record struct Question(string Id, string TripId, string DriverId);
}
