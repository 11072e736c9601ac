using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using RideTracking.Server.Hosting;
using RideTracking.Server.Telemetry;
using StackExchange.Redis;

namespace RideTracking.Server.Store;

/// <summary>
/// Sees once a second how the store does, on each connection, and by a tiny write on those that are written to: a store that is
/// full or read-only still answers whoever reads. Thread-safe.
/// </summary>
public sealed partial class StoreProbe : LoopService
{
    private const string Away = "away";

    // Among the company's keys: a user of the store who may write no others passes, and on a cluster its shard is asked.
    private static readonly RedisKey ProbeKey = "rt:{company}:probe";
    private static readonly TimeSpan ProbeStays = TimeSpan.FromMinutes(1);

    private readonly RedisStore _store;
    private readonly EmbeddedStore _embedded;
    private readonly StoreCheck _check;
    private readonly ServerEnd _end;
    private readonly ILogger<StoreProbe> _logger;

    // Reasons that were ever seen, which are few and constants: each stays a series of the metric.
    private readonly ConcurrentDictionary<string, bool> _reasons = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private StoreState _seen;

    /// <summary>Made once, by <c>AddStore</c>.</summary>
    public StoreProbe(RedisStore store, EmbeddedStore embedded, StoreCheck check, ServerEnd end, IMeterFactory meters, Loops loops, ILogger<StoreProbe> logger)
        : base(loops.Create("store_probe", TimeProvider.System), EverySecond)
    {
        (_store, _embedded, _check, _end, _logger) = (store, embedded, check, end, logger);
        var meter = meters.Create(Metering.MeterName);
        meter.CreateObservableCounter(
            "ridetracking.store.compactions", () => embedded.Compactions, "{compaction}", "Times that what the embedded store holds was copied into a new append-only file.");
        meter.CreateObservableGauge("ridetracking.store.log.size", () => embedded.LogBytes, "By", "How large the embedded store's append-only file is.");
        meter.CreateObservableGauge(
            "ridetracking.store.state", Measure, "{state}", "1 for the store's state: connected, away, or refusing (by its own code of the reason); 0 for the others.");
    }

    /// <summary>How the store does: at once when it is away, within a second when it refuses.</summary>
    public StoreState State
    {
        get
        {
            lock (_lock)
            {
                return _store.IsConnected || _seen.Failure is { Kind: StoreFailureKind.Refusing } ? _seen : new StoreState(new StoreFailure(StoreFailureKind.Away, "AWAY"));
            }
        }
    }

    /// <inheritdoc/>
    protected override async Task LookAsync(CancellationToken stopping)
    {
        if (_embedded.IsLost)
        {
            _end.Fail("The files of the embedded store are gone (Store:DataFolder); what is written now would not survive.");
            return;
        }

        if (_embedded.Fault is { } fault)
        {
            _end.Fail($"The embedded store has left something half done: {fault}. What is in its file is whole; start again.");
            return;
        }

        if (_embedded.IsDiskFull)
        {
            See(new StoreState(new StoreFailure(StoreFailureKind.Refusing, StoreDisk.Full)));
            return;
        }

        // What nobody has looked at is not written to, and it is looked at by this connection: another may be there before it.
        if (await TryAsync(() => _store.Bulk.KeyExistsAsync(ProbeKey)) is { } unread)
        {
            See(new StoreState(unread, _check.Trouble));
            return;
        }

        await TryAsync(_check.LookAsync);
        var failures = await Task.WhenAll(
            TryAsync(() => _embedded.NoteProgressAsync(() => WriteAsync(_store.Writes))),
            TryAsync(() => WriteAsync(_store.AppendWrites)));
        See(new StoreState(Array.Find(failures, f => f is { Kind: StoreFailureKind.Refusing }) ?? Array.Find(failures, f => f is not null), _check.Trouble));
    }

    private static Task WriteAsync(StoreWriter writes) => writes.SetAsync(ProbeKey, RedisValue.EmptyString, ProbeStays);

    private static async Task<StoreFailure?> TryAsync(Func<Task> use)
    {
        try
        {
            await use();
            return null;
        }
        catch (Exception e) when (StoreFailure.Of(e) is not null)
        {
            return StoreFailure.Of(e);
        }
    }

    private void See(StoreState state)
    {
        StoreState before;
        lock (_lock)
        {
            (before, _seen) = (_seen, state);
        }

        if (before.Failure == state.Failure)
        {
            return;
        }

        if (state.Failure is { } failure)
        {
            if (failure.Kind != StoreFailureKind.Away)
            {
                _reasons.TryAdd(failure.Reason, true);
            }

            LogFailing(state);
        }
        else
        {
            LogWell();
        }
    }

    private IEnumerable<Measurement<int>> Measure()
    {
        var failure = State.Failure;
        yield return Of(failure is null, "connected");
        yield return Of(failure is { Kind: StoreFailureKind.Away }, Away);
        foreach (var (reason, _) in _reasons.ToArray())
        {
            yield return Of(failure is { Kind: not StoreFailureKind.Away } f && f.Reason == reason, "refusing", reason);
        }

        static Measurement<int> Of(bool isIt, string state, string reason = "") => new(isIt ? 1 : 0, new("state", state), new("reason", reason));
    }

    [LoggerMessage(LogLevel.Warning, "The store is {State}")]
    private partial void LogFailing(StoreState state);

    [LoggerMessage(LogLevel.Information, "The store takes what is written again")]
    private partial void LogWell();
}
