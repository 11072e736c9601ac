using System.Net.Sockets;
using Grpc.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.Server.Tests.Fleet;
using RideTracking.Server.Tests.Rest;
using RideTracking.V1;

namespace RideTracking.Server.Tests.Streams;

/// <summary>Watches whose callers do not read.</summary>
[Trait(SpreadNodes.Trait, SpreadNodes.OneNode)]
public sealed class SlowReaderTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, InlineData(false), InlineData(true)]
    public async Task A_watch_that_nobody_reads_is_broken_off_and_one_that_is_read_goes_on(bool asJson)
    {
        var time = new WatchedTime(TimeProvider.System.GetUtcNow());
        await using var server = await StartAsync(time);
        var world = Crowded(server);
        using var http = new HttpClient(new SocketsHttpHandler { ConnectCallback = ConnectAsync }) { BaseAddress = server.WebAddress, DefaultRequestHeaders = { { "authorization", world.Ops.GetValue("authorization") } } };
        using var slow = asJson ? null : world.Client().WatchFleet(new WatchFleetRequest { Viewport = FleetWorld.Porto }, world.Ops, cancellationToken: Cancel);
        using var slowJson = !asJson ? null : await http.SendAsync(
            JsonCall.Request(FleetService.Descriptor.FindMethodByName("WatchFleet"), new WatchFleetRequest { Viewport = FleetWorld.Porto }), HttpCompletionOption.ResponseHeadersRead, Cancel);
        await time.AsleepAsync(Limit);
        using var read = new FleetReader(world.Client().WatchFleet(new WatchFleetRequest { Viewport = FleetWorld.Porto }, world.Ops, cancellationToken: Cancel));
        await read.ReadSnapshotAsync();

        time.Advance(Limit);

        if (slow is not null)
        {
            await Assert.ThrowsAsync<RpcException>(async () =>
            {
                while (await slow.ResponseStream.MoveNext(Cancel))
                {
                }
            });
        }
        else
        {
            await Assert.ThrowsAnyAsync<Exception>(() => slowJson!.Content.ReadAsByteArrayAsync(Cancel));
        }

        world.Move("another", 41.15, -8.6);
        time.Advance(TimeSpan.FromSeconds(1));
        await read.UntilAsync(r => r.Shown.ContainsKey("another"));
    }

    [Fact]
    public async Task Who_is_behind_when_the_server_goes_down_is_told_so()
    {
        var time = new WatchedTime(TimeProvider.System.GetUtcNow());
        await using var server = await StartAsync(time);
        var world = Crowded(server);
        using var slow = world.Client().WatchFleet(new WatchFleetRequest { Viewport = FleetWorld.Porto }, world.Ops, cancellationToken: Cancel);
        await time.AsleepAsync(Limit);

        server.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();

        var end = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await slow.ResponseStream.MoveNext(Cancel))
            {
                // What was under way still arrives.
            }
        });
        Assert.Equal((StatusCode.Unavailable, "DRAINING"), (end.StatusCode, end.GetRpcStatus()?.GetDetail<Google.Rpc.ErrorInfo>()?.Reason));
    }

    private static Task<ServerHost> StartAsync(WatchedTime time) =>
        ServerHost.StartAsync(time: time, configure: builder => builder.Services.Configure<SocketTransportOptions>(TakeLittleAhead));

    // More cars than a client and its connection take ahead.
    private static FleetWorld Crowded(ServerHost server)
    {
        var world = new FleetWorld(server);
        for (var i = 0; i < 15_000; i++)
        {
            world.Move($"driver-{i}", 41.1 + (i % 1000 * 0.0001), -8.7 + (i / 1000 * 0.001));
        }

        return world;
    }

    // Without flow control of streams it is the connection that holds the server up, and by itself that takes some megabytes ahead.
    private static void TakeLittleAhead(SocketTransportOptions transport) => transport.CreateBoundListenSocket = endpoint =>
    {
        var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
        socket.SendBufferSize = 4096;
        return socket;
    };

    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096, NoDelay = true };
        await socket.ConnectAsync(context.DnsEndPoint, cancel);
        return new NetworkStream(socket, ownsSocket: true);
    }
}
