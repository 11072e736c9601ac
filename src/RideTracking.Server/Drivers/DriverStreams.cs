using System.Collections.Concurrent;
using RideTracking.Engine.Index;
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

    // Those that another one has the driver of, too, until they have ended: who is told to end and does not read is to be broken off.
    private readonly ConcurrentDictionary<DriverSession, bool> _open = new();

    // Of two streams of a driver that come and go at once, the one that is kept is the one that hears, and its link is the driver's.
    private readonly Lock _adding = new();

    /// <summary>How many are open.</summary>
    public int Count => _sessions.Count;

    /// <summary>Those that speak for their drivers.</summary>
    internal IEnumerable<DriverSession> Sessions => _sessions.Values;

    /// <summary>All that have not ended.</summary>
    internal IEnumerable<DriverSession> Open => _open.Keys;

    /// <summary>Whether the driver has a stream here.</summary>
    public bool IsOpen(string driverId) => _sessions.ContainsKey(driverId);

    /// <summary>Adds a stream; the one that the driver had before is told that it was taken over.</summary>
    internal void Add(DriverSession session)
    {
        DriverSession? before;
        DriverChange change;
        _open[session] = true;
        lock (_adding)
        {
            if (session.Cursor.IsFenced)
            {
                // Another one has claimed since, and tells it so itself.
                return;
            }

            before = _sessions.GetValueOrDefault(session.DriverId);
            _sessions[session.DriverId] = session;
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
            change = fleet.Index.SetLink(session.Slot, DriverLink.Connected);
        }

        before?.Down.TakenOver();
        fleet.Fanout.Publish(change);
    }

    /// <summary>Removes a stream that has ended.</summary>
    internal void Remove(DriverSession session)
    {
        session.End();
        _open.TryRemove(session, out _);
        DriverChange change;
        lock (_adding)
        {
            if (!_sessions.TryRemove(new KeyValuePair<string, DriverSession>(session.DriverId, session)))
            {
                return;
            }

            change = fleet.Index.SetLink(session.Slot, DriverLink.Lost);
        }

        fleet.Fanout.Publish(change);
    }

    internal static void Block(DriverSession session, string reason) => session.Down.Close(StreamClosingReason.Blocked, DriverDesk.Blocked(session.DriverId, reason));
}
