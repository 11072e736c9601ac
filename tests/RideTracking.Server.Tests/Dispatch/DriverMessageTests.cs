using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using RideTracking.Server.Access;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.V1;

namespace RideTracking.Server.Tests.Dispatch;

/// <summary>Words of the company reach the driver's app, once.</summary>
public sealed class DriverMessageTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, InlineData(false), InlineData(true)]
    public async Task A_message_reaches_the_stream_once_however_often_it_is_sent(bool onRedis)
    {
        await using var world = await RideWorld.StartOnAsync(onRedis);
        await world.DriverAsync("d1");
        await using var phone = await DriverPhone.ConnectAsync(world.Host, "d1");
        var request = new SendDriverMessageRequest { RequestId = "m1", DriverId = "d1", Text = "Bring the umbrella ☂", ExpiresAfter = Duration.FromTimeSpan(TimeSpan.FromMinutes(5)) };

        var ops = world.Host.TokenOf(Role.Ops, "olga");
        var sent = await world.Dispatch.SendDriverMessageAsync(request, ops, cancellationToken: Cancel);
        Assert.Equal(sent, await world.Dispatch.SendDriverMessageAsync(request, ops, cancellationToken: Cancel));
        await world.Dispatch.SendDriverMessageAsync(new SendDriverMessageRequest(request) { RequestId = "m2", Text = "second" }, ops, cancellationToken: Cancel);

        var first = (await phone.ReadUntilAsync(m => m.Command is not null)).Command;
        Assert.Equal((sent.MessageId, "Bring the umbrella ☂", world.Time.GetUtcNow()), (first.DriverMessage.MessageId, first.DriverMessage.Text, first.DriverMessage.SentAt.ToDateTimeOffset()));
        Assert.Equal(world.Time.GetUtcNow().AddMinutes(5), first.ExpiresAt.ToDateTimeOffset());
        var second = (await phone.ReadUntilAsync(m => m.Command is not null)).Command;
        Assert.Equal(("second", first.Sequence + 1), (second.DriverMessage.Text, second.Sequence));

        request.Text = "another";
        Assert.Equal("REQUEST_ID_REUSED", await ReasonAsync(() => world.Dispatch.SendDriverMessageAsync(request, ops, cancellationToken: Cancel).ResponseAsync));
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task A_message_waits_for_an_app_that_is_away_until_it_expires(bool onRedis)
    {
        await using var world = await RideWorld.StartOnAsync(onRedis);
        var driver = await world.DriverAsync("d1");
        await world.Dispatch.SendDriverMessageAsync(new SendDriverMessageRequest { RequestId = "m1", DriverId = "d1", Text = "soon" }, world.Service, cancellationToken: Cancel);
        await world.Dispatch.SendDriverMessageAsync(
            new SendDriverMessageRequest { RequestId = "m2", DriverId = "d1", Text = "long", ExpiresAfter = Duration.FromTimeSpan(TimeSpan.FromDays(7)) }, world.Service, cancellationToken: Cancel);
        Assert.Equal(["soon", "long"], (await driver.WaitingAsync()).Select(c => c.DriverMessage.Text));
        world.Time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(["long"], (await driver.WaitingAsync()).Select(c => c.DriverMessage.Text));
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task An_app_that_takes_nothing_in_gets_no_more_than_the_limit(bool onRedis)
    {
        await using var world = await RideWorld.StartOnAsync(onRedis, "--Trips:MaxWaitingCommands", "8");
        var driver = await world.DriverAsync("d1");
        for (var i = 0; i < 8; i++)
        {
            await SendAsync(world, $"m{i}");
        }

        Assert.Equal("DRIVER_UNHEARD", await ReasonAsync(() => SendAsync(world, "m8")));
        Assert.True(await driver.AcknowledgeAsync((await driver.WaitingAsync())[2].Sequence));
        await SendAsync(world, "m8");
        Assert.Equal(6, (await driver.WaitingAsync()).Count);
    }

    [Fact]
    public async Task What_cannot_be_sent_is_named()
    {
        await using var world = await RideWorld.StartAsync();
        Assert.Equal("DRIVER_NOT_FOUND", await ReasonAsync(() => SendAsync(world, "m1")));
        var refused = await Assert.ThrowsAsync<RpcException>(() => world.Dispatch.SendDriverMessageAsync(
            new SendDriverMessageRequest { DriverId = "}{", Text = new string('x', 501), ExpiresAfter = new Duration { Seconds = 5 } }, world.Service, cancellationToken: Cancel).ResponseAsync);
        Assert.Equal(["request_id", "driver_id", "text", "expires_after"], refused.GetRpcStatus()!.GetDetail<BadRequest>()!.FieldViolations.Select(v => v.Field));
        foreach (var span in new[] { new Duration { Seconds = long.MaxValue }, new Duration { Seconds = 604_800, Nanos = 100 }, new Duration { Nanos = -1 } })
        {
            refused = await Assert.ThrowsAsync<RpcException>(() => world.Dispatch.SendDriverMessageAsync(
                new SendDriverMessageRequest { RequestId = "m", DriverId = "d1", Text = "x", ExpiresAfter = span }, world.Service, cancellationToken: Cancel).ResponseAsync);
            Assert.Equal("expires_after", Assert.Single(refused.GetRpcStatus()!.GetDetail<BadRequest>()!.FieldViolations).Field);
        }
    }

    private static Task<SendDriverMessageResponse> SendAsync(RideWorld world, string requestId) => world.Dispatch.SendDriverMessageAsync(
        new SendDriverMessageRequest { RequestId = requestId, DriverId = "d1", Text = "hello" }, world.Service, cancellationToken: Cancel).ResponseAsync;

    private static async Task<string> ReasonAsync(Func<Task> call) =>
        (await Assert.ThrowsAsync<RpcException>(call)).GetRpcStatus()!.GetDetail<ErrorInfo>()!.Reason;
}
