using System.Buffers.Text;
using System.Collections.Concurrent;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;
using RideTracking.Server.Log;
using RideTracking.Server.Store;
using StackExchange.Redis;

namespace RideTracking.Server.Outbox;

/// <summary>
/// What waits for a driver's app, in order, until the app acknowledges it, it expires or a newer command supersedes it.
/// It lives in the store, so it outlives connections and nodes. Thread-safe.
/// </summary>
public sealed class CommandOutbox
{
    private readonly ConcurrentDictionary<string, (int Depth, DateTimeOffset Since)> _waiting = new(StringComparer.Ordinal);

    // What waited before the store was emptied waits no more.
    private int _waitingAfter;
    private readonly Listeners<string> _listeners = new();
    private readonly Area _area;
    private readonly CommandMetrics _metrics;

    public CommandOutbox(Area area, CommandMetrics metrics)
    {
        (_area, _metrics, _waitingAfter) = (area, metrics, area.StoreEmptyings);
        metrics.Observe(State);
    }

    /// <summary>Wakes the driver's stream after each commit that has commands for the driver, until the result is disposed.</summary>
    public IDisposable Listen(string driverId, Action wake) => new Listening(this, driverId, _listeners.Listen(driverId, _ => wake()));

    /// <summary>A command went down the driver's stream.</summary>
    public void Sent() => _metrics.Sent(1);

    /// <summary>The driver's commands after a sequence that have not expired, in rising order.</summary>
    /// <param name="driverId">The driver.</param>
    /// <param name="afterSequence">What the app has received or was sent; 0 for all.</param>
    /// <exception cref="RedisException">The store is away.</exception>
    public async Task<IReadOnlyList<V1.Command>> ReadAfterAsync(string driverId, ulong afterSequence)
    {
        var now = _area.Clock.GetUtcNow().ToUnixTimeMilliseconds();
        var commands = new List<V1.Command>();
        foreach (var entry in await _area.Trips.HashGetAllAsync(_area.Keys.Outbox(driverId)))
        {
            if (_area.Unreadable.Read(RecordKind.Command, _area.Keys.Outbox(driverId), entry.Name, (byte[])entry.Value!, bytes => Parse(bytes, now)) is { } command && command.Sequence > afterSequence)
            {
                commands.Add(command);
            }
        }

        commands.Sort((a, b) => a.Sequence.CompareTo(b.Sequence));
        return commands;
    }

    /// <summary>Forgets the commands up to a sequence, which the app has safely received.</summary>
    /// <param name="driverId">The driver.</param>
    /// <param name="claim">The connection's claim; another one acknowledges nothing.</param>
    /// <param name="throughSequence">The last that the app has.</param>
    /// <returns>The claim that holds the driver now, which is another one when nothing was acknowledged; null when the store has forgotten who does.</returns>
    /// <exception cref="RedisException">The store is away; an acknowledgement may be repeated.</exception>
    public async Task<DriverClaim?> AcknowledgeAsync(string driverId, DriverClaim claim, ulong throughSequence)
    {
        var reply = (RedisResult[])(await StoreScript.OutboxAcknowledge.RunAsync(
            _area.Writes,
            [_area.Keys.Connections, _area.Keys.Outbox(driverId)],
            [driverId, claim.ToString(), throughSequence, _area.Clock.GetUtcNow().ToUnixTimeMilliseconds()]))!;
        if ((string)reply[0]! != "ok")
        {
            return DriverClaim.Parse((string)reply[1]!);
        }

        _metrics.Acknowledged((int)reply[1]);
        _metrics.Expired((int)reply[2]);
        if ((int)reply[3] is var depth and > 0)
        {
            _waiting[driverId] = (depth, _waiting.TryGetValue(driverId, out var before) ? before.Since : _area.Clock.GetUtcNow());
        }
        else
        {
            _waiting.TryRemove(driverId, out _);
        }

        return claim;
    }

    /// <summary>Tells that a commit has put commands into the outbox.</summary>
    internal void Added(string driverId, int depth, DateTimeOffset now)
    {
        // Of whom nobody listens for here, the acknowledgement is not heard of here either.
        if (_listeners.IsHeard(driverId))
        {
            _waiting.AddOrUpdate(driverId, _ => (depth, now), (_, before) => (depth, before.Since));
        }

        Look(driverId);
    }

    /// <summary>Tells that there may be commands in the outbox.</summary>
    internal void Look(string driverId) => _listeners.Tell(driverId, driverId);

    private sealed class Listening(CommandOutbox outbox, string driverId, IDisposable listening) : IDisposable
    {
        public void Dispose()
        {
            listening.Dispose();
            if (!outbox._listeners.IsHeard(driverId))
            {
                outbox._waiting.TryRemove(driverId, out _);
            }
        }
    }

    private OutboxState State()
    {
        if (_area.StoreEmptyings is var emptyings && Interlocked.Exchange(ref _waitingAfter, emptyings) != emptyings)
        {
            _waiting.Clear();
        }

        var now = _area.Clock.GetUtcNow();
        var (depth, oldest) = (0, now);
        foreach (var (_, waiting) in _waiting)
        {
            depth += waiting.Depth;
            oldest = waiting.Since < oldest ? waiting.Since : oldest;
        }

        return new OutboxState(depth, now - oldest);
    }

    // "<sequence> <expires (ms)> " and the message. Null for the last numbers, which stand with commas, and for what has expired.
    private static V1.Command? Parse(ReadOnlySpan<byte> entry, long now)
    {
        if (!Utf8Parser.TryParse(entry, out ulong sequence, out var end) || end == entry.Length || entry[end] != (byte)' ')
        {
            return null;
        }

        entry = entry[(end + 1)..];
        if (!Utf8Parser.TryParse(entry, out long expires, out end) || expires <= now)
        {
            return null;
        }

        var command = V1.Command.Parser.ParseFrom(entry[(end + 1)..]);
        command.Sequence = sequence;
        return command;
    }
}
