namespace RideTracking.Server.Log;

/// <summary>Sessions that were opened while the store was away: they claim their drivers once it is back.</summary>
/// <remarks><see cref="Add"/> from any thread; the rest is the log's loop's own.</remarks>
internal sealed class UnclaimedCursors(ConnectionClaims claims)
{
    private const int AtOnce = 64;

    private readonly Lock _lock = new();
    private readonly List<LogCursor> _cursors = [];

    public bool IsEmpty
    {
        get
        {
            lock (_lock)
            {
                return _cursors.Count == 0;
            }
        }
    }

    public void Add(LogCursor cursor)
    {
        lock (_lock)
        {
            _cursors.Add(cursor);
        }
    }

    /// <exception cref="StackExchange.Redis.RedisException">The store is away; what was not claimed stays.</exception>
    public async Task ClaimAsync()
    {
        if (IsEmpty)
        {
            return;
        }

        LogCursor[] unclaimed;
        lock (_lock)
        {
            unclaimed = [.. _cursors];
        }

        foreach (var some in unclaimed.Chunk(AtOnce))
        {
            await Task.WhenAll(some.Select(async cursor =>
            {
                if (!cursor.IsFenced)
                {
                    cursor.Claimed(await claims.ClaimAsync(cursor.DriverId, cursor.SessionId));
                    cursor.Advance(0);
                }

                lock (_lock)
                {
                    _cursors.Remove(cursor);
                }
            }));
        }
    }
}
