using RideTracking.Server.Outbox;
using RideTracking.Server.Store;
using RideTracking.Server.Telemetry;
using RideTracking.V1;

namespace RideTracking.Server.Drivers;

/// <summary>
/// The commands of one stream, in order: whatever wakes it, they are read from the driver's outbox after the last one
/// sent, so that there is one way and one order. Used by the stream's drain loop alone, but for <see cref="Look"/>,
/// <see cref="Renumbered"/>, <see cref="SentThrough"/> and <see cref="WayVersion"/>.
/// </summary>
internal sealed class CommandFeed(string driverId, ulong afterSequence, CommandOutbox outbox)
{
    private readonly Queue<Command> _read = new();
    private ulong _sent = afterSequence;
    private ulong _lineSent;
    private ulong _wayVersion;
    private volatile bool _waiting = true;
    private volatile bool _isRenumbered;

    /// <summary>The last command that the app was sent, or says that it has.</summary>
    public ulong SentThrough => Volatile.Read(ref _sent);

    /// <summary>Whether there may be commands to send.</summary>
    public bool IsWaiting => _waiting;

    /// <summary>There are commands in the outbox.</summary>
    public void Look() => _waiting = true;

    /// <summary>What waits may have other numbers than those that were read.</summary>
    public void Renumbered()
    {
        _isRenumbered = true;
        _waiting = true;
    }

    /// <summary>The version of the way that the app has, or is to be told next.</summary>
    public ulong WayVersion => Volatile.Read(ref _wayVersion);

    /// <summary>The app has the way of this version, and its line, which is not sent again on this stream.</summary>
    public void WayTold(ulong version, V1.Route? route)
    {
        Volatile.Write(ref _wayVersion, version);
        _lineSent = route?.Version ?? _lineSent;
    }

    /// <summary>The next command to send; null when there is none, or the store takes no question (then the sweep comes back to it).</summary>
    public async ValueTask<Command?> NextAsync()
    {
        if (_isRenumbered)
        {
            _isRenumbered = false;
            _read.Clear();
            // Of a store that has forgotten, another line may have the version.
            _lineSent = 0;
        }

        if (_read.Count == 0 && _waiting)
        {
            _waiting = false;
            try
            {
                foreach (var command in await outbox.ReadAfterAsync(driverId, _sent))
                {
                    _read.Enqueue(command);
                }
            }
            catch (Exception e)
            {
                _waiting = true;
                if (!StoreFailure.Passes(e))
                {
                    throw;
                }
            }
        }

        if (_isRenumbered || !_read.TryDequeue(out var next))
        {
            return null;
        }

        Volatile.Write(ref _sent, next.Sequence);
        if (next.RouteChanged is { } way)
        {
            if (way.Route is { } route && route.Version == _lineSent)
            {
                route.EncodedPolyline = "";
            }

            WayTold(way.RoutePlanVersion, way.Route);
        }
        else if (next.TripAssigned is not null)
        {
            // Its way comes next, if the store does not forget both.
            Volatile.Write(ref _wayVersion, _wayVersion + 1);
        }

        outbox.Sent();
        if (TripOf(next) is { } tripId)
        {
            TripTrace.Begin(tripId, "command_sent")?.SetTag("ridetracking.command", Metering.SnakeCase(next.CommandCase.ToString())).Dispose();
        }

        return next;
    }

    private static string? TripOf(Command command) => command.CommandCase switch
    {
        Command.CommandOneofCase.TripOffer => command.TripOffer.TripId,
        Command.CommandOneofCase.TripAssigned => command.TripAssigned.TripId,
        Command.CommandOneofCase.TripRemoved => command.TripRemoved.TripId,
        _ => null,
    };
}
