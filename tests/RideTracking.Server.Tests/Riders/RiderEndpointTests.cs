using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using RideTracking.Server.Access;
using RideTracking.Server.Tests.Dispatch;
using RideTracking.V1;
using LatLng = Google.Type.LatLng;

namespace RideTracking.Server.Tests.Riders;

/// <summary>What riders may ask, and what they are told when they may not.</summary>
public sealed class RiderEndpointTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_same_request_gives_the_same_trip_and_another_body_is_refused()
    {
        await using var world = await RideWorld.StartAsync();

        var trips = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => world.RequestAsync("q1")));
        Assert.Single(trips.Select(t => t.TripId).Distinct());
        await world.CancelAsync(trips[0].TripId);
        Assert.Equal(TripState.Cancelled, (await world.RequestAsync("q1")).State);

        var refused = await Assert.ThrowsAsync<RpcException>(() => world.RequestAsync("q1", stops: 1));
        Assert.Equal(StatusCode.AlreadyExists, refused.StatusCode);
        Assert.Equal("REQUEST_ID_REUSED", refused.GetRpcStatus()!.GetDetail<ErrorInfo>()!.Reason);
        // Another caller's ids are another caller's.
        var own = await world.Riders.RequestTripAsync(RideWorld.Ride("q1"), world.Host.TokenOf(Role.Rider, "r1"), cancellationToken: Cancellation);
        Assert.NotEqual(trips[0].TripId, own.Trip.TripId);
    }

    [Fact]
    public async Task A_request_is_the_callers_own_however_its_id_and_theirs_are_cut()
    {
        await using var world = await RideWorld.StartAsync();
        var first = await RequestAsync("k", "1:go");
        var second = await RequestAsync("k:1", "go");
        Assert.NotEqual(first, second);
        Assert.Equal(first, await RequestAsync("k", "1:go"));
        Assert.Equal(second, await RequestAsync("k:1", "go"));

        async Task<string> RequestAsync(string riderId, string requestId) => (await world.Riders.RequestTripAsync(
            RideWorld.Ride(requestId, riderId), world.Host.TokenOf(Role.Rider, riderId), cancellationToken: Cancellation)).Trip.TripId;
    }

    [Fact]
    public async Task A_rider_sees_only_their_own_trips_and_cannot_tell_others_from_none()
    {
        await using var world = await RideWorld.StartAsync();
        var trip = await world.RequestAsync(riderId: "r1");
        var own = world.Host.TokenOf(Role.Rider, "r1");
        var other = world.Host.TokenOf(Role.Rider, "r2");
        Assert.Equal(trip.TripId, (await world.Riders.GetTripAsync(new GetTripRequest { TripId = trip.TripId }, own, cancellationToken: Cancellation)).Trip.TripId);

        var answers = new List<string>();
        foreach (var id in new[] { trip.TripId, "default.0190", "elsewhere.0190", "}{", new string('x', 10_000) })
        {
            answers.Add(await RefusalAsync(() => world.Riders.GetTripAsync(new GetTripRequest { TripId = id }, other, cancellationToken: Cancellation).ResponseAsync));
            answers.Add(await RefusalAsync(() => world.Riders.CancelTripAsync(
                new CancelTripRequest { TripId = id, Reason = CancellationReason.Other }, other, cancellationToken: Cancellation).ResponseAsync));
            var update = new UpdateWaypointsRequest { TripId = id, ExpectedVersion = 1, Waypoints = { RideWorld.Waypoint(WaypointKind.Dropoff, 3) } };
            answers.Add(await RefusalAsync(() => world.Riders.UpdateWaypointsAsync(update, other, cancellationToken: Cancellation).ResponseAsync));
            using var watch = new WatchedTrip(world.Riders.WatchTrip(new WatchTripRequest { TripId = id }, other, cancellationToken: Cancellation));
            answers.Add(await RefusalAsync(watch.EndAsync));
        }

        Assert.StartsWith("NotFound", Assert.Single(answers.Distinct()));
        var foreign = await Assert.ThrowsAsync<RpcException>(
            () => world.Riders.RequestTripAsync(RideWorld.Ride(), other, cancellationToken: Cancellation).ResponseAsync);
        Assert.Equal(StatusCode.PermissionDenied, foreign.StatusCode);
        Assert.Equal(TripState.Searching, (await world.GetAsync(trip.TripId)).State);

        static async Task<string> RefusalAsync(Func<Task> call)
        {
            var refused = await Assert.ThrowsAsync<RpcException>(call);
            return $"{refused.StatusCode} {refused.Status.Detail} {refused.GetRpcStatus()}";
        }
    }

    [Fact]
    public async Task A_request_that_breaks_a_rule_names_the_fields()
    {
        await using var world = await RideWorld.StartAsync();

        await FaultAsync(["request_id"], r => r.RequestId = "");
        await FaultAsync(["request_id"], r => r.RequestId = new string('q', 65));
        await FaultAsync(["rider_id"], r => r.RiderId = "r 1");
        await FaultAsync(["party_size"], r => r.PartySize = 0);
        await FaultAsync(["party_size"], r => r.PartySize = 9);
        await FaultAsync(["note"], r => r.Note = new string('n', 281));
        await FaultAsync(["waypoints"], r => r.Waypoints.Clear());
        await FaultAsync(["waypoints", "waypoints[0].kind"], r => r.Waypoints.RemoveAt(0));
        await FaultAsync(["waypoints"], r =>
        {
            for (var i = 0; i < 9; i++)
            {
                r.Waypoints.Insert(1 + i, RideWorld.Waypoint(WaypointKind.Stop, 1 + i));
            }
        });
        await FaultAsync(["waypoints[0].kind", "waypoints[1].kind"], r =>
        {
            r.Waypoints[0].Kind = WaypointKind.Dropoff;
            r.Waypoints[1].Kind = WaypointKind.Pickup;
        });
        await FaultAsync(["waypoints[1].kind"], r => r.Waypoints[1].Kind = (WaypointKind)42);
        await FaultAsync(["waypoints[0].waypoint_id"], r => r.Waypoints[0].WaypointId = "mine");
        await FaultAsync(["waypoints[1].label"], r => r.Waypoints[1].Label = new string('l', 129));
        // To nowhere.
        await FaultAsync(["waypoints[1].location"], r => r.Waypoints[1].Location = null);
        await FaultAsync(["waypoints[1].location"], r => r.Waypoints[1].Location = r.Waypoints[0].Location);
        foreach (var latitude in new[] { 91, -91, double.NaN, double.PositiveInfinity, double.NegativeInfinity })
        {
            await FaultAsync(["waypoints[0].location.latitude"], r => r.Waypoints[0].Location.Latitude = latitude);
        }

        foreach (var longitude in new[] { 181, -181, double.NaN, double.PositiveInfinity, double.NegativeInfinity })
        {
            await FaultAsync(["waypoints[1].location.longitude"], r => r.Waypoints[1].Location.Longitude = longitude);
        }

        foreach (var wrong in new[] { DateTimeOffset.MinValue, DateTimeOffset.UnixEpoch, world.Time.GetUtcNow().AddMinutes(-6), world.Time.GetUtcNow().AddDays(31), DateTimeOffset.MaxValue })
        {
            await FaultAsync(["terms.scheduled_for"], r => r.Terms = new TripTerms { ScheduledFor = Timestamp.FromDateTimeOffset(wrong) });
        }

        Assert.Equal(0, world.Book.SearchingCount);
        var justNow = RideWorld.Ride("now");
        justNow.Terms = new TripTerms { ScheduledFor = Timestamp.FromDateTimeOffset(world.Time.GetUtcNow().AddMinutes(-4)) };
        Assert.Equal(TripState.Searching, (await world.Riders.RequestTripAsync(justNow, world.Service, cancellationToken: Cancellation)).Trip.State);

        async Task FaultAsync(string[] fields, Action<RequestTripRequest> breakIt)
        {
            var request = RideWorld.Ride();
            breakIt(request);
            var refused = await Assert.ThrowsAsync<RpcException>(
                () => world.Riders.RequestTripAsync(request, world.Service, cancellationToken: Cancellation).ResponseAsync);
            Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
            Assert.Equal(fields, refused.GetRpcStatus()!.GetDetail<BadRequest>()!.FieldViolations.Select(v => v.Field));
        }
    }

    [Fact]
    public async Task An_update_or_a_cancellation_that_breaks_a_rule_names_the_field()
    {
        await using var world = await RideWorld.StartAsync();
        var trip = await world.RequestAsync();

        await FaultAsync("expected_version", r => r.ExpectedVersion = 0);
        await FaultAsync("waypoints", r => r.Waypoints.Clear());
        await FaultAsync("waypoints[0].waypoint_id", r => r.Waypoints[0].WaypointId = "default.other.w1");
        await FaultAsync("waypoints[1].kind", r => r.Waypoints[1].Kind = WaypointKind.Stop);
        await FaultAsync("waypoints[1].kind", r => r.Waypoints[1].Kind = WaypointKind.Unspecified);
        await FaultAsync("waypoints[1].location.latitude", r => r.Waypoints[1].Location = new LatLng { Latitude = double.NaN });
        await FaultAsync("waypoints[1].location", r => r.Waypoints[1].Location = r.Waypoints[0].Location);

        foreach (var reason in new[] { CancellationReason.Unspecified, CancellationReason.TooLong, (CancellationReason)77 })
        {
            var cancel = new CancelTripRequest { TripId = trip.TripId, Reason = reason };
            var refused = await Assert.ThrowsAsync<RpcException>(
                () => world.Riders.CancelTripAsync(cancel, world.Service, cancellationToken: Cancellation).ResponseAsync);
            Assert.Equal("reason", Assert.Single(refused.GetRpcStatus()!.GetDetail<BadRequest>()!.FieldViolations).Field);
        }

        Assert.Equal(trip, await world.GetAsync(trip.TripId));

        async Task FaultAsync(string field, Action<UpdateWaypointsRequest> breakIt)
        {
            var update = new UpdateWaypointsRequest { TripId = trip.TripId, ExpectedVersion = trip.Version, Waypoints = { trip.Clone().Waypoints } };
            breakIt(update);
            var refused = await Assert.ThrowsAsync<RpcException>(() => world.UpdateAsync(update));
            Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
            Assert.Equal(field, Assert.Single(refused.GetRpcStatus()!.GetDetail<BadRequest>()!.FieldViolations).Field);
        }
    }

    [Fact]
    public async Task A_watcher_of_a_trip_that_is_over_gets_it_once_and_the_stream_ends()
    {
        await using var world = await RideWorld.StartAsync();
        var trip = await world.RequestAsync();
        await world.CancelAsync(trip.TripId);

        using var watch = world.Watch(trip.TripId);
        await watch.EndAsync();

        Assert.Equal(TripState.Cancelled, Assert.Single(watch.Seen).Trip.State);
    }

    [Fact]
    public async Task After_a_reassignment_the_car_that_is_seen_is_the_new_drivers()
    {
        await using var world = await RideWorld.StartAsync();
        var former = await world.DriverAsync("d1", steps: 1);
        var trip = await world.RequestAsync();
        await former.AcceptNextAsync();
        var present = await world.DriverAsync("d2", steps: 50);
        var link = await world.Riders.CreateShareLinkAsync(
            new CreateShareLinkRequest { RequestId = "link", TripId = trip.TripId }, world.Service, cancellationToken: Cancellation);
        using var watch = world.Watch(trip.TripId);
        using var shared = world.Riders.WatchSharedTrip(new WatchSharedTripRequest { Token = link.Token }, cancellationToken: Cancellation);
        await watch.UntilAsync(r => r.Position is not null);
        await SharedUntilAsync(r => r.Position is not null);

        await world.Dispatch.AssignTripAsync(new AssignTripRequest { TripId = trip.TripId, DriverId = "d2" }, world.Service, cancellationToken: Cancellation);
        await watch.UntilAsync(r => r.Trip?.Driver?.DriverId == "d2");
        var before = watch.Seen.Count;
        world.Time.Advance(TimeSpan.FromSeconds(5));
        former.Move(RideWorld.North(5));
        present.Move(RideWorld.North(40));

        await watch.UntilAsync(r => IsAt(r.Position, 40));
        Assert.DoesNotContain(watch.Seen.Skip(before), r => IsAt(r.Position, 5));
        await SharedUntilAsync(r => IsAt(r.Position, 40));

        static bool IsAt(VehiclePosition? position, int steps) =>
            position is not null && Math.Abs(position.Location.Latitude - RideWorld.North(steps).LatitudeDegrees) < 0.0001;

        async Task SharedUntilAsync(Func<WatchSharedTripResponse, bool> wanted)
        {
            using var patience = new CancellationTokenSource(RideWorld.Patience);
            do
            {
                Assert.True(await shared.ResponseStream.MoveNext(patience.Token));
                Assert.False(IsAt(shared.ResponseStream.Current.Position, 5));
            }
            while (!wanted(shared.ResponseStream.Current));
        }
    }

    [Fact]
    public async Task The_car_is_seen_only_while_it_is_the_riders()
    {
        await using var world = await RideWorld.StartAsync();
        var driver = await world.DriverAsync("d1");
        var trip = await world.RequestAsync();
        using var watch = world.Watch(trip.TripId);
        var offer = await driver.NextOfferAsync();
        await driver.ReplyAsync(offer.OfferId, accepted: true);
        world.Time.Advance(TimeSpan.FromSeconds(2));
        driver.Move(RideWorld.North(2));
        await watch.UntilAsync(r => r.Position?.Location.Latitude == RideWorld.North(2).LatitudeDegrees);
        await world.CancelAsync(trip.TripId);
        driver.Move(RideWorld.North(50));
        await watch.EndAsync();

        Assert.All(watch.Seen.Where(r => r.Trip is { Driver: null } or { State: TripState.Cancelled }), r => Assert.Null(r.Position));
        Assert.DoesNotContain(watch.Seen, r => r.Position?.Location.Latitude == RideWorld.North(50).LatitudeDegrees);
    }
}
