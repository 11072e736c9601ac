using System.Collections.Concurrent;

namespace RideTracking.Server.Log;

/// <summary>What the log has of every driver (<see cref="LoggedDrivers"/>) while it is read from the store. Of one thread.</summary>
internal sealed class LoggedAnew
{
    public ConcurrentDictionary<string, LoggedDriver> Drivers { get; } = new(StringComparer.Ordinal);

    /// <summary>Drivers who were deleted, and up to which batch the log is to say nothing of them.</summary>
    public Dictionary<string, ulong> Forgotten { get; } = new(StringComparer.Ordinal);

    /// <summary>The log's next batch.</summary>
    public void Take(LoggedBatch batch, ulong number)
    {
        foreach (var fix in batch.Fixes)
        {
            if (!IsForgotten(fix.DriverId, number))
            {
                LoggedDrivers.Take(Drivers, fix, batch.LoggedAtUnixMs);
            }
        }
    }

    /// <summary>What a checkpoint has of a driver.</summary>
    public void Add(LoggedDriver driver, ulong number)
    {
        if (!IsForgotten(driver.DriverId, number))
        {
            Drivers[driver.DriverId] = driver;
        }
    }

    private bool IsForgotten(string driverId, ulong number) => Forgotten.TryGetValue(driverId, out var through) && number <= through;
}
