using System.Collections.Concurrent;
using Grpc.Core;
using RideTracking.Client;
using RideTracking.V1;

namespace RideTracking.Faults.Told;

/// <summary>All that clients were told in a run. Thread-safe.</summary>
internal sealed class Record
{
    private readonly ConcurrentDictionary<string, ToldAction> _actions = new();
    private readonly ConcurrentDictionary<string, int> _refusals = new();
    private long _reported;

    public ConcurrentQueue<ToldFix> Fixes { get; } = new();

    public ConcurrentQueue<ToldCommand> Commands { get; } = new();

    public ConcurrentQueue<ToldRequest> Requests { get; } = new();

    public ConcurrentQueue<ToldTrip> Trips { get; } = new();

    public ConcurrentQueue<ToldEvent> Events { get; } = new();

    public ConcurrentQueue<ToldMessage> Messages { get; } = new();

    public IEnumerable<ToldAction> Actions => _actions.Values;

    /// <summary>When the fleet was acknowledged fixes, and when somebody's call was answered that writes: the times between are unavailability.</summary>
    public ConcurrentQueue<DateTimeOffset> Acknowledgements { get; } = new();

    /// <inheritdoc cref="Acknowledgements"/>
    public ConcurrentQueue<DateTimeOffset> Answers { get; } = new();

    /// <summary>Fixes that drivers have reported.</summary>
    public long Reported => Interlocked.Read(ref _reported);

    /// <summary>What was refused, by kind.</summary>
    public IReadOnlyDictionary<string, int> Refusals => _refusals;

    public static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    public void FixReported() => Interlocked.Increment(ref _reported);

    public void Acknowledged(string driverId, string sessionId, FixesAcknowledged told)
    {
        var now = Now;
        var verdicts = told.Verdicts.ToDictionary(v => v.Sequence);
        foreach (var fix in told.Fixes)
        {
            var outcome = verdicts.TryGetValue(fix.Sequence, out var verdict) ? verdict.Outcome : FixOutcome.Accepted;
            Fixes.Enqueue(new ToldFix(driverId, sessionId, fix.Sequence, fix.SensorTimeUnixMs, fix.LatitudeE7, fix.LongitudeE7, outcome, now));
        }

        if (!told.AtResume)
        {
            Acknowledgements.Enqueue(now);
        }
    }

    public void Acted(string driverId, string deviceId, DriverAction action) =>
        _actions[action.ActionId] = new ToldAction(driverId, deviceId, action, Now);

    public void Answered(ActionResult result)
    {
        if (_actions.TryGetValue(result.ActionId, out var action))
        {
            action.Answered(result, Now);
        }
    }

    public void Refused(string who, RpcException e)
    {
        var reason = e.GetRpcStatus()?.GetDetail<Google.Rpc.ErrorInfo>()?.Reason;
        _refusals.AddOrUpdate($"{who}: {e.StatusCode} {reason}", 1, (_, count) => count + 1);
    }
}
