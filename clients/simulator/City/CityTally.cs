using System.Collections.Concurrent;
using Google.Rpc;
using Grpc.Core;
using RideTracking.Client;
using RideTracking.V1;

namespace RideTracking.Simulator.City;

/// <summary>Counts what happens in the city. Thread-safe.</summary>
internal sealed class CityTally
{
    private readonly ConcurrentDictionary<string, long> _refusals = new();
    private long _acknowledged, _rejected, _lost, _offers, _requested, _completed, _cancelled, _unfulfilled, _changed, _positions, _retries, _wrongTurns, _foundAnew;
    private string? _lastLoss;

    public long Acknowledged => Interlocked.Read(ref _acknowledged);

    public long WrongTurns => Interlocked.Read(ref _wrongTurns);

    public long FoundAnew => Interlocked.Read(ref _foundAnew);

    public long Completed => Interlocked.Read(ref _completed);

    public void Add(FixesAcknowledged ack)
    {
        Interlocked.Add(ref _acknowledged, ack.Fixes.Count);
        foreach (var verdict in ack.Verdicts)
        {
            if (verdict.Outcome != FixOutcome.Rejected)
                continue;
            Interlocked.Increment(ref _rejected);
            Count($"fix {verdict.Reason}");
        }
    }

    public void Add(ActionResult result)
    {
        if (result.Status is { Code: not 0 } status)
            Count($"action {(StatusCode)status.Code} {Reason(status)}");
    }

    public void Add(ConnectionLost lost)
    {
        Interlocked.Increment(ref _lost);
        Volatile.Write(ref _lastLoss, lost.Closing?.Reason.ToString() ?? (lost.Error is RpcException e ? $"{e.StatusCode}: {e.Status.Detail}" : lost.Error?.Message));
    }

    public void OfferReceived() => Interlocked.Increment(ref _offers);

    public void Requested() => Interlocked.Increment(ref _requested);

    public void Changed() => Interlocked.Increment(ref _changed);

    public void TookWrongTurn() => Interlocked.Increment(ref _wrongTurns);

    public void RouteFoundAnew() => Interlocked.Increment(ref _foundAnew);

    public void Watched(WatchTripResponse news)
    {
        if (news.Position is not null)
            Interlocked.Increment(ref _positions);
    }

    /// <param name="who">What asked: a rider, a route.</param>
    /// <param name="e">What was answered.</param>
    public void Refused(string who, RpcException e) => Count($"{who} {e.StatusCode} {(e.GetRpcStatus() is { } status ? Reason(status) : e.Status.Detail)}");

    public void Retried(RpcException? e)
    {
        Interlocked.Increment(ref _retries);
        Volatile.Write(ref _lastLoss, e is null ? "the server ended a watch" : $"{e.StatusCode}: {e.Status.Detail}");
    }

    public void Ended(TripState state)
    {
        switch (state)
        {
            case TripState.Completed:
                Interlocked.Increment(ref _completed);
                break;
            case TripState.Cancelled:
                Interlocked.Increment(ref _cancelled);
                break;
            default:
                Interlocked.Increment(ref _unfulfilled);
                break;
        }
    }

    /// <param name="connected">Drivers with a stream.</param>
    /// <param name="drivers">All drivers.</param>
    /// <param name="busy">Drivers with somewhere to go.</param>
    public string Line(int connected, int drivers, int busy)
    {
        var open = _requested - _completed - _cancelled - _unfulfilled;
        return $"{connected:N0} of {drivers:N0} drivers connected, {busy:N0} on the way · {_acknowledged:N0} fixes kept, {_rejected:N0} rejected"
            + $" · trips: {_requested:N0} requested, {open:N0} open, {_completed:N0} completed, {_cancelled:N0} cancelled, {_unfulfilled:N0} unfulfilled"
            + $" · {_offers:N0} offers, {_changed:N0} changes, {_positions:N0} positions seen"
            + (_wrongTurns + _foundAnew > 0 ? $" · {_wrongTurns:N0} wrong turns, {_foundAnew:N0} routes found anew" : "")
            + (connected < drivers && Volatile.Read(ref _lastLoss) is { } loss ? $" · {loss}" : "");
    }

    public override string ToString() =>
        $"streams lost {_lost:N0}, riders' retries {_retries:N0}"
        + string.Concat(_refusals.OrderByDescending(r => r.Value).Take(20).Select(r => $"\n{r.Value,8:N0} × {r.Key}"));

    // The reason is one of a few; the message may name a trip.
    private static string Reason(Google.Rpc.Status status) => status.GetDetail<ErrorInfo>()?.Reason ?? status.Message;

    // What servers say is bounded in kinds, but it may name ids: no more kinds than a person would read.
    private void Count(string refusal) =>
        _refusals.AddOrUpdate(_refusals.Count < 200 || _refusals.ContainsKey(refusal) ? refusal : "other", 1, (_, count) => count + 1);
}
