using Google.Rpc;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using RideTracking.Server.Areas;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.Server.Tests.Fleet;
using RideTracking.V1;

namespace RideTracking.Server.Tests.Dispatch;

/// <summary>Rounds of matching: who is asked for which trip, why, and by whose decision.</summary>
public sealed class MatchingTests
{
    // Farther than anybody is looked for, in steps of 111 m.
    private const int Away = 100;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true, "Batch", "b", "a")]
    [InlineData(false, "Batch", "b", "a")]
    [InlineData(true, "Greedy", "a", "b")]
    public async Task Requests_are_matched_together_in_a_batch_and_in_their_order_greedily(bool onRedis, string mode, string first, string second)
    {
        await using var world = await RideWorld.StartOnAsync(onRedis, "--Matching:Mode", mode);
        var (t1, t2, a, b) = await TwoAndTwoAsync(world);
        // a is 2 steps from the first and 8 from the second, b is 6 and 16 away.
        Assert.Equal(t1, (await (first == "a" ? a : b).NextOfferAsync()).TripId);
        Assert.Equal(t2, (await (second == "a" ? a : b).NextOfferAsync()).TripId);

        var why = await ExplainAsync(world, t1, "a");
        var round = why.Rounds[0];
        Assert.Equal((2u, 2u, false), (round.OpenRequests, round.CandidateCount, round.ByCompany));
        var byId = round.Candidates.ToDictionary(c => c.DriverId);
        Assert.Equal(MatchOutcome.Offered, byId[first].Outcome);
        Assert.Equal((MatchOutcome.TakenByAnother, t2), (byId[second].Outcome, byId[second].TakenByTripId));
        Assert.InRange(byId["a"].Eta.ToTimeSpan().TotalSeconds, 31, 32.5); // 222 m at 7 m/s
        Assert.Equal(byId["a"].Eta.ToTimeSpan().TotalSeconds, byId["a"].Costs.PickupEtaSeconds, 1e-6);
        Assert.True(byId["a"].Costs.WaitingSeconds < 0);
        Assert.Equal(first == "a" ? MatchObstacle.AskedNow : MatchObstacle.HasOffer, why.Driver.Obstacle);
    }

    [Fact]
    public async Task Why_a_driver_is_not_asked_now_is_told()
    {
        await using var world = await RideWorld.StartAsync(args: ["--Trips:MaxFixAge", "00:01:10"]);
        await world.DriverAsync("far", Away);
        await world.DriverAsync("paused", 3, available: false);
        var late = await world.DriverAsync("late", 4);
        var small = await world.DriverAsync("small", 2);
        await world.Directory.UpsertVehicleAsync(
            new UpsertVehicleRequest { Vehicle = new Vehicle { VehicleId = "car-small", Description = "red Smart", LicensePlate = "S", Seats = 1 } }, world.Service, cancellationToken: Cancel);
        world.Time.Advance(TimeSpan.FromSeconds(80)); // nobody has been heard of since
        small.Move(RideWorld.North(2));

        var ride = RideWorld.Ride();
        ride.PartySize = 2;
        var trip = (await world.Riders.RequestTripAsync(ride, world.Service, cancellationToken: Cancel)).Trip.TripId;

        async Task<MatchObstacle> Of(string driver) => (await ExplainAsync(world, trip, driver)).Driver.Obstacle;
        Assert.Equal(MatchObstacle.NotInDirectory, await Of("nobody"));
        Assert.Equal(MatchObstacle.NotAvailable, await Of("paused"));
        Assert.Equal(MatchObstacle.StalePosition, await Of("late"));
        Assert.Equal(MatchObstacle.NoSeats, await Of("small"));
        await world.Dispatch.BlockDriverAsync(new BlockDriverRequest { DriverId = "paused", Reason = "papers" }, world.Service, cancellationToken: Cancel);
        Assert.Equal(MatchObstacle.Blocked, await Of("paused"));

        var far = await ExplainAsync(world, trip, "far");
        Assert.Equal(MatchObstacle.StalePosition, far.Driver.Obstacle);
        Assert.InRange(far.Driver.DistanceMeters, 11_000, 11_200);
        Assert.Equal(TimeSpan.FromSeconds(80), far.Driver.FixAge.ToTimeSpan());

        // Asked, then passed over, and for another trip cooling down.
        late.Move(RideWorld.North(4));
        world.Time.Advance(TimeSpan.FromSeconds(2));
        var offer = await late.NextOfferAsync();
        Assert.Equal(MatchObstacle.AskedNow, await Of("late"));
        Assert.Equal(0, (await late.ReplyAsync(offer.OfferId, accepted: false)).Status.Code);
        Assert.Equal(MatchObstacle.PassedOver, await Of("late"));
        var other = (await world.RequestAsync("q2", "r2")).TripId;
        Assert.Equal(MatchObstacle.CoolingDown, (await ExplainAsync(world, other, "late")).Driver.Obstacle);

        await world.CancelAsync(trip);
        Assert.Equal(MatchObstacle.TripNotSearching, await Of("late"));
    }

    // It puts the doubt into one node.
    [Fact, Trait(SpreadNodes.Trait, SpreadNodes.OneNode)]
    public async Task Nobody_is_asked_to_come_from_a_place_that_is_in_doubt()
    {
        await using var world = await RideWorld.StartAsync();
        var driver = await world.DriverAsync("d1", 3);
        var rejects = world.Host.City.GetRequiredService<CityFleet>().Rejects;
        var jump = Engine.Ingest.FixVerdict.Rejected(Engine.Ingest.FixRejectReason.ImpossibleJump, 70, 500);
        rejects.Set(driver.Slot, new Server.Areas.LastReject(jump, world.Time.GetUtcNow(), InARow: 1, OfLast: 1));
        var trip = (await world.RequestAsync()).TripId;
        Assert.Equal(MatchObstacle.PositionInDoubt, (await ExplainAsync(world, trip, "d1")).Driver.Obstacle);

        rejects.Taken(driver.Slot, ofLast: 1, world.Time.GetUtcNow());
        world.Time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(trip, (await driver.NextOfferAsync()).TripId);
    }

    [Fact]
    public async Task Too_far_and_the_wrong_vehicle_are_told_apart_and_a_candidate_is_none_of_them()
    {
        await using var world = await RideWorld.StartAsync();
        var far = await world.DriverAsync("far", Away);
        var ride = RideWorld.Ride();
        ride.Terms = new TripTerms { ServiceType = "van" };
        var van = (await world.Riders.RequestTripAsync(ride, world.Service, cancellationToken: Cancel)).Trip.TripId;
        Assert.Equal(MatchObstacle.WrongVehicle, (await ExplainAsync(world, van, "far")).Driver.Obstacle);
        var any = (await world.RequestAsync("q2", "r2")).TripId;
        Assert.Equal(MatchObstacle.TooFar, (await ExplainAsync(world, any, "far")).Driver.Obstacle);

        far.Move(RideWorld.North(1)); // the next round is held when the clock moves
        var now = (await ExplainAsync(world, any, "far")).Driver;
        Assert.Equal(MatchObstacle.None, now.Obstacle);
        Assert.InRange(now.Eta.ToTimeSpan().TotalSeconds, 15, 17);
    }

    [Fact]
    public async Task Who_is_not_weighed_because_others_are_nearer_is_not_called_too_far()
    {
        await using var world = await RideWorld.StartAsync(args: ["--Matching:MaxCandidates", "1"]);
        await world.DriverAsync("far", Away);
        var asked = await world.DriverAsync("asked", 1);
        var trip = (await world.RequestAsync()).TripId;
        await asked.NextOfferAsync();
        await world.DriverAsync("one", 2);
        await world.DriverAsync("two", 3);
        var obstacles = new List<MatchObstacle>();
        foreach (var driver in new[] { "one", "two", "far" })
        {
            obstacles.Add((await ExplainAsync(world, trip, driver)).Driver.Obstacle);
        }

        Assert.Equal([MatchObstacle.None, MatchObstacle.OthersNearer, MatchObstacle.TooFar], obstacles);
    }

    [Fact]
    public async Task A_trip_that_does_not_exist_explains_nothing()
    {
        await using var world = await RideWorld.StartAsync();
        var refused = await Assert.ThrowsAsync<RpcException>(() => ExplainAsync(world, "default.0", ""));
        Assert.Equal(StatusCode.NotFound, refused.StatusCode);
        refused = await Assert.ThrowsAsync<RpcException>(() => ExplainAsync(world, "default.0", "no id!"));
        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
    }

    [Fact]
    public async Task A_driver_about_to_drop_off_nearby_gets_the_next_trip()
    {
        await using var world = await RideWorld.StartAsync(args: ["--Matching:BackToBackMaxRemaining", "00:10:00"]);
        var driver = await world.DriverAsync("d1");
        var first = await BeginRideAsync(world, driver, to: 30);
        var next = await RequestAsync(world, "q2", 32, 50);
        var offer = await driver.NextOfferAsync();
        Assert.Equal((next.TripId, true, false), (offer.TripId, offer.IsNext, offer.IsShared));
        // 29 steps to drop off, two more to the pick-up: 31 × 111.2 m at 7 m/s.
        Assert.InRange(offer.PickupEta.ToTimeSpan().TotalSeconds, 470, 515);
        var why = await ExplainAsync(world, next.TripId, "");
        Assert.Equal(30, Assert.Single(why.Rounds[0].Candidates).Costs.BackToBackSeconds);
        Assert.NotEqual(first, next.TripId);
    }

    [Fact]
    public async Task A_driver_who_is_busy_for_longer_is_not_asked()
    {
        await using var world = await RideWorld.StartAsync(args: ["--Matching:BackToBackMaxRemaining", "00:01:00"]);
        var driver = await world.DriverAsync("d1");
        await BeginRideAsync(world, driver, to: 30);
        var next = await RequestAsync(world, "q2", 32, 50);
        Assert.Equal(MatchObstacle.Busy, (await ExplainAsync(world, next.TripId, "d1")).Driver.Obstacle);
        world.Time.Advance(TimeSpan.FromSeconds(2));
        Assert.DoesNotContain(await driver.WaitingAsync(), c => c.TripOffer?.TripId == next.TripId);
    }

    [Fact]
    public async Task A_second_rider_joins_where_the_way_leads_by()
    {
        await using var world = await RideWorld.StartAsync();
        var driver = await world.DriverAsync("d1");
        await BeginRideAsync(world, driver, to: 100, shared: true);
        var joins = await RequestAsync(world, "q2", 10, 40, shared: true);
        var offer = await driver.NextOfferAsync();
        Assert.Equal((joins.TripId, false, true), (offer.TripId, offer.IsNext, offer.IsShared));
        Assert.InRange(Assert.Single((await ExplainAsync(world, joins.TripId, "")).Rounds[0].Candidates).Costs.DetourSeconds, 0, 1);
        Assert.Equal(0, (await driver.ReplyAsync(offer.OfferId, accepted: true)).Status.Code);
        Assert.Equal(2, world.Book.PlanOf("d1").Trips.Length);
        Assert.Equal([joins.TripId, joins.TripId], world.Book.PlanOf("d1").Stops.Take(2).Select(s => s.TripId));
    }

    [Fact]
    public async Task Several_are_asked_at_once_where_that_is_wanted()
    {
        await using var world = await RideWorld.StartAsync(args: ["--Trips:OffersAtOnce", "2"]);
        var near = await world.DriverAsync("near");
        var far = await world.DriverAsync("far", 5);
        await world.DriverAsync("farther", 9);
        var trip = await world.RequestAsync();
        Assert.Equal(trip.TripId, (await near.NextOfferAsync()).TripId);
        Assert.Equal(trip.TripId, (await far.NextOfferAsync()).TripId);
        var outcomes = (await ExplainAsync(world, trip.TripId, "")).Rounds[0].Candidates.Select(c => (c.DriverId, c.Outcome));
        Assert.Equal([("near", MatchOutcome.Offered), ("far", MatchOutcome.Offered), ("farther", MatchOutcome.NotChosen)], outcomes);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_companys_matcher_decides_when_it_answers_in_time(bool onRedis)
    {
        await using var world = await RideWorld.StartOnAsync(onRedis);
        var near = await world.DriverAsync("near");
        var far = await world.DriverAsync("far", 5);
        using var matcher = await MatcherAsync(world);
        var trip = await world.RequestAsync();
        var round = await NextRoundAsync(matcher);
        var open = Assert.Single(round.Trips);
        Assert.Equal((trip.TripId, 1u, TimeSpan.FromMilliseconds(500)), (open.TripId, open.PartySize, round.AnswerWithin.ToTimeSpan()));
        Assert.Equal(["far", "near"], open.Candidates.Select(c => c.DriverId).Order());
        Assert.Equal(["far", "near"], round.Drivers.Select(d => d.DriverId).Order());

        await matcher.RequestStream.WriteAsync(Answer(round.Round, (trip.TripId, "far")), Cancel);
        Assert.Equal(trip.TripId, (await far.NextOfferAsync()).TripId);
        Assert.DoesNotContain(await near.WaitingAsync(), c => c.TripOffer is not null);
        Assert.True((await ExplainAsync(world, trip.TripId, "")).Rounds[0].ByCompany);
    }

    [Fact]
    public async Task A_late_or_wrong_answer_gives_the_built_in_matcher_the_say()
    {
        await using var world = await RideWorld.StartAsync();
        var near = await world.DriverAsync("near");
        var far = await world.DriverAsync("far", 5);
        using var matcher = await MatcherAsync(world);
        var trip = await world.RequestAsync();
        var round = await NextRoundAsync(matcher);
        world.Time.Advance(TimeSpan.FromMilliseconds(500));
        var offer = await near.NextOfferAsync();
        Assert.Equal(trip.TripId, offer.TripId);
        await matcher.RequestStream.WriteAsync(Answer(round.Round, (trip.TripId, "far")), Cancel); // nobody listens any more

        Assert.Equal(0, (await near.ReplyAsync(offer.OfferId, accepted: true)).Status.Code);
        var second = await world.RequestAsync("q2", "r2");
        round = await NextRoundAsync(matcher);
        await matcher.RequestStream.WriteAsync(Answer(round.Round, (second.TripId, "near")), Cancel); // not a candidate
        Assert.Equal(second.TripId, (await far.NextOfferAsync()).TripId);
        Assert.False((await ExplainAsync(world, second.TripId, "")).Rounds[0].ByCompany);
    }

    [Fact]
    public async Task A_matcher_that_leaves_or_is_taken_over_has_no_say()
    {
        await using var world = await RideWorld.StartAsync();
        var near = await world.DriverAsync("near");
        using var old = await MatcherAsync(world);
        using var matcher = world.Dispatch.ServeMatching(world.Service, cancellationToken: Cancel);
        var ended = await Assert.ThrowsAsync<RpcException>(async () => await NextRoundAsync(old));
        Assert.Equal((StatusCode.Aborted, "TAKEN_OVER"), (ended.StatusCode, ended.GetRpcStatus()?.GetDetail<ErrorInfo>()?.Reason));
        await matcher.RequestStream.CompleteAsync();
        Assert.False(await matcher.ResponseStream.MoveNext(Cancel));
        var trip = await world.RequestAsync();
        Assert.Equal(trip.TripId, (await near.NextOfferAsync()).TripId);
    }

    [Fact]
    public async Task A_matcher_that_sends_what_is_no_answer_is_told_and_loses_the_say()
    {
        await using var world = await RideWorld.StartAsync();
        var near = await world.DriverAsync("near");
        var bytes = Marshallers.Create<byte[]>(message => message, message => message);
        var serve = new Method<byte[], byte[]>(MethodType.DuplexStreaming, DispatchService.Descriptor.FullName, "ServeMatching", bytes, bytes);
        using var matcher = world.Host.Channel().CreateCallInvoker().AsyncDuplexStreamingCall(serve, null, new CallOptions(world.Service, cancellationToken: Cancel));
        await matcher.ResponseHeadersAsync;
        var trip = await world.RequestAsync();
        Assert.True(await matcher.ResponseStream.MoveNext(Cancel));
        await matcher.RequestStream.WriteAsync([0xff], Cancel);
        var refused = await Assert.ThrowsAsync<RpcException>(() => matcher.ResponseStream.MoveNext(Cancel));
        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
        Assert.Equal("ServeMatchingRequest", Assert.Single(refused.GetRpcStatus()!.GetDetail<BadRequest>()!.FieldViolations).Field);
        // At once: nobody waits for an answer from who is gone.
        Assert.Equal(trip.TripId, (await near.NextOfferAsync()).TripId);
    }

    [Fact]
    public async Task A_driver_whose_record_is_bad_does_not_keep_the_trip_from_the_next_one()
    {
        await using var world = await RideWorld.StartAsync();
        await world.DriverAsync("bad");
        var good = await world.DriverAsync("good", 5);
        await using var connection = await world.Redis.ConnectAsync();
        await connection.GetDatabase().HashSetAsync(new StoreKeys("default").Plans, "bad", "99 {");
        var trip = await world.RequestAsync();
        await world.Host.ErrorAsync($"The loop matching_rounds failed at {trip.TripId}");
        // When another trip had its round, with nobody near, this one's is over. It is left alone for a second then.
        await MatchedInVainAsync(world, (await RequestAsync(world, "q2", 500, 510)).TripId);
        world.Time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(trip.TripId, (await good.NextOfferAsync()).TripId);
    }

    [Fact]
    public async Task While_drivers_are_scarce_requests_are_collected()
    {
        await using var world = await RideWorld.StartAsync();
        var fleet = new FleetWorld(world.Host);
        for (var busy = 0; busy < 20; busy++)
        {
            fleet.SetStatus($"busy-{busy}", Engine.Index.DriverAvailability.Available, Engine.Index.DriverWork.OnTrip, Engine.Index.DriverLink.Connected);
        }

        var first = await world.DriverAsync("d1");
        var second = await world.DriverAsync("d2", 2);
        var began = world.Time.GetUtcNow();
        var trip = await world.RequestAsync(); // at once: it is long since anybody was matched
        Assert.Equal(trip.TripId, (await first.NextOfferAsync()).TripId);
        Assert.Equal(began, await MatchedAtAsync(world, trip.TripId));

        trip = await world.RequestAsync("q2", "r2");
        Assert.Empty((await ExplainAsync(world, trip.TripId, "")).Rounds);
        world.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(trip.TripId, (await second.NextOfferAsync()).TripId);
        Assert.Equal(began + TimeSpan.FromSeconds(10), await MatchedAtAsync(world, trip.TripId));
    }

    [Theory]
    [InlineData("TickInterval", "00:00:00.001")]
    [InlineData("ScarceTickInterval", "00:00:01")]
    [InlineData("ScarceBelow", "NaN")]
    [InlineData("MaxCandidates", "0")]
    [InlineData("BackToBackMaxRemaining", "02:00:00")]
    [InlineData("WaitingWeight", "-1")]
    [InlineData("HookTimeout", "00:00:10")]
    public async Task A_setting_out_of_range_stops_the_start_and_says_the_range(string setting, string value)
    {
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => ServerHost.StartAsync(args: [$"--Matching:{setting}", value]));
        Assert.StartsWith($"Matching:{setting} is ", Assert.Single(refused.Failures));
    }

    // Two trips wait and nobody is near; then two drivers come near within one tick.
    private static async Task<(string First, string Second, TestDriver A, TestDriver B)> TwoAndTwoAsync(RideWorld world)
    {
        var a = await world.DriverAsync("a", Away);
        var b = await world.DriverAsync("b", Away);
        var first = await RequestAsync(world, "q1", 0, 100);
        await MatchedInVainAsync(world, first.TripId);
        world.Time.Advance(TimeSpan.FromMilliseconds(100));
        var second = await RequestAsync(world, "q2", 10, 100);
        await MatchedInVainAsync(world, second.TripId);
        a.Move(RideWorld.North(2));
        b.Move(RideWorld.North(-6));
        world.Time.Advance(TimeSpan.FromSeconds(2));
        return (first.TripId, second.TripId, a, b);
    }

    // A round follows at once on a request. It is over before time passes, which it would count as work, and before anybody comes near.
    private static Task MatchedInVainAsync(RideWorld world, string tripId) =>
        ServerHost.UntilAsync(async () => (await ExplainAsync(world, tripId, "")).Rounds.Count > 0);

    private static async Task<Trip> RequestAsync(RideWorld world, string requestId, int from, int to, bool shared = false)
    {
        var request = new RequestTripRequest { RequestId = requestId, RiderId = "rider-" + requestId, PartySize = 1, Terms = new TripTerms { CanShare = shared } };
        request.Waypoints.Add(RideWorld.Waypoint(WaypointKind.Pickup, from));
        request.Waypoints.Add(RideWorld.Waypoint(WaypointKind.Dropoff, to));
        return (await world.Riders.RequestTripAsync(request, world.Service, cancellationToken: Cancel)).Trip;
    }

    // A ride from step 1 on, with the rider in the car.
    private static async Task<string> BeginRideAsync(RideWorld world, TestDriver driver, int to, bool shared = false)
    {
        var trip = await RequestAsync(world, "q1", 1, to, shared);
        Assert.Equal(trip.TripId, await driver.AcceptNextAsync());
        var pickup = trip.Waypoints[0].WaypointId;
        Assert.Equal(0, (await driver.ProgressAsync(trip.TripId, pickup, WaypointStep.Arrived)).Status.Code);
        Assert.Equal(0, (await driver.ProgressAsync(trip.TripId, pickup, WaypointStep.Done)).Status.Code);
        Assert.Equal(Command.CommandOneofCase.RouteChanged, (await driver.NextAsync()).CommandCase);
        return trip.TripId;
    }

    private static async Task<ExplainMatchResponse> ExplainAsync(RideWorld world, string tripId, string driverId) => await world.Dispatch.ExplainMatchAsync(
        new ExplainMatchRequest { TripId = tripId, DriverId = driverId }, world.Service, cancellationToken: Cancel);

    private static async Task<DateTimeOffset> MatchedAtAsync(RideWorld world, string tripId) =>
        (await ExplainAsync(world, tripId, "")).Rounds[0].MatchedAt.ToDateTimeOffset();

    private static ServeMatchingRequest Answer(ulong round, params ReadOnlySpan<(string TripId, string DriverId)> pairs)
    {
        var answer = new ServeMatchingRequest { Round = round };
        foreach (var (tripId, driverId) in pairs)
        {
            answer.Pairs.Add(new MatchedPair { TripId = tripId, DriverId = driverId });
        }

        return answer;
    }

    // Its headers come when it has the say.
    private static async Task<AsyncDuplexStreamingCall<ServeMatchingRequest, ServeMatchingResponse>> MatcherAsync(RideWorld world)
    {
        var matcher = world.Dispatch.ServeMatching(world.Service, cancellationToken: Cancel);
        await matcher.ResponseHeadersAsync;
        return matcher;
    }

    private static async Task<ServeMatchingResponse> NextRoundAsync(AsyncDuplexStreamingCall<ServeMatchingRequest, ServeMatchingResponse> matcher)
    {
        using var patience = new CancellationTokenSource(RideWorld.Patience);
        Assert.True(await matcher.ResponseStream.MoveNext(patience.Token));
        return matcher.ResponseStream.Current;
    }
}
