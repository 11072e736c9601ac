using RideTracking.Engine.Index;
using RideTracking.Engine.Ingest;

namespace RideTracking.Server.Log;

/// <summary>A fix on its way to the log, with what was known when it came.</summary>
internal struct LogRecord
{
    public LogCursor Cursor;
    public Fix Fix;
    public FixOutcome Outcome;
    public DriverStatus Status;

    /// <summary>The cursor's <see cref="LogCursor.Run"/> when the fix came: a fix of an earlier run is not written.</summary>
    public int Run;
}
