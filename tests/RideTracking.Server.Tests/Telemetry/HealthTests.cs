using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Reflection.V1;
using Microsoft.Extensions.DependencyInjection;
using RideTracking.Server.Access;
using RideTracking.Server.Store;
using RideTracking.Server.Store.Feeds;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.V1;
using GrpcHealth = Grpc.Health.V1.Health;

namespace RideTracking.Server.Tests.Telemetry;

public sealed class HealthTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ready_stays_up_while_Redis_is_away_and_says_so()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var server = await ServerHost.StartAsync(redis);
        using var http = new HttpClient { BaseAddress = server.ManagementAddress };
        Assert.Equal((HttpStatusCode.OK, "ready", "connected"), await ReadyAsync(http));

        redis.Kill();
        var store = server.Services.GetRequiredService<RedisStore>();
        while (store.IsConnected)
        {
            await Task.Yield();
        }

        Assert.Equal((HttpStatusCode.OK, "ready", "away: live tracking works; acknowledgements and trips wait"), await ReadyAsync(http));
        using var live = await http.GetAsync("/livez", Cancel);
        Assert.Equal(HttpStatusCode.OK, live.StatusCode);
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, await StatusAsync(server, ""));
    }

    [Fact]
    public async Task Nodes_that_are_set_otherwise_are_told_by_section_and_stay_ready()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var here = await ServerHost.StartAsync(redis);
        await using var there = await ServerHost.StartAsync(redis, dataFolder: here.DataFolder, args: ["--Matching:TickInterval", "00:00:03", "--Trips:OfferWindow", "00:00:20"]);
        using var http = new HttpClient { BaseAddress = here.ManagementAddress };
        var told = "";
        await ServerHost.UntilAsync(async () => (told = await CheckAsync(http, "settings")) != "well");
        Assert.Equal($"Matching, Trips differ from those of the node on {Environment.MachineName}: give all nodes of a city the same", told);
        Assert.Equal((HttpStatusCode.OK, "ready", "connected"), await ReadyAsync(http));

        await there.StopAsync();
        await ServerHost.UntilAsync(async () => await CheckAsync(http, "settings") == "well");
    }

    [Fact]
    public async Task A_node_that_is_far_behind_a_feed_is_sent_no_new_streams_until_it_has_caught_up()
    {
        await using var redis = await RedisProcess.StartAsync();
        var time = new WatchedTime(TimeProvider.System.GetUtcNow());
        await using var server = await ServerHost.StartAsync(redis, time);
        using var http = new HttpClient { BaseAddress = server.ManagementAddress };
        Assert.Equal("well", await CheckAsync(http, "feeds"));
        var reader = server.City.GetRequiredKeyedService<FeedReader>("dispatch");
        var release = await reader.HoldAsync();
        time.Advance(TimeSpan.FromSeconds(12));
        // The others may not have been looked at since, either.
        Assert.Contains("the dispatch feed is 1", await CheckAsync(http, "feeds"), StringComparison.Ordinal);
        using (var answer = await http.GetAsync("/readyz", Cancel))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        }

        Assert.Equal(HealthCheckResponse.Types.ServingStatus.NotServing, await StatusAsync(server, ""));
        // What it has it serves.
        await new DirectoryService.DirectoryServiceClient(server.Channel()).ListDriversAsync(new ListDriversRequest(), server.TokenOf(Role.Ops, "o"), cancellationToken: Cancel);

        release();
        await reader.LookAsync(Cancel);
        await server.City.GetRequiredKeyedService<FeedReader>("log").LookAsync(Cancel);
        await server.Services.GetRequiredKeyedService<FeedReader>("company").LookAsync(Cancel);
        Assert.Equal((HttpStatusCode.OK, "ready", "connected"), await ReadyAsync(http));
    }

    [Fact]
    public async Task Each_service_tells_its_health_over_gRPC()
    {
        await using var server = await ServerHost.StartAsync();
        foreach (var service in Access.Contract.Methods.Select(method => method.Service.FullName).Distinct())
        {
            Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, await StatusAsync(server, service));
        }
    }

    [Fact]
    public async Task A_watcher_of_health_is_told_that_the_node_goes_down()
    {
        await using var server = await ServerHost.StartAsync();
        using var watch = new GrpcHealth.HealthClient(server.Channel()).Watch(new HealthCheckRequest(), cancellationToken: Cancel);
        Assert.True(await watch.ResponseStream.MoveNext(Cancel));
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, watch.ResponseStream.Current.Status);
        var stopping = server.StopAsync();
        Assert.True(await watch.ResponseStream.MoveNext(Cancel));
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.NotServing, watch.ResponseStream.Current.Status);
        watch.Dispose();
        await stopping;
    }

    [Fact]
    public async Task Reflection_tells_every_service_and_its_methods()
    {
        await using var server = await ServerHost.StartAsync();
        using var call = new ServerReflection.ServerReflectionClient(server.Channel()).ServerReflectionInfo(cancellationToken: Cancel);
        var listed = await AskAsync(call, new ServerReflectionRequest { ListServices = "" });
        var ours = Access.Contract.Methods.Select(method => method.Service).Distinct().ToList();
        Assert.Superset(ours.Select(service => service.FullName).ToHashSet(), listed.ListServicesResponse.Service.Select(service => service.Name).ToHashSet());
        foreach (var service in ours)
        {
            var answer = await AskAsync(call, new ServerReflectionRequest { FileContainingSymbol = service.FullName });
            Assert.Contains(service.File.SerializedData, answer.FileDescriptorResponse.FileDescriptorProto);
        }
    }

    private static async Task<string> CheckAsync(HttpClient http, string check)
    {
        using var answer = await http.GetAsync("/readyz", Cancel);
        return (await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("checks").GetProperty(check).GetString()!;
    }

    private static async Task<ServerReflectionResponse> AskAsync(
        AsyncDuplexStreamingCall<ServerReflectionRequest, ServerReflectionResponse> call, ServerReflectionRequest request)
    {
        await call.RequestStream.WriteAsync(request, Cancel);
        Assert.True(await call.ResponseStream.MoveNext(Cancel));
        return call.ResponseStream.Current;
    }

    private static async Task<HealthCheckResponse.Types.ServingStatus> StatusAsync(ServerHost server, string service) =>
        (await new GrpcHealth.HealthClient(server.Channel()).CheckAsync(new HealthCheckRequest { Service = service }, cancellationToken: Cancel)).Status;

    private static async Task<(HttpStatusCode Code, string? Status, string? Store)> ReadyAsync(HttpClient http)
    {
        using var answer = await http.GetAsync("/readyz", Cancel);
        var body = await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        return (answer.StatusCode, body.GetProperty("status").GetString(), body.GetProperty("checks").GetProperty("store").GetString());
    }
}
