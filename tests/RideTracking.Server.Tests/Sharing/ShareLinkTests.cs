using Google.Rpc;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using RideTracking.Server.Access;
using RideTracking.Server.Areas;
using RideTracking.Server.Store;
using RideTracking.Server.Tests.Dispatch;
using RideTracking.V1;

namespace RideTracking.Server.Tests.Sharing;

/// <summary>Trips that others watch by a link.</summary>
public sealed class ShareLinkTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory, InlineData(true), InlineData(false)]
    public async Task Who_has_the_link_sees_the_ride_and_nothing_of_the_rider_until_it_is_over(bool onRedis)
    {
        await using var world = await RideWorld.StartOnAsync(onRedis);
        await world.EnterRiderAsync("r1", "Ana Maria", "+351 900");
        var driver = await world.DriverAsync("d1");
        var trip = await world.RequestAsync(stops: 1);
        var link = await CreateAsync(world, trip.TripId);
        Assert.StartsWith("default.", link.LinkId);
        Assert.True(link.Token.Length - link.LinkId.Length > 40);

        using var watch = Watch(world, link.Token);
        Assert.Equal(TripState.Searching, (await watch.NextAsync()).Trip.State);
        await driver.AcceptNextAsync();
        var assigned = (await watch.UntilAsync(r => r.Trip?.State == TripState.Assigned)).Trip;
        Assert.Equal(("Driver", "white Prius", "AA-00-d1"), (assigned.DriverFirstName, assigned.VehicleDescription, assigned.LicensePlate));
        Assert.Equal([WaypointKind.Pickup, WaypointKind.Stop, WaypointKind.Dropoff], assigned.Waypoints.Select(w => w.Kind));
        Assert.NotEmpty(assigned.Route.EncodedPolyline);
        Assert.Equal(assigned.Waypoints.Select(w => w.WaypointId), assigned.Route.Legs.Select(l => l.WaypointId));
        Assert.All(assigned.Waypoints, w => Assert.NotNull(w.EstimatedArrival));

        world.Time.Advance(TimeSpan.FromSeconds(3));
        driver.Move(RideWorld.North(0));
        Assert.NotNull((await watch.UntilAsync(r => r.Position is { } p && p.Location.Latitude == RideWorld.Porto.LatitudeDegrees)).Position.FixedAt);

        foreach (var waypoint in trip.Waypoints)
        {
            Assert.Equal(0, (await driver.ProgressAsync(trip.TripId, waypoint.WaypointId, WaypointStep.Arrived)).Status.Code);
            Assert.Equal(0, (await driver.ProgressAsync(trip.TripId, waypoint.WaypointId, WaypointStep.Done)).Status.Code);
        }

        await watch.UntilAsync(r => r.Trip?.State == TripState.Completed);
        Assert.False(await watch.MoveAsync());
        await RefusedAsync(world, link.Token);

        foreach (var secret in new[] { trip.TripId, "r1", "Ana", "+351", "blue door", "Driver d1\"", "driverId", "Pickup 0", link.LinkId })
        {
            Assert.All(watch.Seen, seen => Assert.DoesNotContain(secret, seen.ToString(), StringComparison.Ordinal));
        }
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task A_revoked_link_ends_at_once_and_does_not_come_back(bool onRedis)
    {
        await using var world = await RideWorld.StartOnAsync(onRedis);
        var trip = await world.RequestAsync();
        var (link, other) = (await CreateAsync(world, trip.TripId, "s1"), await CreateAsync(world, trip.TripId, "s2"));
        using var watch = Watch(world, link.Token);
        using var watchOther = Watch(world, other.Token);
        await watch.NextAsync();
        await watchOther.NextAsync();

        await RevokeAsync(world, link.LinkId);
        Assert.Equal("SHARE_LINK_NOT_FOUND", await watch.EndAsync());
        await RefusedAsync(world, link.Token);
        await RevokeAsync(world, link.LinkId);
        var again = await Assert.ThrowsAsync<RpcException>(() => CreateAsync(world, trip.TripId, "s1"));
        Assert.Equal("LINK_REVOKED", again.GetRpcStatus()!.GetDetail<ErrorInfo>()!.Reason);

        await world.CancelAsync(trip.TripId);
        await watchOther.UntilAsync(r => r.Trip.State == TripState.Cancelled);
        Assert.False(await watchOther.MoveAsync());
        var over = await Assert.ThrowsAsync<RpcException>(() => CreateAsync(world, trip.TripId, "s3"));
        Assert.Equal((StatusCode.FailedPrecondition, "Cancelled"), (over.StatusCode, over.GetRpcStatus()!.GetDetail<ErrorInfo>()!.Metadata["state"]));
    }

    [Fact]
    public async Task A_link_that_another_node_revoked_ends()
    {
        await using var world = await RideWorld.StartAsync();
        await using var elsewhere = await RideWorld.StartAsync(world.Redis);
        var trip = await world.RequestAsync();
        var (link, stays) = (await CreateAsync(world, trip.TripId, "s1"), await CreateAsync(world, trip.TripId, "s2"));
        using var watch = Watch(elsewhere, link.Token);
        using var watchStays = Watch(elsewhere, stays.Token);
        await watch.NextAsync();
        await watchStays.NextAsync();

        await RevokeAsync(world, link.LinkId);
        // Time stands still: nobody looks by himself.
        Assert.Equal("SHARE_LINK_NOT_FOUND", await watch.EndAsync());

        // The other one goes on until it is revoked itself.
        await RevokeAsync(elsewhere, stays.LinkId);
        Assert.Equal("SHARE_LINK_NOT_FOUND", await watchStays.EndAsync());
    }

    [Fact]
    public async Task The_same_request_gives_the_same_link_with_a_new_token()
    {
        await using var world = await RideWorld.StartAsync();
        var trip = await world.RequestAsync();
        var lost = await CreateAsync(world, trip.TripId);
        using var watch = Watch(world, lost.Token);
        await watch.NextAsync();

        var link = await CreateAsync(world, trip.TripId);
        Assert.Equal(lost.LinkId, link.LinkId);
        Assert.NotEqual(lost.Token, link.Token);
        Assert.Equal("SHARE_LINK_NOT_FOUND", await watch.EndAsync());
        await RefusedAsync(world, lost.Token);
        using var again = Watch(world, link.Token);
        Assert.Equal(TripState.Searching, (await again.NextAsync()).Trip.State);

        // The store knows the hash of the secret and not the secret.
        var stored = (string)(await world.Host.Services.GetRequiredService<RedisStore>().Trips.StringGetAsync(
            world.Host.City.GetRequiredService<StoreKeys>().ShareLink(link.LinkId)))!;
        Assert.DoesNotContain(link.Token[(link.LinkId.Length + 1)..], stored, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Links_of_a_trip_and_watchers_of_a_link_are_limited()
    {
        await using var world = await RideWorld.StartAsync(args: ["--Sharing:MaxLinksPerTrip", "2", "--Sharing:MaxWatchesPerLink", "1", "--Sharing:MaxWatches", "2"]);
        var trip = await world.RequestAsync();
        var links = new[] { await CreateAsync(world, trip.TripId, "s1"), await CreateAsync(world, trip.TripId, "s2") };
        var full = await Assert.ThrowsAsync<RpcException>(() => CreateAsync(world, trip.TripId, "s3"));
        Assert.Equal((StatusCode.ResourceExhausted, "TOO_MANY_LINKS"), (full.StatusCode, full.GetRpcStatus()!.GetDetail<ErrorInfo>()!.Reason));
        await CreateAsync(world, trip.TripId, "s1");
        await RevokeAsync(world, links[0].LinkId);
        var third = await CreateAsync(world, trip.TripId, "s3");

        using var second = Watch(world, links[1].Token);
        await second.NextAsync();
        using (var tooMany = Watch(world, links[1].Token))
        {
            Assert.Equal("TOO_MANY_WATCHES_OF_LINK", await tooMany.EndAsync());
        }

        using var other = Watch(world, third.Token);
        await other.NextAsync();
        using var beyond = Watch(world, third.Token);
        Assert.Equal("TOO_MANY_WATCHES", await beyond.EndAsync());
    }

    [Fact]
    public async Task Every_token_that_is_not_valid_gets_the_same_answer()
    {
        await using var world = await RideWorld.StartAsync();
        var trip = await world.RequestAsync();
        var link = await CreateAsync(world, trip.TripId);
        var over = await world.RequestAsync("q2", "r2");
        var ofOver = await CreateAsync(world, over.TripId);
        await world.CancelAsync(over.TripId);
        var secret = link.Token[(link.LinkId.Length + 1)..];
        string[] wrong =
        [
            "", ".", "x", link.LinkId, link.LinkId + ".", secret, $"elsewhere.{link.LinkId[8..]}.{secret}", link.Token + "A",
            link.Token[..^2] + (link.Token[^2] == 'A' ? "B" : "A") + link.Token[^1],
            $"default.{new string('0', 32)}.{secret}", $"{ofOver.LinkId}.{secret}", ofOver.Token, trip.TripId,
            new string('x', 10_000), $"default.}}{{{new string('0', 30)}.{secret}",
        ];
        var answers = new List<string>();
        foreach (var token in wrong)
        {
            using var watch = Watch(world, token);
            var refused = await Assert.ThrowsAsync<RpcException>(watch.MoveAsync);
            answers.Add($"{refused.StatusCode} {refused.Status.Detail} {refused.GetRpcStatus()}");
        }

        Assert.StartsWith("NotFound", Assert.Single(answers.Distinct()));
        foreach (var linkId in new[] { "", "x", link.LinkId + "0", $"default.{new string('0', 32)}" })
        {
            var refused = await Assert.ThrowsAsync<RpcException>(() => RevokeAsync(world, linkId));
            Assert.Equal((StatusCode.NotFound, "SHARE_LINK_NOT_FOUND"), (refused.StatusCode, refused.GetRpcStatus()!.GetDetail<ErrorInfo>()!.Reason));
        }

        var unnamed = await Assert.ThrowsAsync<RpcException>(() => CreateAsync(world, trip.TripId, ""));
        Assert.Equal("request_id", Assert.Single(unnamed.GetRpcStatus()!.GetDetail<BadRequest>()!.FieldViolations).Field);
    }

    private static async Task<CreateShareLinkResponse> CreateAsync(RideWorld world, string tripId, string requestId = "s1") =>
        await world.Riders.CreateShareLinkAsync(
            new CreateShareLinkRequest { RequestId = requestId, TripId = tripId }, world.Host.TokenOf(Role.Service, "backend"), cancellationToken: Cancellation);

    private static async Task RevokeAsync(RideWorld world, string linkId) =>
        await world.Riders.RevokeShareLinkAsync(new RevokeShareLinkRequest { LinkId = linkId }, world.Service, cancellationToken: Cancellation);

    private static async Task RefusedAsync(RideWorld world, string token)
    {
        using var watch = Watch(world, token);
        Assert.Equal("SHARE_LINK_NOT_FOUND", await watch.EndAsync());
    }

    // Without an account: no headers at all.
    private static Watched Watch(RideWorld world, string token) => new(world.Riders.WatchSharedTrip(new WatchSharedTripRequest { Token = token }));

    private sealed class Watched(AsyncServerStreamingCall<WatchSharedTripResponse> call) : IDisposable
    {
        public List<WatchSharedTripResponse> Seen { get; } = [];

        public Task<WatchSharedTripResponse> NextAsync() => UntilAsync(_ => true);

        public async Task<WatchSharedTripResponse> UntilAsync(Func<WatchSharedTripResponse, bool> wanted)
        {
            while (await MoveAsync())
            {
                if (wanted(Seen[^1]))
                {
                    return Seen[^1];
                }
            }

            throw new InvalidOperationException("The stream ended before what was waited for came.");
        }

        public async Task<bool> MoveAsync()
        {
            using var patience = new CancellationTokenSource(RideWorld.Patience);
            if (!await call.ResponseStream.MoveNext(patience.Token))
            {
                return false;
            }

            Seen.Add(call.ResponseStream.Current);
            return true;
        }

        /// <summary>The reason why the stream was ended.</summary>
        public async Task<string> EndAsync()
        {
            var ended = await Assert.ThrowsAsync<RpcException>(async () =>
            {
                while (await MoveAsync())
                {
                    // What was on its way.
                }
            });
            return ended.GetRpcStatus()!.GetDetail<ErrorInfo>()!.Reason;
        }

        public void Dispose() => call.Dispose();
    }
}
