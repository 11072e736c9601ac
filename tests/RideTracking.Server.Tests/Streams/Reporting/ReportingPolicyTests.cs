using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using RideTracking.Engine.Index;
using RideTracking.Server.Access;
using RideTracking.Server.Drivers;
using RideTracking.Server.Drivers.Reporting;
using RideTracking.Server.Tests.Dispatch;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.V1;
using DriverAvailability = RideTracking.V1.DriverAvailability;

namespace RideTracking.Server.Tests.Streams.Reporting;

/// <summary>Policies that come down a driver's open stream as the moment changes.</summary>
public sealed class ReportingPolicyTests
{
    private static readonly TimeSpan Close = TimeSpan.FromSeconds(1), Normal = TimeSpan.FromSeconds(4), Seldom = TimeSpan.FromSeconds(15), Rare = TimeSpan.FromMinutes(1);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_driver_is_asked_to_report_as_often_as_the_moment_needs()
    {
        await using var world = await World.StartAsync();
        await using var phone = await world.DriverAsync("d1", steps: 20);
        Assert.Equal(Normal, phone.Welcome.ReportingPolicy.MovingInterval.ToTimeSpan());
        var version = phone.Welcome.ReportingPolicy.PolicyVersion;

        // Nobody is near.
        await ToldAsync(Seldom);
        // Somebody looks for cars here.
        using (var looks = world.Riders.WatchNearbyDrivers(
            new WatchNearbyDriversRequest { Center = RideWorld.Waypoint(WaypointKind.Pickup, 18).Location, RadiusMeters = 500 }, world.Service, cancellationToken: Cancellation))
        {
            await looks.ResponseStream.MoveNext(Cancellation);
            await ToldAsync(Normal);
        }

        // Far off on the way: as before. Near the pick-up: closely. Seen again first: time has gone by, and only who was seen is asked.
        await world.MoveAsync(phone, steps: 20);
        var trip = (await world.Riders.RequestTripAsync(RideWorld.Ride(), world.Service, cancellationToken: Cancellation)).Trip;
        var offer = (await phone.ReadUntilAsync(m => m.Command?.TripOffer is not null)).Command.TripOffer;
        await World.ActAsync(phone, "accept", action => action.OfferReply = new OfferReply { OfferId = offer.OfferId, Accepted = true });
        await world.MoveAsync(phone, steps: 3);
        await ToldAsync(Close);
        await world.MoveAsync(phone, steps: 20);
        await ToldAsync(Normal);

        // The rider looks, and looks away.
        using (var watch = world.Riders.WatchTrip(new WatchTripRequest { TripId = trip.TripId }, world.Service, cancellationToken: Cancellation))
        {
            await watch.ResponseStream.MoveNext(Cancellation);
            await ToldAsync(Close);
        }

        await ToldAsync(Normal);

        // No trip, and a pause.
        await world.Riders.CancelTripAsync(new CancelTripRequest { TripId = trip.TripId, Reason = CancellationReason.ChangedMind }, world.Service, cancellationToken: Cancellation);
        await World.ActAsync(phone, "pause", action => action.SetAvailability = new SetAvailability { Availability = DriverAvailability.Paused });
        await ToldAsync(Rare);

        // What it was told last it hears again when it connects anew.
        await using var again = await DriverPhone.ConnectAsync(world.Host, "d1");
        Assert.Equal(Rare, again.Welcome.ReportingPolicy.MovingInterval.ToTimeSpan());
        Assert.True(again.Welcome.ReportingPolicy.PolicyVersion >= version);

        async Task ToldAsync(TimeSpan movingInterval)
        {
            var policy = await world.PolicyAsync(phone, movingInterval, version);
            Assert.Equal(movingInterval, policy.MovingInterval.ToTimeSpan());
            Assert.True(policy.PolicyVersion > version);
            version = policy.PolicyVersion;
        }
    }

    [Fact]
    public async Task Who_was_told_to_be_silent_for_long_does_not_vanish_for_it()
    {
        await using var world = await World.StartAsync();
        await using var pauses = await world.DriverAsync("d1", steps: 1);
        await using var works = await world.DriverAsync("d2", steps: 2);
        await World.ActAsync(pauses, "pause", action => action.SetAvailability = new SetAvailability { Availability = DriverAvailability.Paused });
        Assert.Equal(Rare, (await world.PolicyAsync(pauses, Rare)).MovingInterval.ToTimeSpan());

        // Four times the longest silence of each: of one minute and of five.
        await world.Host.PassAsync<StreamSweep>(TimeSpan.FromMinutes(6));
        Assert.False(world.HasFix("d2"));
        Assert.True(world.HasFix("d1"));
        await world.Host.PassAsync<StreamSweep>(TimeSpan.FromMinutes(15));
        Assert.False(world.HasFix("d1"));
    }

