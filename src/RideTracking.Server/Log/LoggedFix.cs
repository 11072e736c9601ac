using RideTracking.Engine.Index;
using RideTracking.Engine.Ingest;

namespace RideTracking.Server.Log;

/// <summary>A fix as it stands in the log, or the rejection of one.</summary>
/// <param name="Connection">Whose it is; with the sequence it identifies the fix.</param>
/// <param name="Fix">The fix; of a rejected one its sequence alone.</param>
/// <param name="Verdict">ACCEPTED, HISTORY_ONLY, or REJECTED and why.</param>
/// <param name="Status">What the driver was doing.</param>
public readonly record struct LoggedFix(LogConnection Connection, Fix Fix, FixVerdict Verdict, DriverStatus Status)
{
    /// <summary>Whose.</summary>
    public string DriverId => Connection.DriverId;

    /// <summary>Of which buffer of the app.</summary>
    public string SessionId => Connection.SessionId;

    /// <summary>What was done with it.</summary>
    public FixOutcome Outcome => Verdict.Outcome;

    /// <summary><see cref="Fix.ContentHash"/> of what the phone sent.</summary>
    internal uint ContentHash => Outcome == FixOutcome.Rejected ? RejectedContentHash : Fix.ContentHash();

    internal uint RejectedContentHash { get; init; }

    /// <summary>As it will be read back.</summary>
    internal static LoggedFix Of(in LogRecord record) => new(
        new LogConnection(record.Carrier.DriverId, record.Carrier.SessionId, record.Carrier.Opening.Epoch, record.Carrier.Request.Resendable),
        record.Fix, record.Verdict, record.Status)
    {
        RejectedContentHash = record.Verdict.Outcome == FixOutcome.Rejected ? record.Fix.ContentHash() : 0,
    };
}
