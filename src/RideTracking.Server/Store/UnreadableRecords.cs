using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using RideTracking.Server.Telemetry;

namespace RideTracking.Server.Store;

/// <summary>What is read from the store; the metric's tag <c>kind</c>.</summary>
public enum RecordKind
{
    /// <summary>A trip.</summary>
    Trip,

    /// <summary>A driver's plan.</summary>
    Plan,

    /// <summary>An entry of the directory, or a zone.</summary>
    Entry,

    /// <summary>Which zones a driver is in.</summary>
    ZoneVisits,

    /// <summary>Who waits in a queue zone.</summary>
    ZoneQueue,

    /// <summary>A driver's last fix.</summary>
    LogCheckpoint,

    /// <summary>An event: of a trip, a zone, or an incident.</summary>
    Event,

    /// <summary>An incident.</summary>
    Incident,

    /// <summary>A batch of the log.</summary>
    LogBatch,

    /// <summary>A command that waits for a driver.</summary>
    Command,
}

/// <summary>
/// Records of the store that nobody can read: each is told once, counted, passed over and left where it is, so that it keeps
/// nothing else from being read. Thread-safe.
/// </summary>
public sealed partial class UnreadableRecords
{
    // Beyond this many a further one is counted and not told.
    private const int Most = 10_000;

    private static readonly KeyValuePair<string, object?>[] Kinds = Metering.TagPerValue<RecordKind>("kind");

    private readonly ConcurrentDictionary<string, bool> _told = new(StringComparer.Ordinal);
    private readonly Counter<long> _found;
    private readonly ILogger<UnreadableRecords> _logger;

    /// <summary>Made once, by <c>AddStore</c>.</summary>
    public UnreadableRecords(IMeterFactory meters, ILogger<UnreadableRecords> logger)
    {
        _logger = logger;
        _found = meters.Create(Metering.MeterName).CreateCounter<long>(
            "ridetracking.store.unreadable", "{record}", "Records of the store that could not be read and were passed over, by kind.");
    }

    /// <summary>How many were found.</summary>
    public int Count => _told.Count;

    /// <summary>Reads a record; the default when it cannot be read.</summary>
    /// <param name="kind">What it is.</param>
    /// <param name="key">Its key in the store.</param>
    /// <param name="field">Its field, member or place there; empty when the key is all.</param>
    /// <param name="stored">As it is stored.</param>
    /// <param name="read">Reads it; whatever it throws makes the record unreadable.</param>
    public T? Read<TStored, T>(RecordKind kind, string? key, string? field, TStored stored, Func<TStored, T?> read)
    {
        try
        {
            return read(stored);
        }
        catch (Exception e)
        {
            Passed(kind, string.IsNullOrEmpty(field) ? $"{key}" : $"{key} {field}", e);
            return default;
        }
    }

    private void Passed(RecordKind kind, string place, Exception e)
    {
        if (_told.Count >= Most)
        {
            _found.Add(1, Kinds[(int)kind]);
        }
        else if (_told.TryAdd(place, true))
        {
            _found.Add(1, Kinds[(int)kind]);
            LogUnreadable(e, kind, place);
        }
    }

    [LoggerMessage(LogLevel.Error, "The store holds a {Kind} that cannot be read, at {Place}: it is passed over and left there. Told once")]
    private partial void LogUnreadable(Exception exception, RecordKind kind, string place);
}