    [Theory]
    [InlineData("--Reporting:Close:MovingInterval", "00:00:00.05", "Gate:MinInterval")]
    [InlineData("--Reporting:Seldom:MaxSilence", "00:02:00", "Trips:MaxFixAge")]
    [InlineData("--Reporting:Normal:MaxSilence", "00:00:01", "Reporting:Normal:MaxSilence")]
    [InlineData("--Reporting:Normal:HeartbeatInterval", "00:02:00", "Streams:SilenceTimeout")]
    [InlineData("--Reporting:Rare:MinDistanceMeters", "NaN", "Reporting:Rare:MinDistanceMeters")]
    [InlineData("--Reporting:ChangeInterval", "00:00:00", "Reporting:ChangeInterval")]
    public async Task Times_that_contradict_each_other_end_the_start(string setting, string value, string named)
    {
        var failed = await Assert.ThrowsAnyAsync<Exception>(() => ServerHost.StartAsync(args: [setting, value]));
        Assert.Contains(named, failed.Message, StringComparison.Ordinal);
    }

    private sealed class World(ServerHost host, WatchedTime time) : IAsyncDisposable
    {
        private ulong _sequence;

        public ServerHost Host => host;

        public WatchedTime Time => time;

        public RiderService.RiderServiceClient Riders { get; } = new(host.Channel());

        public Metadata Service { get; } = host.TokenOf(Role.Service, "backend");

        public static async Task<World> StartAsync()
        {
            var time = new WatchedTime(new DateTimeOffset(2026, 1, 1, 8, 0, 0, TimeSpan.Zero));
            // Time passes without a word of the phones, and while a message may still be on its way to them.
            return new World(
                await ServerHost.StartAsync(
                    time: time,
                    args: ["--Streams:SilenceTimeout", "1.00:00:00", "--Streams:WriteTimeout", "1.00:00:00", "--Reporting:SlowDownAfter", "00:00:01", "--Reporting:ChangeInterval", "00:00:01"]),
                time);
        }

        public async Task<DriverPhone> DriverAsync(string id, int steps)
        {
            await new DirectoryService.DirectoryServiceClient(host.Channel()).UpsertDriverAsync(
                new UpsertDriverRequest { Driver = new Driver { DriverId = id, DisplayName = id } }, Service, cancellationToken: Cancellation);
            var phone = await DriverPhone.ConnectAsync(host, id);
            await ActAsync(phone, "available", action => action.SetAvailability = new SetAvailability { Availability = DriverAvailability.Available });
            await MoveAsync(phone, steps);
            return phone;
        }

        public static async Task ActAsync(DriverPhone phone, string actionId, Action<DriverAction> what)
        {
            var action = new DriverAction { ActionId = actionId };
            what(action);
            await phone.SendAsync(new ConnectRequest { Action = action });
            Assert.Equal(0, (await phone.ReadUntilAsync(m => m.ActionResult?.ActionId == actionId)).ActionResult.Status.Code);
        }

        /// <summary>Reports a place, long enough after the one before to be believed.</summary>
        public async Task MoveAsync(DriverPhone phone, int steps)
        {
            await host.PassAsync<StreamSweep>(TimeSpan.FromSeconds(40));
            var batch = DriverPhone.Batch(time.GetUtcNow().ToUnixTimeMilliseconds(), ++_sequence);
            batch.Fixes[0].LatitudeE7 = (int)Math.Round(RideWorld.North(steps).LatitudeDegrees * 1e7);
            await phone.SendAsync(batch);
            var verdicts = await phone.ReadAckAsync(_sequence);
            Assert.Empty(verdicts);
        }

        /// <summary>The policy that comes down after a version, within seconds of the moment that asks for it.</summary>
        public async Task<ReportingPolicy> PolicyAsync(DriverPhone phone, TimeSpan movingInterval, ulong after = 0)
        {
            var moments = host.City.GetRequiredService<DriverMoments>();
            var options = host.City.GetRequiredService<ReportingPolicies>().Options;
            var slot = host.City.GetRequiredService<DriverSlots>().GetOrAdd(phone.DriverId);
            // The server hears a little later that somebody looks, or looks away.
            await ServerHost.UntilAsync(
                () => options.Of(ReportingPaces.Of(moments.Of(phone.DriverId, slot), options.NearStopMeters)).MovingInterval == movingInterval);
            // One look sees it, and a second one that it has lasted; they may come at any part of their seconds.
            for (var second = 0; second < 3; second++)
            {
                await host.PassAsync<StreamSweep>(TimeSpan.FromSeconds(1));
            }

            // It may have come down while something else was read.
            while (phone.Policy.PolicyVersion <= after || phone.Policy.MovingInterval.ToTimeSpan() != movingInterval)
            {
                await phone.ReadUntilAsync(m => m.ReportingPolicy is not null);
            }

            return phone.Policy;
        }

        public bool HasFix(string driverId) =>
            host.City.GetRequiredService<DriverIndex>().TryGet(host.City.GetRequiredService<DriverSlots>().GetOrAdd(driverId), out var driver) && driver.HasFix;

        public ValueTask DisposeAsync() => host.DisposeAsync();
    }
}
