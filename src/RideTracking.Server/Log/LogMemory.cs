using System.Globalization;
using RideTracking.Server.Areas;
using RideTracking.Server.Store;
using RideTracking.Server.Telemetry;

namespace RideTracking.Server.Log;

/// <summary>How much of its memory the store has left for the log.</summary>
public enum MemoryLeft
{
    /// <summary>Enough, or it has no limit.</summary>
    Enough,

    /// <summary>Less than a fifth: what a checkpoint covers goes before its time.</summary>
    Little,

    /// <summary>Less than a tenth: what is left is for trips and checkpoints, and fixes wait.</summary>
    None,
}

/// <summary>What of the store's memory is used, and what follows for the log. Thread-safe.</summary>
public sealed partial class LogMemory
{
    private readonly RedisStore _store;
    private readonly ILogger<LogMemory> _logger;
    private long _usedBytes;
    private long _limitBytes = -1;
    private volatile MemoryLeft _left;

    public LogMemory(RedisStore store, AreaMeter meter, ILogger<LogMemory> logger)
    {
        (_store, _logger) = (store, logger);
        meter.Gauge("ridetracking.store.memory.used", "By", "Memory that the area's server of the store uses; 0 before it was asked, and for the embedded store.", () => Volatile.Read(ref _usedBytes));
        meter.Gauge("ridetracking.store.memory.limit", "By", "Of that the limit (Store:MemoryLimitMegabytes, or its own maxmemory); 0 for none.", () => Math.Max(0, Volatile.Read(ref _limitBytes)));
    }

    /// <summary>How much is left, as it was told last.</summary>
    public MemoryLeft Left => _left;

    /// <summary>Asks the store.</summary>
    /// <exception cref="StackExchange.Redis.RedisException">It is away.</exception>
    internal async Task LookAsync(StoreKeys keys)
    {
        // The embedded one goes to disk beyond its memory.
        if (_store.IsEmbedded)
        {
            return;
        }

        if (await _store.Bulk.MemoryAsync(keys.Log) is var (usedBytes, ownLimitBytes))
        {
            Told(usedBytes, _store.MemoryLimitBytes > 0 ? _store.MemoryLimitBytes : ownLimitBytes);
        }
    }

    /// <summary>What the store has told.</summary>
    internal void Told(long usedBytes, long limitBytes)
    {
        if (limitBytes == 0 && Volatile.Read(ref _limitBytes) != 0)
        {
            LogUnlimited();
        }

        Volatile.Write(ref _usedBytes, usedBytes);
        Volatile.Write(ref _limitBytes, limitBytes);
        var left = limitBytes == 0 || usedBytes * 10 < limitBytes * 8 ? MemoryLeft.Enough
            : usedBytes * 10 < limitBytes * 9 ? MemoryLeft.Little
            : MemoryLeft.None;
        if (left != _left)
        {
            _left = left;
            LogLeft(left, usedBytes >> 20, limitBytes >> 20);
        }
    }

    /// <summary>Fixes wait where only trips and checkpoints are to have what is left.</summary>
    /// <exception cref="StoreFullException">They do now.</exception>
    internal void RequireRoom()
    {
        if (_left == MemoryLeft.None)
        {
            throw new StoreFullException(string.Create(
                CultureInfo.InvariantCulture, $"The store uses {Volatile.Read(ref _usedBytes) >> 20} MB of {Volatile.Read(ref _limitBytes) >> 20}; the rest is for trips."));
        }
    }

    [LoggerMessage(
        LogLevel.Warning,
        "The store has no limit of memory (maxmemory): once the machine has no more, the store ends, or its machine. Give it one, with the policy noeviction, or set Store:MemoryLimitMegabytes")]
    private partial void LogUnlimited();

    [LoggerMessage(LogLevel.Warning, "Memory left in the store: {Left} ({UsedMegabytes} MB of {LimitMegabytes} are used). Little: fixes that a checkpoint covers go before their time. None: acknowledgements wait")]
    private partial void LogLeft(MemoryLeft left, long usedMegabytes, long limitMegabytes);
}
