using Google.Rpc;
using Grpc.Core;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.V1;

namespace RideTracking.Server.Tests.Streams;

/// <summary>Everybody at once, and one again and again.</summary>
[Trait(SpreadNodes.Trait, SpreadNodes.OneNode)]
public sealed class StreamAdmissionTests
{
    [Fact]
    public async Task Who_comes_while_as_many_as_may_are_being_let_in_is_told_when_to_come_again()
    {
        await using var redis = await RedisProcess.StartAsync();
        var time = new WatchedTime(TimeProvider.System.GetUtcNow());
        await using var server = await ServerHost.StartAsync(redis, time, args: ["--Streams:MaxOpening", "1"]);
        redis.Hold();
        await using var first = DriverPhone.Dial(server, "d1");
        await first.SendAsync(HelloOf("d1"));
        // Its claim waits for the store.
        await time.AsleepAsync(TimeSpan.FromSeconds(2));
        await using var second = DriverPhone.Dial(server, "d2");
        await second.SendAsync(HelloOf("d2"));

        Assert.Equal(("TOO_MANY_OPENING", TimeSpan.FromSeconds(2)), Said(await second.ReadFailureAsync()));

        redis.GoOn();
        Assert.NotNull((await first.ReadUntilAsync(m => m.Welcome is not null)).Welcome);
        await using var again = await DriverPhone.ConnectAsync(server, "d2");
    }

    [Fact]
    public async Task An_app_that_comes_back_at_once_each_time_it_is_taken_over_is_held_down_and_others_are_not()
    {
        var time = new WatchedTime(TimeProvider.System.GetUtcNow());
        await using var server = await ServerHost.StartAsync(time: time, args: ["--Streams:MaxConnectsPerMinute", "4"]);
        for (var i = 0; i < 4; i++)
        {
            await using var phone = await DriverPhone.ConnectAsync(server, "d1", configure: hello => hello.DeviceId = $"phone-{i % 2}");
        }

        time.Advance(TimeSpan.FromSeconds(10));
        await using var held = DriverPhone.Dial(server, "d1");
        await held.SendAsync(HelloOf("d1"));
        Assert.Equal(("CONNECTS_TOO_OFTEN", TimeSpan.FromSeconds(50)), Said(await held.ReadFailureAsync()));
        await using var other = await DriverPhone.ConnectAsync(server, "d2");

        time.Advance(TimeSpan.FromSeconds(50));
        await using var later = await DriverPhone.ConnectAsync(server, "d1");
    }

    private static ConnectRequest HelloOf(string driverId) => new() { Hello = new Hello { ProtocolVersion = 1, DriverId = driverId, SessionId = "s-" + driverId } };

    private static (string? Reason, TimeSpan? After) Said(RpcException e)
    {
        Assert.Equal(StatusCode.ResourceExhausted, e.StatusCode);
        var status = e.GetRpcStatus();
        return (status?.GetDetail<ErrorInfo>()?.Reason, status?.GetDetail<RetryInfo>()?.RetryDelay.ToTimeSpan());
    }
}
