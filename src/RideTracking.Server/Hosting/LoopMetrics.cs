using System.Diagnostics.Metrics;

namespace RideTracking.Server.Hosting;

/// <summary>What is measured of all loops; the tag <c>loop</c> is a loop's name. Thread-safe.</summary>
internal sealed class LoopMetrics(Meter meter)
{
    private readonly Counter<long> _looks = meter.CreateCounter<long>(
        "ridetracking.loops.looks", "{look}", "Looks of the server's loops, by outcome: done, waiting (for the store), fault, backed_off.");

    private readonly Counter<long> _faults = meter.CreateCounter<long>(
        "ridetracking.loops.faults", "{fault}", "Items, or whole looks, that failed for a reason of their own.");

    private readonly UpDownCounter<long> _faulty = meter.CreateUpDownCounter<long>(
        "ridetracking.loops.faulty", "{item}", "Items, or whole looks, that failed the last time.");

    public void Looked(string loop, LookOutcome outcome) => _looks.Add(1, Tag(loop), new("outcome", outcome switch
    {
        LookOutcome.Done => "done",
        LookOutcome.Waiting => "waiting",
        LookOutcome.Fault => "fault",
        _ => "backed_off",
    }));

    public void Faulted(string loop) => _faults.Add(1, Tag(loop));

    public void Faulty(string loop, int change)
    {
        if (change != 0)
        {
            _faulty.Add(change, Tag(loop));
        }
    }

    private static KeyValuePair<string, object?> Tag(string loop) => new("loop", loop);
}
