using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;
using RideTracking.Engine.Fanout;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Index;
using RideTracking.Server.Drivers;
using RideTracking.Server.Log;
using RideTracking.Server.Outbox;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.Server.Tests.Storage;
using RideTracking.V1;
using DriverLink = RideTracking.Engine.Index.DriverLink;
using Fix = RideTracking.Engine.Ingest.Fix;
using FixVerdict = RideTracking.Engine.Ingest.FixVerdict;

namespace RideTracking.Server.Tests.Dispatch;

/// <summary>A driver as the dispatch meets it: a claimed connection, a position in the index, actions up and commands down.</summary>
internal sealed class TestDriver
{
    private readonly RideWorld _world;
    private readonly CommandOutbox _outbox;
    private readonly Channel<bool> _added = Channel.CreateUnbounded<bool>();
    private ulong _received;
    private int _actions;
    private ulong _fixes;
    private Carrier? _carrier;

    private TestDriver(RideWorld world, string id)
    {
        (_world, Id) = (world, id);
        _outbox = world.Host.City.GetRequiredService<CommandOutbox>();
        _outbox.Listen(id, () => _added.Writer.TryWrite(true));
    }

    public string Id { get; }

    /// <summary>By what it holds the driver: its node may have claimed it anew.</summary>
    public DriverClaim Claim => _carrier!.LastClaim!;

    public static async Task<TestDriver> ConnectAsync(RideWorld world, string id, GeoPoint at, bool available)
    {
        await world.Directory.UpsertVehicleAsync(
            new UpsertVehicleRequest { Vehicle = new Vehicle { VehicleId = "car-" + id, Description = "white Prius", LicensePlate = "AA-00-" + id, Seats = 4 } }, world.Service);
        await world.Directory.UpsertDriverAsync(
            new UpsertDriverRequest { Driver = new Driver { DriverId = id, DisplayName = "Driver " + id, Rating = 4.5, VehicleId = "car-" + id } }, world.Service);
        var driver = new TestDriver(world, id);
        await driver.ClaimAsync();
        driver.Move(at);
        driver.ShowLink(DriverLink.Connected);
        // Matching is wanted when somebody is available, and looks then for where they are.
        await world.Host.SettleAsync();
        if (available)
        {
            Assert.Equal(0, (await driver.SetAsync(V1.DriverAvailability.Available)).Status.Code);
        }

        return driver;
    }

    public int Slot => _world.Host.City.GetRequiredService<DriverSlots>().GetOrAdd(Id);

    /// <summary>Connects anew, as after a takeover.</summary>
    public async Task ClaimAsync()
    {
        var request = new ClaimRequest(Id, "s-" + Id) { IsStream = true };
        var claim = await _world.Host.City.GetRequiredService<ConnectionClaims>().ClaimAsync(request);
        _carrier = new Carrier(request, claim, new SessionLedger(claim, 64, TestCarriers.Pace, _world.Time), Task.CompletedTask);
        _world.Host.City.GetRequiredService<Carriers>().Add(_carrier);
    }

    /// <summary>The connection is gone, or there again: by another claim.</summary>
    public async Task SetLinkAsync(DriverLink link)
    {
        if (link == DriverLink.Connected)
        {
            await ClaimAsync();
        }
        else
        {
            _world.Host.City.GetRequiredService<Carriers>().Remove(_carrier!);
            _world.Host.City.GetRequiredService<ConnectionClaims>().Ended(_carrier!);
        }

        ShowLink(link);
    }

    public void Move(GeoPoint to)
    {
        var fix = new Fix
        {
            Sequence = ++_fixes,
            FixedAtUnixMs = _world.Time.GetUtcNow().ToUnixTimeMilliseconds(),
            LatitudeE7 = (int)Math.Round(to.LatitudeDegrees * 1e7),
            LongitudeE7 = (int)Math.Round(to.LongitudeDegrees * 1e7),
            HorizontalAccuracyMeters = 5,
            CourseDegrees = 90,
            SpeedMetersPerSecond = float.NaN,
            AltitudeMeters = float.NaN,
        };
        if (_world.Host.City.GetRequiredService<DriverIndex>().Update(Slot, fix, out var change))
        {
            _world.Host.City.GetRequiredService<PositionFanout>().Publish(change);
        }

        _world.Host.City.GetRequiredService<FixLog>().Append(_carrier!, fix, FixVerdict.Accepted, change.Current.Status);
        // Before the clock goes on: what nodes do then, they do with this place.
        Task.Run(_world.Host.SettleAsync).GetAwaiter().GetResult();
    }

