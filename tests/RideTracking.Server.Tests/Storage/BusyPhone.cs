using RideTracking.Server.Access;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.V1;

namespace RideTracking.Server.Tests.Storage;

/// <summary>A driver who drives on and takes whatever is offered, from the pick-up to the end, until it is told to stop.</summary>
internal sealed class BusyPhone : IAsyncDisposable
{
    private readonly DriverPhone _phone;
    private readonly HashSet<string> _visited = [];
    private readonly SemaphoreSlim _turn = new(1);
    private readonly Task _reading;
    private readonly Task _driving;
    private volatile bool _stops;
    private ulong _acknowledged;
    private int _actions;

    private BusyPhone(DriverPhone phone)
    {
        _phone = phone;
        _reading = Task.Run(ReadAsync);
        _driving = Task.Run(DriveAsync);
    }

    public string DriverId => _phone.DriverId;

    /// <summary>All fixes up to this one were acknowledged.</summary>
    public ulong Acknowledged => Volatile.Read(ref _acknowledged);

    public static async Task<BusyPhone> StartAsync(ServerHost server, string driverId)
    {
        await new DirectoryService.DirectoryServiceClient(server.Channel()).UpsertDriverAsync(
            new UpsertDriverRequest { Driver = new Driver { DriverId = driverId, DisplayName = driverId } }, server.TokenOf(Role.Service, "backend"));
        var phone = new BusyPhone(await DriverPhone.ConnectAsync(server, driverId));
        await phone.ActAsync(action => action.SetAvailability = new SetAvailability { Availability = DriverAvailability.Available });
        return phone;
    }

    public async ValueTask DisposeAsync()
    {
        _stops = true;
        await _driving;
        // What it could not do fails the test.
        Assert.False(_reading.IsFaulted, _reading.Exception?.ToString());
        await _phone.DisposeAsync();
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _turn.Dispose();
    }

    // At a speed that the gate believes.
    private async Task DriveAsync()
    {
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(300));
        for (var next = 1ul; !_stops; next++)
        {
            await SendAsync(new ConnectRequest { Locations = DriverPhone.Batch(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds(), next) });
            await pace.WaitForNextTickAsync();
        }
    }

    private async Task ReadAsync()
    {
        while (true)
        {
            var message = await _phone.ReadAsync();
            if (message.FixAck is { } ack)
            {
                Volatile.Write(ref _acknowledged, ack.ThroughSequence);
            }
            else if (message.Command?.TripOffer is { } offer)
            {
                await ActAsync(action => action.OfferReply = new OfferReply { OfferId = offer.OfferId, Accepted = true });
            }
            else if (message.Command?.RouteChanged is { } route)
            {
                foreach (var waypoint in route.Waypoints.Where(waypoint => _visited.Add(waypoint.WaypointId)))
                {
                    await ActAsync(action => action.TripProgress = new TripProgress { TripId = waypoint.TripId, WaypointId = waypoint.WaypointId, Step = WaypointStep.Arrived });
                    await ActAsync(action => action.TripProgress = new TripProgress { TripId = waypoint.TripId, WaypointId = waypoint.WaypointId, Step = WaypointStep.Done });
                }
            }

            if (message.Command is { } command)
            {
                await SendAsync(new ConnectRequest { CommandAck = new CommandAck { ThroughSequence = command.Sequence } });
            }
        }
    }

    private Task ActAsync(Action<DriverAction> what)
    {
        var action = new DriverAction { ActionId = $"a{Interlocked.Increment(ref _actions)}" };
        what(action);
        return SendAsync(new ConnectRequest { Action = action });
    }

    // A stream takes one message at a time.
    private async Task SendAsync(ConnectRequest message)
    {
        await _turn.WaitAsync();
        try
        {
            await _phone.SendAsync(message);
        }
        finally
        {
            _turn.Release();
        }
    }
}
