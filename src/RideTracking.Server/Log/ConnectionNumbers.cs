namespace RideTracking.Server.Log;

/// <summary>
/// The small numbers by which a writer names connections: from 1 in each segment, and none twice in one. The store may have forgotten that a
/// segment was begun, and then an earlier one is written on: there they go on above all that were ever given. Not thread-safe.
/// </summary>
internal struct ConnectionNumbers
{
    private long _segment;
    private long _highestSegment;
    private ulong _last;
    private ulong _most;

    /// <summary>The next one in a segment.</summary>
    public ulong Next(long segment)
    {
        if (segment != _segment)
        {
            _last = segment > _highestSegment ? 0 : _most;
            _segment = segment;
            _highestSegment = Math.Max(segment, _highestSegment);
        }

        _last++;
        _most = Math.Max(_most, _last);
        return _last;
    }
}
