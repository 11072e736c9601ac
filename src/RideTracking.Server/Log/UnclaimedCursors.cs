using RideTracking.Server.Hosting;

namespace RideTracking.Server.Log;

/// <summary>Sessions that were opened while the store was away: they claim their drivers once it is back.</summary>
/// <remarks><see cref="Add"/> from any thread; the rest is the log's loop's own.</remarks>
internal sealed class UnclaimedCursors(ConnectionClaims claims)
{
    private const int AtOnce = 64;

    private readonly Lock _lock = new();
    private readonly List<LogCursor> _cursors = [];

    // Of the log's loop alone: whose claims failed by a fault of their own. They are tried again as the log is written.
    private readonly List<LogCursor> _faulty = [];

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
    public async Task ClaimAsync(Loop loop, CancellationToken stopping)
    {
        if (IsEmpty && _faulty.Count == 0)
        {
            return;
        }

        LogCursor[] unclaimed;
        lock (_lock)
        {
            _cursors.AddRange(_faulty);
            _faulty.Clear();
            unclaimed = [.. _cursors];
        }

        foreach (var some in unclaimed.Chunk(AtOnce))
        {
            await Task.WhenAll(some.Select(async cursor =>
            {
                var isDone = cursor.IsFenced || await loop.TryAsync(cursor.DriverId, () => ClaimAsync(cursor), stopping);
                lock (_lock)
                {
                    _cursors.Remove(cursor);
                    if (!isDone)
                    {
                        _faulty.Add(cursor);
                    }
                }
            }));
        }
    }

    private async Task ClaimAsync(LogCursor cursor)
    {
        // The claim that took too long may still arrive: after this one it would take the driver over from its own stream.
        await cursor.Claiming.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cursor.Claimed(await claims.ClaimAsync(cursor.DriverId, cursor.SessionId));
        cursor.Advance(0);
    }
}