    private void ShowLink(DriverLink link) => _world.Host.City.GetRequiredService<PositionFanout>().Publish(
        _world.Host.City.GetRequiredService<DriverIndex>().SetLink(Slot, link));

    public DriverAction Action() => new() { ActionId = $"a{Claim.Epoch}.{++_actions}" };

    /// <summary>Acts by a claim, or as a stream does: by what its carrier has, and again when it was claimed anew meanwhile.</summary>
    public async Task<ActionResult> ActAsync(DriverAction action, DriverClaim? by = null)
    {
        while (true)
        {
            if (by is null)
            {
                await ServerHost.UntilAsync(() => _carrier!.IsClaimed);
            }

            var claim = by ?? Claim;
            var result = await _world.Host.City.GetRequiredService<DriverDesk>().ActAsync(
                Id, claim, action, action.OccurredAt?.ToDateTimeOffset() ?? _world.Time.GetUtcNow(), TestContext.Current.CancellationToken);
            if (by is not null || _carrier!.Claim == claim)
            {
                Assert.NotNull(result);
                return result;
            }
        }
    }

    public Task<ActionResult> SetAsync(V1.DriverAvailability availability)
    {
        var action = Action();
        action.SetAvailability = new SetAvailability { Availability = availability };
        return ActAsync(action);
    }

    public Task<ActionResult> ReplyAsync(string offerId, bool accepted)
    {
        var action = Action();
        action.OfferReply = new OfferReply { OfferId = offerId, Accepted = accepted };
        return ActAsync(action);
    }

    public Task<ActionResult> ProgressAsync(string tripId, string waypointId, WaypointStep step, string pickupCode = "")
    {
        var action = Action();
        action.TripProgress = new TripProgress { TripId = tripId, WaypointId = waypointId, Step = step, PickupCode = pickupCode };
        return ActAsync(action);
    }

    public Task<ActionResult> CancelAsync(string tripId)
    {
        var action = Action();
        action.TripCancellation = new TripCancellation { TripId = tripId, Reason = CancellationReason.VehicleTrouble, Note = "flat tyre" };
        return ActAsync(action);
    }

    /// <summary>The next command that the driver has not received yet.</summary>
    public async Task<Command> NextAsync()
    {
        while (true)
        {
            var waiting = await _outbox.ReadAfterAsync(Id, _received);
            if (waiting.Count > 0)
            {
                _received = waiting[0].Sequence;
                return waiting[0];
            }

            await _added.Reader.ReadAsync().AsTask().WaitAsync(RideWorld.Patience);
        }
    }

    /// <summary>The next command of a kind; those before it are passed over.</summary>
    public async Task<Command> NextAsync(Command.CommandOneofCase kind)
    {
        while (true)
        {
            if (await NextAsync() is var command && command.CommandCase == kind)
            {
                return command;
            }
        }
    }

    public async Task<TripOffer> NextOfferAsync()
    {
        var command = await NextAsync();
        Assert.Equal(Command.CommandOneofCase.TripOffer, command.CommandCase);
        return command.TripOffer;
    }

    /// <summary>All that waits for the driver's app.</summary>
    public Task<IReadOnlyList<Command>> WaitingAsync(ulong after = 0) => _outbox.ReadAfterAsync(Id, after);

    public async Task<bool> AcknowledgeAsync(ulong through) => await _outbox.AcknowledgeAsync(Id, Claim, through) == Claim;

    /// <summary>The phone has all that the driver has received.</summary>
    public Task<bool> AcknowledgeReceivedAsync() => AcknowledgeAsync(_received);

    /// <summary>Takes the next offer, and the passenger and the way that follow.</summary>
    public async Task<string> AcceptNextAsync()
    {
        var offer = await NextOfferAsync();
        var result = await ReplyAsync(offer.OfferId, accepted: true);
        Assert.Equal(0, result.Status.Code);
        Assert.Equal(Command.CommandOneofCase.TripAssigned, (await NextAsync()).CommandCase);
        Assert.Equal(Command.CommandOneofCase.RouteChanged, (await NextAsync()).CommandCase);
        return offer.TripId;
    }
}
