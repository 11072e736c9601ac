using System.Collections.Concurrent;
using RideTracking.Engine.Dispatch;
using RideTracking.Engine.Fanout;
using RideTracking.Engine.Index;
using RideTracking.Server.Protocol;
using RideTracking.V1;
using DriverLink = RideTracking.Engine.Index.DriverLink;

namespace RideTracking.Server.Drivers;

/// <summary>The drivers' streams that are open on this node, one for each driver. Thread-safe.</summary>
public sealed class DriverStreams(DriverIndex index, PositionFanout fanout)
{
    private readonly ConcurrentDictionary<string, DriverSession> _sessions = new(StringComparer.Ordinal);

    /// <summary>How many are open.</summary>
    public int Count => _sessions.Count;

    internal IEnumerable<DriverSession> Sessions => _sessions.Values;

    /// <summary>Whether the driver has a stream here.</summary>
    public bool IsOpen(string driverId) => _sessions.ContainsKey(driverId);

    /// <summary>There are commands in the driver's outbox. Returns at once.</summary>
    public void Wake(string driverId)
    {
        if (_sessions.TryGetValue(driverId, out var session))
        {
            session.WakeForCommands();
        }
    }

    /// <summary>A driver's plan has changed: who is blocked is not heard any more. Returns at once.</summary>
    public void Look(DriverPlan plan)
    {
        if (plan.BlockedReason is { } reason && _sessions.TryGetValue(plan.DriverId, out var session))
        {
            Block(session, reason);
        }
    }

    /// <summary>Adds a stream; the one that the driver had before is told that it was taken over.</summary>
    internal void Add(DriverSession session)
    {
        DriverSession? before = null;
        _sessions.AddOrUpdate(session.DriverId, session, (_, held) =>
        {
            before = held;
            return session;
        });
        if (before is not null)
        {
            TakenOver(before);
        }

        fanout.Publish(index.SetLink(session.Slot, DriverLink.Connected));
    }

    /// <summary>Removes a stream that has ended.</summary>
    internal void Remove(DriverSession session)
    {
        if (_sessions.TryRemove(new KeyValuePair<string, DriverSession>(session.DriverId, session)))
        {
            fanout.Publish(index.SetLink(session.Slot, DriverLink.Lost));
        }
    }

    internal static void Block(DriverSession session, string reason) => session.Close(StreamClosingReason.Blocked, DriverDesk.Blocked(session.DriverId, reason));

    internal static void TakenOver(DriverSession session) => session.Close(
        StreamClosingReason.TakenOver, Refusal.Aborted("TAKEN_OVER", "Another connection of this driver has taken over."));
}
