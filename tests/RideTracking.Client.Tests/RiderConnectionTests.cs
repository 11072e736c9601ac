using Grpc.Core;
using RideTracking.Client.Tests.Fixtures;
using RideTracking.V1;

namespace RideTracking.Client.Tests;

public sealed class RiderConnectionTests : IAsyncLifetime
{
    private ScriptedServer _server = null!;
    private RiderConnection _rider = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await ScriptedServer.StartAsync();
        _rider = new RiderConnection(
            _server.Channel,
            new RiderConnectionOptions { InitialBackoff = TimeSpan.FromMilliseconds(1), MaxBackoff = TimeSpan.FromMilliseconds(10) },
            random: new Random(1));
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_request_that_is_tried_again_keeps_its_id()
    {
        var trip = _rider.RequestTripAsync(new RequestTripRequest { RiderId = "rider" }, Patience.Token);
        var first = await _server.AcceptRequestAsync();
        Assert.NotEmpty(first.Request.RequestId);
        first.Answer.SetException(new RpcException(new Status(StatusCode.Unavailable, "scripted")));
        var second = await _server.AcceptRequestAsync();
        Assert.Equal(first.Request, second.Request);
        second.Answer.SetResult(new RequestTripResponse { Trip = new Trip { TripId = "trip" } });
        Assert.Equal("trip", (await trip).TripId);
    }

    [Fact]
    public async Task A_refused_request_is_not_tried_again()
    {
        var trip = _rider.RequestTripAsync(new RequestTripRequest(), Patience.Token);
        (await _server.AcceptRequestAsync()).Answer.SetException(new RpcException(new Status(StatusCode.InvalidArgument, "scripted")));
        Assert.Equal(StatusCode.InvalidArgument, (await Assert.ThrowsAsync<RpcException>(() => trip)).StatusCode);
    }

    [Fact]
    public async Task A_refused_token_is_tried_once_more()
    {
        var trip = _rider.RequestTripAsync(new RequestTripRequest(), Patience.Token);
        for (var i = 0; i < 2; i++)
            (await _server.AcceptRequestAsync()).Answer.SetException(new RpcException(new Status(StatusCode.Unauthenticated, "scripted")));
        Assert.Equal(StatusCode.Unauthenticated, (await Assert.ThrowsAsync<RpcException>(() => trip)).StatusCode);
    }

    [Fact]
    public async Task A_watch_mends_itself_says_nothing_twice_and_ends_with_the_trip()
    {
        var seen = new List<WatchTripResponse>();
        var watching = WatchAsync(seen);
        var first = await _server.AcceptWatchAsync();
        await first.WriteAsync(new WatchTripResponse { Trip = Trip(1, TripState.Assigned, "way") });
        await first.WriteAsync(new WatchTripResponse { Position = new VehiclePosition { CourseDegrees = 1 } });
        await first.WriteAsync(new WatchTripResponse { Trip = Trip(2, TripState.InProgress, "") });
        first.End(StatusCode.Unavailable);

        var second = await _server.AcceptWatchAsync();
        await second.WriteAsync(new WatchTripResponse { Trip = Trip(2, TripState.InProgress, "way"), Position = new VehiclePosition { CourseDegrees = 2 } });
        second.End();

        // In good order, but the trip goes on: the server went down.
        var third = await _server.AcceptWatchAsync();
        await third.WriteAsync(new WatchTripResponse { Trip = Trip(2, TripState.InProgress, "way") });
        await third.WriteAsync(new WatchTripResponse { Trip = Trip(3, TripState.Completed, "") });
        third.End();
        await watching;

        Assert.Equal([1, 0, 2, 0, 3], seen.Select(news => (int)(news.Trip?.Version ?? 0)));
        Assert.Equal([0, 1, 0, 2, 0], seen.Select(news => (int)(news.Position?.CourseDegrees ?? 0)));
        Assert.All(seen.Where(news => news.Trip is not null), news => Assert.Equal("way", news.Trip.Route.EncodedPolyline));
    }

    [Fact]
    public async Task A_watch_of_what_one_may_not_see_is_refused()
    {
        var watching = WatchAsync([]);
        (await _server.AcceptWatchAsync()).End(StatusCode.PermissionDenied);
        Assert.Equal(StatusCode.PermissionDenied, (await Assert.ThrowsAsync<RpcException>(() => watching)).StatusCode);
    }

    private async Task WatchAsync(List<WatchTripResponse> seen)
    {
        await foreach (var news in _rider.WatchTripAsync("trip", Patience.Token))
            seen.Add(news);
    }

    private static Trip Trip(ulong version, TripState state, string polyline) =>
        new() { TripId = "trip", Version = version, State = state, Route = new Route { Version = 1, EncodedPolyline = polyline } };
}
