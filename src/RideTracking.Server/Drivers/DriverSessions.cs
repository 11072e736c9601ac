using System.Collections.Concurrent;
using RideTracking.Engine.Index;
using RideTracking.Server.Areas;
using RideTracking.Server.Log;
using RideTracking.Server.Outbox;
using RideTracking.Server.Trips;
using RideTracking.V1;
using DriverLink = RideTracking.Engine.Index.DriverLink;

namespace RideTracking.Server.Drivers;

/// <summary>
/// The drivers' sessions of this node, of each driver one that speaks for it (<see cref="Carriers"/>), and those that are to end.
/// Thread-safe.
/// </summary>
internal sealed class DriverSessions(
    CityFleet fleet, Carriers carriers, FixLog log, CommandOutbox outbox, TripBook book, DriverLinks links, ConnectionClaims claims)
{
    // Those that another one has the driver of, too, until they have ended: who is told to end and does not read is to be broken off.
    private readonly ConcurrentDictionary<Carrier, DriverSession> _open = new();

    // Streams that are about to claim their drivers, how many of each: who reports by single calls leaves the driver to them.
    private readonly ConcurrentDictionary<string, int> _opening = new(StringComparer.Ordinal);

    // Drivers whose stream has left another node while one was opening here: connected all the while, unless that one fails.
    private readonly HashSet<string> _moving = new(StringComparer.Ordinal);

    // Of two sessions of a driver that come and go at once, the one that is kept is the one that hears, and its link is the driver's.
    private readonly Lock _adding = new();

    /// <summary>How many drivers hold a stream.</summary>
    public int Count => Streams.Count();

    /// <summary>The streams that speak for their drivers.</summary>
    internal IEnumerable<StreamSession> Streams => carriers.All.Select(Of).OfType<StreamSession>();

    /// <summary>All sessions that have not ended.</summary>
    internal IEnumerable<DriverSession> Open => _open.Values;

    /// <summary>Whether the driver has a stream, here or to another node, or is about to have one here.</summary>
    public bool HasStream(string driverId) => _opening.ContainsKey(driverId) || IsConnected(driverId);

    /// <summary>The session that speaks for the driver; null for none.</summary>
    internal DriverSession? Of(string driverId) => carriers.Of(driverId) is { IsLost: false } carrier ? Of(carrier) : null;

    /// <summary>A stream is about to claim its driver, until it is disposed.</summary>
    internal IDisposable Opening(string driverId)
    {
        lock (_adding)
        {
            _opening[driverId] = _opening.GetValueOrDefault(driverId) + 1;
        }

        return new OpeningStream(this, driverId);
    }

    /// <summary>Adds a session; the one that the driver had before loses it, or this one if another has claimed since.</summary>
    /// <exception cref="Grpc.Core.RpcException">ABORTED: the same device has connected by a later attempt.</exception>
    internal void Add(DriverSession session)
    {
        Carrier? leaves;
        DriverChange? change = null;
        lock (_adding)
        {
            leaves = carriers.Add(session.Carrier);
            _open[session.Carrier] = session;
            if (leaves != session.Carrier && session is StreamSession stream)
            {
                stream.Hears(
                    outbox.Listen(session.DriverId, stream.Down.WakeForCommands),
                    book.Listen(session.DriverId, plan =>
                    {
                        // Who is blocked is not heard any more.
                        if (plan.BlockedReason is { } reason)
                        {
                            Block(stream, reason);
                        }
                    }));
                change = SetLink(session.DriverId, session.Slot);
            }
            else if (leaves is not null && leaves != session.Carrier && Of(leaves) is StreamSession)
            {
                // Its stream has lost the driver, and only fixes come now.
                change = SetLink(session.DriverId, session.Slot);
            }
        }

        if (leaves is not null)
        {
            Carriers.Dismiss(leaves, leaves == session.Carrier ? carriers.Of(session.DriverId)?.Attempt ?? default : session.Carrier.Attempt);
        }

        Publish(change);
        log.TakeIn(session.Carrier);
    }

    /// <summary>Removes a session that has ended.</summary>
    internal void Remove(DriverSession session)
    {
        session.End();
        DriverChange? change = null;
        lock (_adding)
        {
            _open.TryRemove(session.Carrier, out _);
            if (carriers.Remove(session.Carrier) && session is StreamSession)
            {
                change = SetLink(session.DriverId, session.Slot);
            }
        }

        log.Ended(session.Carrier);
        // After that: a claim that comes meanwhile is seen here or there.
        claims.Ended(session.Carrier);
        Publish(change);
    }

    /// <summary>The driver has connected to another node, or is connected there no more.</summary>
    internal void LinkChanged(string driverId)
    {
        DriverChange? change = null;
        lock (_adding)
        {
            if (_opening.ContainsKey(driverId) && !IsConnected(driverId))
            {
                _moving.Add(driverId);
            }
            else
            {
                change = SetLink(driverId, fleet.Slots.GetOrAdd(driverId));
            }
        }

        Publish(change);
    }

    private void Opened(string driverId)
    {
        var hasMoved = false;
        lock (_adding)
        {
            if (_opening[driverId] > 1)
            {
                _opening[driverId]--;
            }
            else
            {
                _opening.TryRemove(driverId, out _);
                hasMoved = _moving.Remove(driverId);
            }
        }

        if (hasMoved)
        {
            LinkChanged(driverId);
        }
    }

    private DriverChange SetLink(string driverId, int slot) =>
        fleet.Index.SetLink(slot, IsConnected(driverId) ? DriverLink.Connected : DriverLink.Lost);

    private bool IsConnected(string driverId) => Of(driverId) is StreamSession || links.IsConnected(driverId);

    private void Publish(DriverChange? change)
    {
        if (change is { } link)
        {
            fleet.Fanout.Publish(link);
        }
    }

    internal static void Block(StreamSession session, string reason) => session.Down.Close(StreamClosingReason.Blocked, DriverDesk.Blocked(session.DriverId, reason));

    private DriverSession? Of(Carrier carrier) => _open.GetValueOrDefault(carrier);

    private sealed class OpeningStream(DriverSessions sessions, string driverId) : IDisposable
    {
        public void Dispose() => sessions.Opened(driverId);
    }
}
