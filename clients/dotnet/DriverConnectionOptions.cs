using Microsoft.Extensions.Logging;
using RideTracking.V1;

namespace RideTracking.Client;

/// <summary>
/// Who connects, and what the app wants to hear. The callbacks are called one after the other for each stream, never
/// under a lock; all but <see cref="OnCommand"/> must return quickly.
/// </summary>
public sealed class DriverConnectionOptions
{
    /// <summary>The driver, by the company's id.</summary>
    public required string DriverId { get; init; }

    /// <summary>The vehicle the driver is in; empty for the one in the directory.</summary>
    public string VehicleId { get; init; } = "";

    /// <summary>The device, for support; at most 128 characters.</summary>
    public string DeviceId { get; init; } = "";

    /// <summary>The app's own version, for support; at most 64 characters.</summary>
    public string AppVersion { get; init; } = "";

    /// <summary>
    /// Gives a bearer token (without the word `Bearer`) that may act for the driver. Asked on each connect and again
    /// before a token ends. When it throws, the connection tries again later. Null for a server that asks for none.
    /// </summary>
    public Func<CancellationToken, ValueTask<string>>? TokenSource { get; init; }

    /// <summary>
    /// Handles a command: in order, each once, one at a time; acknowledged to the server when it returns. It runs beside
    /// the stream, so it may wait for the app's own work. The plan that the server sends on connecting comes as a
    /// `RouteChanged` with sequence 0. An exception ends <see cref="DriverConnection.RunAsync"/>, and the
    /// command comes again with the next one.
    /// </summary>
    public Func<Command, CancellationToken, ValueTask>? OnCommand { get; init; }

    /// <summary>Told when fixes were acknowledged.</summary>
    public Action<FixesAcknowledged>? OnFixesAcknowledged { get; init; }

    /// <summary>Told of each action's final answer, also of those that were made before the app was restarted.</summary>
    public Action<ActionResult>? OnActionResult { get; init; }

    /// <summary>Told how often to report, on each connect and whenever it changes.</summary>
    public Action<ReportingPolicy>? OnReportingPolicy { get; init; }

    /// <summary>Told when a stream is open: the server's clock and what it has on record.</summary>
    public Action<Welcome>? OnWelcome { get; init; }

    /// <summary>Takes what the connection says: when it is connected, why it is not, and why it does not come back. Null for nobody.</summary>
    public ILogger? Logger { get; set; }

    /// <summary>Told when a stream has ended or could not be opened, and when the next attempt will be.</summary>
    public Action<ConnectionLost>? OnLost { get; init; }

    /// <summary>What the heartbeat says of the phone; asked before each. The connection fills in the number of buffered fixes.</summary>
    public Func<Heartbeat>? PhoneState { get; init; }

    /// <summary>
    /// The clock that `sent_at` and `occurred_at` are read from, where it is not the one that paces the network: a replay
    /// of a recording has one that stands in the recording and runs faster.
    /// </summary>
    public TimeProvider? PhoneClock { get; init; }

    /// <summary>Fixes that are sent without waiting longer for more, 1 to 500.</summary>
    public int BatchFixCount { get; init; } = 100;

    /// <summary>How long the first message of a stream may take.</summary>
    public TimeSpan WelcomeTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Bound of the first wait before reconnecting.</summary>
    public TimeSpan InitialBackoff { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Bound that the wait before reconnecting grows to.</summary>
    public TimeSpan MaxBackoff { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>Fixes that the app need not keep any longer.</summary>
/// <param name="ThroughSequence">Everything up to here.</param>
/// <param name="Fixes">Those that were still kept; valid only during the call.</param>
/// <param name="Verdicts">Those among them that were not plainly accepted.</param>
/// <param name="AtResume">
/// The server named this point on reconnecting: its log stands there. Those without a verdict are in the log, accepted
/// or history only: only rejections are told again.
/// </param>
public readonly record struct FixesAcknowledged(
    ulong ThroughSequence, IReadOnlyList<Fix> Fixes, IReadOnlyList<FixVerdict> Verdicts, bool AtResume);

/// <summary>There is no stream at the moment.</summary>
/// <param name="Closing">What the server said before it ended the stream; null when it said nothing.</param>
/// <param name="Error">Why the stream ended or could not be opened; null when the server ended it in good order.</param>
/// <param name="RetryAfter">When the next attempt will be.</param>
public sealed record ConnectionLost(StreamClosing? Closing, Exception? Error, TimeSpan RetryAfter);

/// <summary>Why a connection does not come back by itself.</summary>
public enum ConnectionEnd
{
    /// <summary>The app asked for it.</summary>
    Stopped,

    /// <summary>Another phone of the same driver has connected. Only the driver may decide to take over again.</summary>
    TakenOver,

    /// <summary>The server no longer speaks this version of the protocol.</summary>
    UpgradeRequired,

    /// <summary>The server said that this app may not come back.</summary>
    ClosedByServer,
}

/// <summary>What a connection has done since it was made.</summary>
/// <param name="Connects">Streams that were welcomed.</param>
/// <param name="FixesSent">Fixes sent for the first time by this process.</param>
/// <param name="FixesResent">Fixes sent once more.</param>
/// <param name="FixesAcknowledged">Fixes acknowledged.</param>
public readonly record struct DriverConnectionCounts(long Connects, long FixesSent, long FixesResent, long FixesAcknowledged);
