using RideTracking.Server.Store;

namespace RideTracking.Server.Log;

/// <summary>
/// Which connections a segment of the log has opened, by the numbers that their writers gave them. A segment stands alone: with the first batch
/// of another one all are forgotten. Not thread-safe.
/// </summary>
/// <param name="format">Up to which form batches can be read.</param>
internal sealed class SegmentConnections(RecordFormat format)
{
    private readonly Dictionary<string, Dictionary<ulong, LogConnection>> _of = new(StringComparer.Ordinal);

    /// <summary>Up to which form batches can be read.</summary>
    public RecordFormat Format => format;

    /// <summary>The segment; 0 where nothing was read yet.</summary>
    public long Number { get; private set; }

    /// <summary>Those of a writer, to be added to.</summary>
    public Dictionary<ulong, LogConnection> Of(long segment, string writer)
    {
        if (segment != Number)
        {
            Clear();
            Number = segment;
        }

        if (!_of.TryGetValue(writer, out var connections))
        {
            _of.Add(writer, connections = []);
        }

        return connections;
    }

    /// <summary>Nothing was read yet.</summary>
    public void Clear()
    {
        _of.Clear();
        Number = 0;
    }
}
