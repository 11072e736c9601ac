using System.Net.Http.Json;
using System.Text.Json;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RideTracking.Server.Access;
using RideTracking.Server.Hosting;
using RideTracking.Server.Store;
using RideTracking.Server.Tests.Dispatch;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.V1;

namespace RideTracking.Server.Tests.Storage;

/// <summary>How a Redis is set up that the server is given, each on a redis-server that is set up so.</summary>
[Trait(SpreadNodes.Trait, SpreadNodes.OneNode)]
public sealed class StoreCheckTests
{
    private static readonly string[] Durable = ["--appendonly", "yes"];
    private static readonly string[] Evicting = [.. Durable, "--maxmemory", "100mb", "--maxmemory-policy", "volatile-lru"];
    private static readonly string[] WithoutScripts = [.. Durable, "--rename-command", "EVAL", "", "--rename-command", "EVALSHA", ""];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_is_said_of_a_store_that_keeps_what_it_is_given()
    {
        // A policy that never comes to bear is nobody's business.
        await using var redis = await ConfiguredRedis.StartAsync([.. Durable, "--maxmemory-policy", "allkeys-lru"]);
        Assert.Empty(await SaidOfAsync(redis.Endpoint));
        Assert.Empty(await SaidOfAsync(""));
    }

    [Fact]
    public async Task Without_an_append_only_file_it_is_said_once_what_is_lost_and_how_to_mend_it()
    {
        await using var redis = await ConfiguredRedis.StartAsync();
        var line = Assert.Single(await SaidOfAsync(redis.Endpoint));
        Assert.StartsWith($"Warning: The store at {redis.Endpoint} keeps no append-only file (appendonly no): when it ends, ", line, StringComparison.Ordinal);
        Assert.EndsWith("Set its appendonly to yes.", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replicas_that_are_there_are_to_be_waited_for()
    {
        await using var redis = await ConfiguredRedis.StartAsync([.. Durable, "--repl-diskless-sync-delay", "0"]);
        await using var replica = await ConfiguredRedis.StartAsync(["--replicaof", "127.0.0.1", $"{redis.Port}"]);
        await using var admin = await redis.ConnectAsync();
        await ServerHost.UntilAsync(async () => ((string)(await admin.GetDatabase().ExecuteAsync("INFO", "replication"))!).Contains("state=online", StringComparison.Ordinal));

        var line = Assert.Single(await SaidOfAsync(redis.Endpoint));
        Assert.StartsWith($"Warning: The store at {redis.Endpoint} has 1 replicas that nobody waits for", line, StringComparison.Ordinal);
        Assert.Empty(await SaidOfAsync(redis.Endpoint, "--Store:WaitForReplicas", "1"));
        await admin.GetDatabase().ExecuteAsync("CONFIG", "SET", "min-replicas-to-write", "1");
        Assert.Empty(await SaidOfAsync(redis.Endpoint));
    }

    [Fact]
    public async Task No_server_starts_on_a_store_that_drops_keys()
    {
        await using var redis = await ConfiguredRedis.StartAsync(Evicting);
        var refused = await RefusedAsync(redis);
        Assert.StartsWith($"The store at {redis.Endpoint} drops keys of its own choice once it uses its 100 MB (maxmemory-policy volatile-lru): ", refused, StringComparison.Ordinal);
        Assert.Contains("Set its maxmemory-policy to noeviction", refused, StringComparison.Ordinal);
        await using var admin = await redis.ConnectAsync();
        Assert.Equal(0, await admin.GetServers()[0].DatabaseSizeAsync());
    }

    [Fact]
    public async Task No_server_starts_on_a_store_without_scripts()
    {
        await using var redis = await ConfiguredRedis.StartAsync(WithoutScripts);
        Assert.StartsWith($"The store at {redis.Endpoint} runs no scripts (EVAL), ", await RefusedAsync(redis), StringComparison.Ordinal);
    }

    [Fact]
    public void Replicas_that_are_waited_for_must_be_there()
    {
        var finding = Assert.Single(StoreFinding.Of(new StoreServerInfo("connected_slaves:1"), waitForReplicas: 2));
        Assert.Equal(StoreFindingKind.Dangerous, finding.Kind);
        Assert.StartsWith("has 1 replicas, and writes wait for 2 (Store:WaitForReplicas)", finding.Words, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("redis_version:5.0.14", "is Redis 5.0.14, and the oldest that this server works on is 6.0. Upgrade it, or name another in Store:Redis.")]
    [InlineData("redis_version:6.0.16", null)]
    [InlineData("redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.0.1", null)]
    [InlineData("another_version:1", null)]
    public void The_oldest_version_is_six(string info, string? told) =>
        Assert.Equal(
            told is null ? [] : [new StoreFinding(StoreFindingKind.Unfit, told)], StoreFinding.Of(new StoreServerInfo($"# Server\r\n{info}\r\nrun_id:abc"), waitForReplicas: 0));

    [Fact]
    public async Task A_user_who_may_not_ask_is_told_so_once_and_served()
    {
        await using var redis = await ConfiguredRedis.StartAsync([.. Durable, "--user", "rides", "on", ">secret", "~*", "&*", "+@all", "-info", "--user", "default", "off"]);
        var line = Assert.Single(await SaidOfAsync($"{redis.Endpoint},user=rides,password=secret"));
        Assert.StartsWith("Information: The store does not tell its user what it is and how it is set up (INFO)", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_store_that_comes_later_and_drops_keys_is_told_of_and_worked_on_until_another_takes_its_place()
    {
        await using var redis = new ConfiguredRedis();
        var said = new SaidLog<StoreCheck>();
        await using var server = await ServerHost.StartAsync(configure: builder => builder.Logging.AddProvider(said), args: ["--redis", redis.Endpoint]);
        server.ExpectErrors("drops keys of its own choice");
        await redis.StartAgainAsync(Evicting);
        await UntilHealthAsync(server, health => health.StartsWith($"connected. The store at {redis.Endpoint} drops keys", StringComparison.Ordinal));
        Assert.StartsWith("Error: ", Assert.Single(said.Lines), StringComparison.Ordinal);
        await RequestAsync(server);

        redis.Kill();
        await redis.StartAgainAsync(Durable);
        await UntilHealthAsync(server, health => health == "connected");
        Assert.Single(said.Lines);
    }

    [Fact]
    public async Task Nothing_is_written_to_a_store_that_comes_later_and_runs_no_scripts_until_one_does()
    {
        await using var redis = new ConfiguredRedis();
        await using var server = await ServerHost.StartAsync(args: ["--redis", redis.Endpoint]);
        server.ExpectErrors("runs no scripts");
        await redis.StartAgainAsync(WithoutScripts);
        await UntilHealthAsync(server, health => health.StartsWith("refusing (UNFIT): ", StringComparison.Ordinal) && health.Contains("runs no scripts", StringComparison.Ordinal));
        Assert.Equal(StatusCode.Unavailable, (await Assert.ThrowsAsync<RpcException>(() => RequestAsync(server))).StatusCode);
        await using (var admin = await redis.ConnectAsync())
        {
            Assert.Equal(0, await admin.GetServers()[0].DatabaseSizeAsync());
        }

        redis.Kill();
        await redis.StartAgainAsync(Durable);
        await UntilHealthAsync(server, health => health == "connected");
        await ServerHost.UntilAsync(async () =>
        {
            try
            {
                await RequestAsync(server);
                return true;
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.Unavailable)
            {
                return false;
            }
        });
    }

    [Fact]
    public async Task Whoever_takes_the_place_of_a_master_is_looked_at_too()
    {
        await using var master = await ConfiguredRedis.StartAsync([.. Durable, "--min-replicas-to-write", "1", "--repl-diskless-sync-delay", "0"]);
        await using var replica = await ConfiguredRedis.StartAsync(["--replicaof", "127.0.0.1", $"{master.Port}"]);
        await using var admin = await replica.ConnectAsync();
        await ServerHost.UntilAsync(async () => ((string)(await admin.GetDatabase().ExecuteAsync("INFO", "replication"))!).Contains("master_link_status:up", StringComparison.Ordinal));
        var said = new SaidLog<StoreCheck>();
        await using var server = await ServerHost.StartAsync(configure: builder => builder.Logging.AddProvider(said), args: ["--redis", $"{master.Endpoint},{replica.Endpoint}"]);
        Assert.Empty(said.Lines);

        master.Kill();
        await admin.GetDatabase().ExecuteAsync("REPLICAOF", "NO", "ONE");
        await ServerHost.UntilAsync(() => said.Lines.Length > 0);
        Assert.StartsWith($"Warning: The store at {replica.Endpoint} keeps no append-only file", Assert.Single(said.Lines), StringComparison.Ordinal);
    }

    // It looks more than once.
    private static async Task<string[]> SaidOfAsync(string redis, params string[] args)
    {
        var said = new SaidLog<StoreCheck>();
        await using var server = await ServerHost.StartAsync(configure: builder => builder.Logging.AddProvider(said), args: ["--redis", redis, .. args]);
        var store = server.Services.GetRequiredService<RedisStore>();
        store.WasRestored();
        await server.Services.GetRequiredService<StoreCheck>().LookAsync();
        return said.Lines;
    }

    private static async Task<string> RefusedAsync(ConfiguredRedis redis)
    {
        var folder = Directory.CreateTempSubdirectory("refused-").FullName;
        string[] args = ["--environment", "Development", "--grpc-port", "0", "--web-port", "0", "--data", folder, "--redis", redis.Endpoint, "--Logging:LogLevel:Default", "None"];
        Assert.Equal(1, await ServerCommands.RunAsync(args));
        await using var app = RideTrackingServer.Build(args);
        var refused = await Assert.ThrowsAsync<StartException>(() => ServerCommands.ServeAsync(app, Cancel));
        Directory.Delete(folder, recursive: true);
        return refused.Message;
    }

    private static async Task RequestAsync(ServerHost server) => await new RiderService.RiderServiceClient(server.Channel()).RequestTripAsync(
        RideWorld.Ride(), server.TokenOf(Role.Service, "backend"), cancellationToken: Cancel);

    private static async Task UntilHealthAsync(ServerHost server, Predicate<string> isSo)
    {
        using var http = new HttpClient { BaseAddress = server.ManagementAddress };
        await ServerHost.UntilAsync(async () =>
            isSo((await http.GetFromJsonAsync<JsonElement>("/readyz", Cancel)).GetProperty("checks").GetProperty("store").GetString()!));
    }
}
