using System.Collections.Concurrent;
using Grpc.Core;
using RideTracking.Client;
using RideTracking.V1;

namespace RideTracking.Simulator.Replay;

/// <summary>Counts what the server said of the fixes. Thread-safe.</summary>
internal sealed class ReplayTally(TextWriter? acked)
{
    private const int RejectedKeptForEachReason = 200;

    // A few wild fixes have most.
    private const int ManyRejects = 20;
    private const double ManyOfSent = 0.05;

    private readonly Lock _gate = new();
    private readonly Dictionary<FixRejectReason, long> _rejected = [];
    private readonly Dictionary<(string Vehicle, FixRejectReason Reason), long> _rejectedOf = [];
    private readonly List<RejectedFix> _sample = [];
    private readonly ConcurrentDictionary<StatusCode, long> _refusedActions = new();
    private long _accepted, _historyOnly, _loggedAtResume, _lost;
    private string? _lastLoss;

    public long Accepted => Interlocked.Read(ref _accepted);

    public long HistoryOnly => Interlocked.Read(ref _historyOnly);

    /// <summary>In the log by the resume point, accepted or history only: which of the two is not told again.</summary>
    public long LoggedAtResume => Interlocked.Read(ref _loggedAtResume);

    /// <summary>Streams that were lost or could not be opened.</summary>
    public long Lost => Interlocked.Read(ref _lost);

    /// <summary>Why the last of them was.</summary>
    public string? LastLoss => Volatile.Read(ref _lastLoss);

    public long Rejected { get { lock (_gate) return _rejected.Values.Sum(); } }

    public IReadOnlyDictionary<StatusCode, long> RefusedActions => _refusedActions;

    public SortedDictionary<string, long> RejectedByReason()
    {
        lock (_gate)
            return new(_rejected.ToDictionary(r => r.Key.ToString(), r => r.Value));
    }

    /// <summary>Of whom many fixes were rejected, the most first.</summary>
    /// <param name="sentBy">How many each vehicle sent.</param>
    public List<VehicleRejects> ManyRejected(IReadOnlyDictionary<string, long> sentBy)
    {
        lock (_gate)
        {
            return
            [
                .. _rejectedOf.GroupBy(r => r.Key.Vehicle)
                    .Select(v => new VehicleRejects(v.Key, v.Sum(r => r.Value), sentBy[v.Key], v.MaxBy(r => r.Value).Key.Reason.ToString()))
                    .Where(v => v.Rejected >= ManyRejects && v.Rejected >= ManyOfSent * v.Sent)
                    .OrderByDescending(v => v.Rejected),
            ];
        }
    }

    public IReadOnlyList<RejectedFix> RejectedSample()
    {
        lock (_gate)
            return [.. _sample];
    }

    public void Add(ReplayVehicle vehicle, FixesAcknowledged ack)
    {
        lock (_gate)
        {
            // Both rise by sequence.
            var next = 0;
            foreach (var fix in ack.Fixes)
            {
                while (next < ack.Verdicts.Count && ack.Verdicts[next].Sequence < fix.Sequence)
                    next++;
                var verdict = next < ack.Verdicts.Count && ack.Verdicts[next].Sequence == fix.Sequence ? ack.Verdicts[next] : null;
                if (verdict?.Outcome == FixOutcome.Rejected)
                {
                    Reject(vehicle, fix, verdict);
                    continue;
                }
                if (verdict?.Outcome == FixOutcome.HistoryOnly)
                    _historyOnly++;
                else if (ack.AtResume)
                    _loggedAtResume++;
                else
                    _accepted++;
                acked?.WriteLine($"{vehicle.Id},{vehicle.SessionId},{fix.Sequence}");
            }
        }
    }

    public void Add(ActionResult result)
    {
        if (result.Status is { Code: not 0 } status)
            _refusedActions.AddOrUpdate((StatusCode)status.Code, 1, (_, count) => count + 1);
    }

    public void Add(ConnectionLost lost)
    {
        Interlocked.Increment(ref _lost);
        Volatile.Write(ref _lastLoss, lost.Closing?.Reason.ToString() ?? (lost.Error is RpcException e ? $"{e.StatusCode}: {e.Status.Detail}" : lost.Error?.Message));
    }

    private void Reject(ReplayVehicle vehicle, Fix fix, FixVerdict verdict)
    {
        _rejectedOf[(vehicle.Id, verdict.Reason)] = _rejectedOf.GetValueOrDefault((vehicle.Id, verdict.Reason)) + 1;
        var count = _rejected[verdict.Reason] = _rejected.GetValueOrDefault(verdict.Reason) + 1;
        if (count <= RejectedKeptForEachReason)
        {
            _sample.Add(new RejectedFix(
                vehicle.Id, vehicle.SessionId, fix.Sequence, DateTimeOffset.FromUnixTimeMilliseconds(fix.SensorTimeUnixMs),
                fix.LatitudeE7 / 1e7, fix.LongitudeE7 / 1e7, verdict.Reason.ToString(), verdict.Limit, verdict.Measured));
        }
    }
}

/// <summary>A fix that the gate turned away, with its verdict.</summary>
internal sealed record RejectedFix(
    string DriverId, string SessionId, ulong Sequence, DateTimeOffset SensorTime,
    double LatitudeDegrees, double LongitudeDegrees, string Reason, double Limit, double Measured);
