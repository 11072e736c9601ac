using RideTracking.Server.Log;
using RideTracking.Server.Store.Events;
using RideTracking.Server.Store.Feeds;

namespace RideTracking.Simulation.Bugs;

/// <summary>What was not heard of the log is not read either: of the list's batches nothing is taken in but what later ones refer to.</summary>
internal sealed class DeafLogFeed(IFeedSource source, SegmentConnections segment) : IFeedSource
{
    private readonly HashSet<EventPosition> _read = [];

    public Task<EventPosition> HeadAsync() => source.HeadAsync();

    public Task<EventPosition> BeginAsync() => source.BeginAsync();

    public async Task<IReadOnlyList<EventEntry>> ReadAsync(ulong afterNumber)
    {
        var read = await source.ReadAsync(afterNumber);
        _read.UnionWith(read.Select(e => e.At));
        return read;
    }

    /// <summary>Takes an entry in, as far as it was heard.</summary>
    public void Apply(EventEntry entry, Action<EventEntry> apply)
    {
        if (_read.Remove(entry.At))
        {
            LogBatch.Open(LogEntry.Of(entry), segment);
        }
        else
        {
            apply(entry);
        }
    }
}
