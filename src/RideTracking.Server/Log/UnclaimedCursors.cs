using Grpc.Core;
using RideTracking.Server.Hosting;

namespace RideTracking.Server.Log;

/// <summary>Sessions that were opened while the store was away: they claim their drivers once it is back, unless their streams end before. Bounded by the open streams.</summary>
/// <remarks><see cref="Add"/> and <see cref="Remove"/> from any thread; the rest is the log's loop's own.</remarks>
internal sealed class UnclaimedCursors(ConnectionClaims claims)
{
    private const int AtOnce = 64;

    private readonly Lock _lock = new();
    private readonly List<LogCursor> _cursors = [];

    // Whose claims failed by a fault of their own. They are tried again as the log is written.
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

    /// <summary>Whether there are some whose claims failed by a fault of their own.</summary>
    public bool HasFaulty
    {
        get
        {
            lock (_lock)
            {
                return _faulty.Count > 0;
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

    /// <summary>The stream has ended.</summary>
    public void Remove(LogCursor cursor)
    {
        cursor.Abandon();
        lock (_lock)
        {
            _cursors.Remove(cursor);
            _faulty.Remove(cursor);
        }
    }

    /// <exception cref="StackExchange.Redis.RedisException">The store is away; what was not claimed stays.</exception>
    public async Task ClaimAsync(Loop loop, CancellationToken stopping)
    {
        LogCursor[] unclaimed;
        lock (_lock)
        {
            if (_cursors.Count == 0 && _faulty.Count == 0)
            {
                return;
            }

            _cursors.AddRange(_faulty);
            _faulty.Clear();
            unclaimed = [.. _cursors];
        }

        foreach (var some in unclaimed.Chunk(AtOnce))
        {
            await Task.WhenAll(some.Select(async cursor =>
            {
                var isDone = cursor.IsFenced || cursor.IsAbandoned || await loop.TryAsync(cursor.DriverId, () => ClaimAsync(cursor), stopping);
                lock (_lock)
                {
                    _cursors.Remove(cursor);
                    if (!isDone && !cursor.IsAbandoned)
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
        try
        {
            cursor.Claimed(await claims.ClaimAsync(cursor.DriverId, cursor.SessionId, cursor.Attempt));
            cursor.Advance(0);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.Aborted)
        {
            // The same phone has connected since, elsewhere.
            cursor.Fence();
        }
    }
}
