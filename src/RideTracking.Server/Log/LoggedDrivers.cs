using System.Collections.Concurrent;

namespace RideTracking.Server.Log;

/// <summary>
/// What the log has of every driver, on every node: resume points, places, rejections that may not have been heard. It is made of the last
/// checkpoint and of each batch since, this node's own when it is answered for and the others' as they are read. Nothing else is written for a fix.
/// Bounded by the drivers of the area. Thread-safe.
/// </summary>
public sealed class LoggedDrivers
{
    // This node's last batches come back with the feed within moments; one of before is taken in once more, which changes nothing.
    private const int MostTaken = 256;

    // Longer than the log's feed is ever behind the one that tells of deletions.
    private const int ForgottenKeptTrims = 10;

    // Around all that is taken in, so that nothing of it is missed while all is read anew, and nobody comes back who is being deleted.
    private readonly Lock _taking = new();
    private volatile ConcurrentDictionary<string, LoggedDriver> _drivers = new(StringComparer.Ordinal);
    private readonly Queue<ulong> _taken = new();
    private readonly Dictionary<string, (ulong Through, int Trims)> _forgotten = new(StringComparer.Ordinal);
    private List<(LoggedFix Fix, ulong Number, long LoggedAtUnixMs)>? _meanwhile;
    private int _trims;
    private long _count;
    private int _begun;

    /// <summary>All of whom the log has something.</summary>
    internal IEnumerable<LoggedDriver> All => _drivers.Select(d => d.Value);

    /// <summary>How many fixes and rejections were taken in.</summary>
    internal long Taken => Volatile.Read(ref _count);

    /// <summary>Rises each time that all was read anew.</summary>
    internal int Begun => Volatile.Read(ref _begun);

    /// <summary>A driver; null when the log has nothing of them.</summary>
    internal LoggedDriver? Of(string driverId) => _drivers.GetValueOrDefault(driverId);

    /// <summary>The driver was deleted. Told of it once more, it changes nothing.</summary>
    /// <param name="driverId">Who.</param>
    /// <param name="through">Up to which batch the log is to say nothing of the driver, also where it is only read later.</param>
    internal void Forget(string driverId, ulong through)
    {
        lock (_taking)
        {
            if (!IsForgotten(driverId, through))
            {
                _forgotten[driverId] = (through, _trims);
                _drivers.TryRemove(driverId, out _);
            }
        }
    }

    /// <summary>Lets go of what nobody asks for any more. Each minute.</summary>
    internal void Trim(long nowUnixMs)
    {
        foreach (var (_, driver) in _drivers)
        {
            driver.Trim(nowUnixMs);
        }

        lock (_taking)
        {
            _trims++;
            foreach (var (driverId, (_, trims)) in _forgotten)
            {
                if (_trims - trims > ForgottenKeptTrims)
                {
                    _forgotten.Remove(driverId);
                }
            }
        }
    }

    /// <summary>What a claim finds of a session.</summary>
    internal ConnectionClaim Resume(DriverClaim claim, ClaimRequest request, long nowUnixMs) =>
        Of(request.DriverId)?.Resume(claim, request.SessionId, nowUnixMs) ?? new ConnectionClaim(claim, 0, null, null, [], []);

    /// <summary>A batch was read.</summary>
    internal void Take(LoggedBatch batch, ulong number)
    {
        lock (_taking)
        {
            _count += batch.Fixes.Count;
            foreach (var fix in batch.Fixes)
            {
                if (!IsForgotten(fix.DriverId, number))
                {
                    Take(_drivers, fix, batch.LoggedAtUnixMs);
                }
            }
        }
    }

    /// <summary>Whether a batch of this node's was taken in when the store had answered for it.</summary>
    internal bool IsTaken(ulong token)
    {
        lock (_taking)
        {
            return _taken.Contains(token);
        }
    }

    /// <summary>A batch of this node's is in the log.</summary>
    /// <param name="records">What it has.</param>
    /// <param name="number">Which one it is.</param>
    /// <param name="token">Its own; null where it may have more.</param>
    /// <param name="loggedAtUnixMs">When, by the area's time.</param>
    internal void TakeOwn(ReadOnlySpan<LogRecord> records, ulong number, ulong? token, long loggedAtUnixMs)
    {
        lock (_taking)
        {
            if (token is { } whole)
            {
                _taken.Enqueue(whole);
                if (_taken.Count > MostTaken)
                {
                    _taken.Dequeue();
                }
            }

            _count += records.Length;
            foreach (ref readonly var record in records)
            {
                var logged = LoggedFix.Of(record);
                if (!IsForgotten(logged.DriverId, number))
                {
                    Take(_drivers, logged, loggedAtUnixMs);
                    _meanwhile?.Add((logged, number, loggedAtUnixMs));
                }
            }
        }
    }

    /// <summary>All is to be read anew, while what there is goes on: from now on what this node logs is kept for it, too.</summary>
    internal LoggedAnew BeginAnew()
    {
        lock (_taking)
        {
            _meanwhile = [];
        }

        return new LoggedAnew();
    }

    /// <summary>All was read anew, and is what holds.</summary>
    internal void Replace(LoggedAnew anew)
    {
        lock (_taking)
        {
            foreach (var (driverId, (through, _)) in _forgotten)
            {
                if (!anew.Forgotten.TryGetValue(driverId, out var known) || known < through)
                {
                    anew.Drivers.TryRemove(driverId, out _);
                }
            }

            foreach (var (driverId, through) in anew.Forgotten)
            {
                _forgotten[driverId] = (Math.Max(through, _forgotten.GetValueOrDefault(driverId).Through), _trims);
            }

            foreach (var (fix, number, at) in _meanwhile ?? [])
            {
                if (!IsForgotten(fix.DriverId, number))
                {
                    Take(anew.Drivers, fix, at);
                }
            }

            (_drivers, _meanwhile) = (anew.Drivers, null);
            _begun++;
        }
    }

    private bool IsForgotten(string driverId, ulong number) => _forgotten.TryGetValue(driverId, out var forgotten) && number <= forgotten.Through;

    internal static void Take(ConcurrentDictionary<string, LoggedDriver> drivers, in LoggedFix logged, long loggedAtUnixMs) =>
        drivers.GetOrAdd(logged.DriverId, static id => new LoggedDriver(id)).Take(logged, loggedAtUnixMs);
}
