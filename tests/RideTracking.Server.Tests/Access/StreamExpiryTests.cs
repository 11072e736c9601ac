using Google.Rpc;
using Grpc.Core;
using RideTracking.Server.Access;
using RideTracking.V1;

namespace RideTracking.Server.Tests.Access;

/// <summary>A stream ends when its token does.</summary>
public sealed class StreamExpiryTests(AccessWorld world) : IClassFixture<AccessWorld>
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Skew = new AccessOptions().ClockSkew;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_fleet_stream_ends()
    {
        using var watch = new FleetService.FleetServiceClient(world.Channel).WatchFleet(
            new WatchFleetRequest { Viewport = new Viewport { South = 41, West = -9, North = 42, East = -8 } },
            AccessWorld.Headers(world.TokenOf(Role.Ops, lifetime: Lifetime)),
            cancellationToken: Cancel);
        await EndsWithTheTokenAsync(watch.ResponseStream);
    }

    [Fact]
    public async Task A_riders_stream_ends()
    {
        using var watch = new RiderService.RiderServiceClient(world.Channel).WatchTrip(
            new WatchTripRequest { TripId = world.TripOfSomebodyElse },
            AccessWorld.Headers(world.TokenOf(Role.Rider, AccessWorld.SomebodyElse, Lifetime)),
            cancellationToken: Cancel);
        await EndsWithTheTokenAsync(watch.ResponseStream);
    }

    [Fact]
    public async Task A_drivers_stream_ends_unless_its_token_is_refreshed()
    {
        using var connect = await ConnectAsync("d1");
        world.Advance(Lifetime / 2);
        await connect.RequestStream.WriteAsync(
            new ConnectRequest { TokenRefresh = new TokenRefresh { Token = world.TokenOf(Role.Driver, "d1", Lifetime) } }, Cancel);
        await ReadUntilAsync(connect, message => message.TokenAccepted is not null);

        // Past the first token, within the second.
        world.Advance((Lifetime / 2) + Skew);
        await connect.RequestStream.WriteAsync(
            new ConnectRequest { TokenRefresh = new TokenRefresh { Token = world.TokenOf(Role.Driver, "d1", Lifetime) } }, Cancel);
        await ReadUntilAsync(connect, message => message.TokenAccepted is not null);

        world.Advance(Lifetime + Skew);
        var closing = await ReadUntilAsync(connect, message => message.StreamClosing is not null);
        Assert.Equal(StreamClosingReason.TokenExpired, closing.StreamClosing.Reason);
        Assert.True(closing.StreamClosing.MayReconnect);
        await connect.RequestStream.CompleteAsync();
        await FailsAsync(connect.ResponseStream, StatusCode.Unauthenticated, "TOKEN_EXPIRED");
    }

    [Fact]
    public async Task A_refresh_with_somebody_elses_token_ends_the_stream()
    {
        using var connect = await ConnectAsync("d2");
        await connect.RequestStream.WriteAsync(
            new ConnectRequest { TokenRefresh = new TokenRefresh { Token = world.TokenOf(Role.Driver, AccessWorld.SomebodyElse) } }, Cancel);
        await FailsAsync(connect.ResponseStream, StatusCode.PermissionDenied, "NOT_YOUR_DRIVER");
    }

    private async Task EndsWithTheTokenAsync<T>(IAsyncStreamReader<T> stream)
    {
        Assert.True(await stream.MoveNext(Cancel));
        world.Advance(Lifetime + Skew);
        await FailsAsync(stream, StatusCode.Unauthenticated, "TOKEN_EXPIRED");
    }

    private static async Task FailsAsync<T>(IAsyncStreamReader<T> stream, StatusCode status, string reason)
    {
        var failure = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await stream.MoveNext(Cancel))
            {
                // What was under way still arrives.
            }
        });
        Assert.Equal((status, reason), (failure.StatusCode, failure.GetRpcStatus()?.GetDetail<ErrorInfo>()?.Reason));
    }

    private async Task<AsyncDuplexStreamingCall<ConnectRequest, ConnectResponse>> ConnectAsync(string driverId)
    {
        var call = new DriverService.DriverServiceClient(world.Channel).Connect(
            AccessWorld.Headers(world.TokenOf(Role.Driver, driverId, Lifetime)), cancellationToken: Cancel);
        await call.RequestStream.WriteAsync(
            new ConnectRequest { Hello = new Hello { ProtocolVersion = 1, DriverId = driverId, SessionId = "s" } }, Cancel);
        await ReadUntilAsync(call, message => message.Welcome is not null);
        return call;
    }

    private static async Task<ConnectResponse> ReadUntilAsync(
        AsyncDuplexStreamingCall<ConnectRequest, ConnectResponse> call, Func<ConnectResponse, bool> found)
    {
        while (await call.ResponseStream.MoveNext(Cancel))
        {
            if (found(call.ResponseStream.Current))
            {
                return call.ResponseStream.Current;
            }
        }

        throw new InvalidOperationException("The stream ended.");
    }
}
