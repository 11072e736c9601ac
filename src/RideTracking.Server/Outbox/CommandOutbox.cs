using System.Buffers.Text;
using System.Collections.Concurrent;
using RideTracking.Server.Areas;
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
    private readonly RedisStore _store;
    private readonly StoreKeys _keys;
    private readonly TimeProvider _time;
    private readonly CommandMetrics _metrics;

    public CommandOutbox(RedisStore store, StoreKeys keys, TimeProvider time, CommandMetrics metrics)
    {
        _store = store;
        _keys = keys;
        _time = time;
        _metrics = metrics;
        metrics.Observe(State);
    }

    /// <summary>Called with the driver's id after each commit that has commands for it; must return at once and not throw.</summary>
    public event Action<string>? CommandsAdded;

    /// <summary>The driver's commands after a sequence that have not expired, in rising order.</summary>
    /// <param name="driverId">The driver.</param>
    /// <param name="afterSequence">What the app has received or was sent; 0 for all.</param>
    /// <exception cref="RedisException">The store is away.</exception>
    public async Task<IReadOnlyList<V1.Command>> ReadAfterAsync(string driverId, ulong afterSequence)
    {
        var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        var commands = new List<V1.Command>();
        foreach (var entry in await _store.Trips.HashGetAllAsync(_keys.Outbox(driverId)))
        {
            if (Parse((byte[])entry.Value!, now) is { } command && command.Sequence > afterSequence)
            {
                commands.Add(command);
            }
        }

        commands.Sort((a, b) => a.Sequence.CompareTo(b.Sequence));
        return commands;
    }

    /// <summary>Whether a command is still there: neither acknowledged by the app nor superseded.</summary>
    /// <exception cref="RedisException">The store is away.</exception>
    internal Task<bool> IsWaitingAsync(string driverId, string field) => _store.Trips.HashExistsAsync(_keys.Outbox(driverId), field);

    /// <summary>Forgets the commands up to a sequence, which the app has safely received.</summary>
    /// <param name="driverId">The driver.</param>
    /// <param name="epoch">The connection's claim; an older one acknowledges nothing.</param>
    /// <param name="throughSequence">The last that the app has.</param>
    /// <returns>False when another connection speaks for the driver now.</returns>
    /// <exception cref="RedisException">The store is away; an acknowledgement may be repeated.</exception>
    public async Task<bool> AcknowledgeAsync(string driverId, long epoch, ulong throughSequence)
    {
        var reply = (RedisResult[])(await StoreScript.OutboxAcknowledge.RunAsync(
            _store.Trips,
            [_keys.Connections, _keys.Outbox(driverId)],
            [driverId, epoch, throughSequence, _time.GetUtcNow().ToUnixTimeMilliseconds()]))!;
        if ((string)reply[0]! != "ok")
        {
            return false;
        }

        _metrics.Acknowledged((int)reply[1]);
        _metrics.Expired((int)reply[2]);
        if ((int)reply[3] is var depth and > 0)
        {
            _waiting[driverId] = (depth, _waiting.TryGetValue(driverId, out var before) ? before.Since : _time.GetUtcNow());
        }
        else
        {
            _waiting.TryRemove(driverId, out _);
        }

        return true;
    }

    /// <summary>Tells that a commit has put commands into the outbox.</summary>
    internal void Added(string driverId, int depth, DateTimeOffset now)
    {
        _waiting.AddOrUpdate(driverId, _ => (depth, now), (_, before) => (depth, before.Since));
        Look(driverId);
    }

    /// <summary>Tells that there may be commands in the outbox.</summary>
    internal void Look(string driverId) => CommandsAdded?.Invoke(driverId);

    private OutboxState State()
    {
        var now = _time.GetUtcNow();
        var (depth, oldest) = (0, now);
        foreach (var (_, waiting) in _waiting)
        {
            depth += waiting.Depth;
            oldest = waiting.Since < oldest ? waiting.Since : oldest;
        }

        return new OutboxState(depth, now - oldest);
    }

    // "<sequence> <expires (ms)> " and the message. Null for the counter and for what has expired.
    private static V1.Command? Parse(ReadOnlySpan<byte> entry, long now)
    {
        if (!Utf8Parser.TryParse(entry, out ulong sequence, out var end) || end == entry.Length)
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
