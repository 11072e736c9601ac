using RideTracking.Engine.Index;
using RideTracking.Engine.Ingest;

namespace RideTracking.Server.Log;

/// <summary>A fix, or the rejection of one, on its way to the log, with what was known when it came.</summary>
internal struct LogRecord
{
    public Carrier Carrier;
    public Fix Fix;
    public FixVerdict Verdict;
    public DriverStatus Status;

    /// <summary>The ledger's run when the fix came: a fix of an earlier run is not written.</summary>
    public int Run;
}
