using Google.Protobuf.WellKnownTypes;
using RideTracking.Server.Access;
using RideTracking.Server.Drivers;
using RideTracking.Server.Tests.Dispatch;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.V1;

namespace RideTracking.Server.Tests.Streams;

/// <summary>Phones' clocks lie; the times of a trip are true all the same, or the server's own.</summary>
public sealed class PhoneClockTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 8, 0, 0, TimeSpan.Zero);

    private readonly PhoneClock _clock = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(-300, "hello")]
    [InlineData(-25, "hello")]
    [InlineData(25, "hello")]
    [InlineData(86_400, "hello")]
    [InlineData(-300, "batch")]
    [InlineData(-25, "batch")]
    [InlineData(86_400, "batch")]
    [InlineData(0, "nothing")]
    [InlineData(-300, "nothing")]
    [InlineData(86_400, "nothing")]
    public async Task The_times_of_a_trip_are_true_whatever_the_phones_clock_says(int secondsAhead, string toldBy)
    {
        var time = new WatchedTime(Start);
        // Time passes without a word of the phone.
        await using var server = await ServerHost.StartAsync(time: time, args: ["--Streams:SilenceTimeout", "1.00:00:00"]);
        var service = server.TokenOf(Role.Service, "backend");
        await new DirectoryService.DirectoryServiceClient(server.Channel()).UpsertDriverAsync(
            new UpsertDriverRequest { Driver = new Driver { DriverId = "d1", DisplayName = "Ana" } }, service, cancellationToken: Cancel);
        var riders = new RiderService.RiderServiceClient(server.Channel());
        string tripId;
        await using (var phone = await ConnectAsync())
        {
            await ActAsync(phone, "available", time.GetUtcNow(), a => a.SetAvailability = new SetAvailability { Availability = DriverAvailability.Available });
            await BatchAsync(phone, 1);
            tripId = (await riders.RequestTripAsync(RideWorld.Ride(), service, cancellationToken: Cancel)).Trip.TripId;
            var offer = (await phone.ReadUntilAsync(m => m.Command?.TripOffer is not null)).Command.TripOffer;
            await ActAsync(phone, "accept", time.GetUtcNow(), a => a.OfferReply = new OfferReply { OfferId = offer.OfferId, Accepted = true });
        }

        // Another stream, so that what the first has told is not known on it.
        await using var again = await ConnectAsync();
        if (toldBy == "batch")
        {
            await BatchAsync(again, 2);
        }

        List<DateTimeOffset> truth = [];
        foreach (var (waypoint, step) in ((int, WaypointStep)[])[(0, WaypointStep.Arrived), (0, WaypointStep.Done), (1, WaypointStep.Arrived), (1, WaypointStep.Done)])
        {
            time.Advance(TimeSpan.FromSeconds(30));
            var occurredAt = time.GetUtcNow();
            // Without a network for a while.
            time.Advance(TimeSpan.FromSeconds(10));
            truth.Add(toldBy == "nothing" ? time.GetUtcNow() : occurredAt);
            var waypointId = $"{tripId}.w{waypoint + 1}";
            await ActAsync(again, $"{waypoint}-{step}", occurredAt, a => a.TripProgress = new TripProgress { TripId = tripId, WaypointId = waypointId, Step = step });
        }

        var trip = (await riders.GetTripAsync(new GetTripRequest { TripId = tripId }, service, cancellationToken: Cancel)).Trip;
        Assert.Equal(TripState.Completed, trip.State);
        Assert.Equal(truth, trip.Waypoints.SelectMany(w => (DateTimeOffset[])[w.ArrivedAt.ToDateTimeOffset(), w.DoneAt.ToDateTimeOffset()]));
        Assert.Equal(truth, trip.Events.TakeLast(4).Select(e => e.OccurredAt.ToDateTimeOffset()));

        long Phone() => (time.GetUtcNow() + TimeSpan.FromSeconds(secondsAhead)).ToUnixTimeMilliseconds();

        Task<DriverPhone> ConnectAsync() => DriverPhone.ConnectAsync(server, "d1", configure: hello => hello.SentAtUnixMs = toldBy == "hello" ? Phone() : 0);

        async Task BatchAsync(DriverPhone phone, ulong sequence)
        {
            await phone.SendAsync(DriverPhone.Batch(Phone(), sequence));
            await phone.ReadAckAsync(sequence);
        }

        async Task ActAsync(DriverPhone phone, string actionId, DateTimeOffset occurredAt, Action<DriverAction> what)
        {
            var action = new DriverAction { ActionId = actionId, OccurredAt = (occurredAt + TimeSpan.FromSeconds(secondsAhead)).ToTimestamp() };
            what(action);
            await phone.SendAsync(new ConnectRequest { Action = action });
            var result = (await phone.ReadUntilAsync(m => m.ActionResult?.ActionId == actionId)).ActionResult;
            Assert.True(result.Status.Code == 0, result.Status.Message);
        }
    }

    [Fact]
    public void A_slow_way_is_not_taken_for_the_clock()
    {
        Observe(phone: 0, server: 300_100);
        Observe(phone: 10_000, server: 318_000);
        Assert.Equal(At(330_000), TimeOf(phone: 20_000, now: 330_000));
        Observe(phone: 20_000, server: 320_080);
        Assert.Equal(At(310_080), TimeOf(phone: 10_000, now: 330_000));
    }

    [Theory]
    [InlineData(300_000)]
    [InlineData(-300_000)]
    public void A_clock_that_jumps_is_followed_and_doubted_until_it_is_sure(long jump)
    {
        Observe(phone: 0, server: 50);
        Observe(phone: 10_000 + jump, server: 10_050);
        // Set forward, it is ahead for certain; set back, the way might have been slow.
        Assert.Equal(At(jump > 0 ? 8_050 : 12_000), TimeOf(phone: 8_000 + jump, now: 12_000));
        Observe(phone: 20_000 + jump, server: 20_080);
        Assert.InRange(TimeOf(phone: 15_000 + jump, now: 30_000), At(15_000), At(15_100));
    }

    [Fact]
    public void Nothing_is_in_the_future_and_what_is_no_time_does_no_harm()
    {
        Assert.Equal(At(5), TimeOf(phone: 3, now: 5));
        Observe(phone: 1_000_000, server: 1_000_000);
        Assert.Equal(At(1_000_000), TimeOf(phone: 1_000_001, now: 1_000_000));
        foreach (var seconds in (long[])[long.MinValue, long.MaxValue, -62_135_596_800, 253_402_300_799])
        {
            Assert.InRange(_clock.TimeOf(new Timestamp { Seconds = seconds, Nanos = int.MinValue }, At(1_000_000)), DateTimeOffset.UnixEpoch, At(1_000_000));
        }

        foreach (var sentAt in (long[])[long.MinValue, -1, 0, long.MaxValue])
        {
            _clock.Observe(sentAt, 1_000_000);
        }

        Assert.Equal(At(999_000), TimeOf(phone: 999_000, now: 1_000_000));
    }

    private static DateTimeOffset At(long serverMs) => Start.AddMilliseconds(serverMs);

    private void Observe(long phone, long server) => _clock.Observe(At(phone).ToUnixTimeMilliseconds(), At(server).ToUnixTimeMilliseconds());

    private DateTimeOffset TimeOf(long phone, long now) => _clock.TimeOf(At(phone).ToTimestamp(), At(now));
}
