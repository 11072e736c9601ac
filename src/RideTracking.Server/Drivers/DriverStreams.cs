using System.Collections.Concurrent;
using RideTracking.Server.Areas;
using RideTracking.Server.Outbox;
using RideTracking.Server.Trips;
using RideTracking.V1;
using DriverLink = RideTracking.Engine.Index.DriverLink;

namespace RideTracking.Server.Drivers;

/// <summary>The drivers' streams that are open on this node, one for each driver. Thread-safe.</summary>
internal sealed class DriverStreams(CityFleet fleet, CommandOutbox outbox, TripBook book)
{
    private readonly ConcurrentDictionary<string, DriverSession> _sessions = new(StringComparer.Ordinal);

    /// <summary>How many are open.</summary>
    public int Count => _sessions.Count;

    internal IEnumerable<DriverSession> Sessions => _sessions.Values;

    /// <summary>Whether the driver has a stream here.</summary>
    public bool IsOpen(string driverId) => _sessions.ContainsKey(driverId);

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
            before.Down.TakenOver();
        }

        session.Hears(
            outbox.Listen(session.DriverId, session.Down.WakeForCommands),
            book.Listen(session.DriverId, plan =>
            {
                // Who is blocked is not heard any more.
                if (plan.BlockedReason is { } reason)
                {
                    Block(session, reason);
                }
            }));
        fleet.Fanout.Publish(fleet.Index.SetLink(session.Slot, DriverLink.Connected));
    }

    /// <summary>Removes a stream that has ended.</summary>
    internal void Remove(DriverSession session)
    {
        session.End();
        if (_sessions.TryRemove(new KeyValuePair<string, DriverSession>(session.DriverId, session)))
        {
            fleet.Fanout.Publish(fleet.Index.SetLink(session.Slot, DriverLink.Lost));
        }
    }

    internal static void Block(DriverSession session, string reason) => session.Down.Close(StreamClosingReason.Blocked, DriverDesk.Blocked(session.DriverId, reason));
}
