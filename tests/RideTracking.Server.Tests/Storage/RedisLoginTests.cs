using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RideTracking.Server.Access;
using RideTracking.Server.Store;
using RideTracking.Server.Tests.Dispatch;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.V1;

namespace RideTracking.Server.Tests.Storage;

/// <summary>Who a Redis is and who its user is: by TLS with an authority of the company's own, and by a password out of a file.</summary>
[Trait(SpreadNodes.Trait, SpreadNodes.OneNode)]
public sealed class RedisLoginTests : IDisposable
{
    private readonly TlsFiles _files = new();
    private readonly SaidLog<RedisStore> _said = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _files.Dispose();
        _said.Dispose();
    }

    [Fact]
    public async Task A_Redis_by_TLS_is_used_by_who_has_a_certificate_and_by_nobody_else()
    {
        await using var redis = new ConfiguredRedis();
        await redis.StartAgainAsync(_files.Settings(redis.Port));
        await using (var server = await StartAsync(_files.ServerSettings(redis.Endpoint)))
        {
            await RequestAsync(server);
        }

        // A connection that a busy machine is slow to open is told to be back.
        Assert.DoesNotContain(_said.Lines, line => !line.StartsWith("Information: ", StringComparison.Ordinal));
        await using var stranger = await StartAsync(_files.ServerSettings(redis.Endpoint)[..4]);
        Assert.False(stranger.Services.GetRequiredService<RedisStore>().IsConnected);
        Assert.Equal(StatusCode.Unavailable, (await Assert.ThrowsAsync<RpcException>(() => RequestAsync(stranger))).StatusCode);
        Assert.Contains(_said.Lines, line => line.StartsWith($"Warning: The store at {redis.Endpoint} does not answer", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_Redis_whose_certificate_somebody_else_has_issued_is_told_nothing_until_the_right_one_is_named()
    {
        using var others = new TlsFiles();
        await using var redis = new ConfiguredRedis();
        await redis.StartAgainAsync([.. others.Settings(redis.Port), "--tls-auth-clients", "no"]);
        await using var server = await StartAsync(_files.ServerSettings(redis.Endpoint));
        Assert.Contains(_said.Lines, line => line.StartsWith("Warning: The certificate of the store at 127.0.0.1 (CN=redis) is not accepted: ", StringComparison.Ordinal));
        Assert.Equal(StatusCode.Unavailable, (await Assert.ThrowsAsync<RpcException>(() => RequestAsync(server))).StatusCode);

        // Files are read again for each connection.
        File.Copy(others.Authority, _files.Authority, overwrite: true);
        await server.StoreBackAsync();
        await UntilTakenAsync(server);
    }

    [Fact]
    public async Task A_Redis_of_another_name_is_told_nothing_unless_that_name_is_set()
    {
        await using var redis = new ConfiguredRedis();
        await redis.StartAgainAsync(_files.Settings(redis.Port, of: "named"));
        await using (var server = await StartAsync(_files.ServerSettings(redis.Endpoint)))
        {
            Assert.Contains(_said.Lines, line => line.Contains("(CN=named) is not accepted: it is not for that name. ", StringComparison.Ordinal));
            Assert.False(server.Services.GetRequiredService<RedisStore>().IsConnected);
        }

        await using var named = await StartAsync(_files.ServerSettings($"{redis.Endpoint},sslHost=redis.example"));
        await RequestAsync(named);
    }

    [Fact]
    public async Task A_password_that_is_changed_in_its_file_needs_no_restart()
    {
        await using var redis = await ConfiguredRedis.StartAsync("--appendonly", "yes", "--requirepass", "first");
        var file = Path.Combine(redis.Folder, "password");
        await File.WriteAllTextAsync(file, "first\n", Cancel);
        await using var server = await StartAsync("--redis", redis.Endpoint, "--Store:RedisPasswordFile", file);
        await RequestAsync(server);

        await using (var admin = await redis.ConnectAsync(",password=first"))
        {
            var database = admin.GetDatabase();
            await database.ExecuteAsync("CONFIG", "SET", "requirepass", "second");
            await database.ExecuteAsync("CLIENT", "KILL", "TYPE", "pubsub");
            await database.ExecuteAsync("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
        }

        await server.StoreGoneAsync();
        await File.WriteAllTextAsync(file, "second\n", Cancel);
        await server.StoreBackAsync();
        await UntilTakenAsync(server);
    }

    [Theory]
    [InlineData("RedisPasswordFile is for a Redis that is named without password=", "r:6379,password=x", "RedisPasswordFile", "/nowhere")]
    [InlineData("RedisPasswordFile is for a Redis that is named without password=", "", "RedisPasswordFile", "/nowhere")]
    [InlineData("RedisPasswordFile (/nowhere) cannot be used: ", "r:6379", "RedisPasswordFile", "/nowhere")]
    [InlineData("RedisPasswordFile (/dev/null) is empty.", "r:6379", "RedisPasswordFile", "/dev/null")]
    [InlineData("add ,ssl=true to Redis (--redis), or take them away.", "r:6379", "RedisCaFile", "/nowhere")]
    [InlineData("RedisCaFile (/dev/null) cannot be used: There is no certificate in /dev/null. It must hold certificates (PEM).", "r:6379,ssl=true", "RedisCaFile", "/dev/null")]
    [InlineData("RedisCertificateFile (/nowhere) cannot be used: ", "r:6379,ssl=true", "RedisCertificateFile", "/nowhere")]
    [InlineData("RedisKeyFile is the key of RedisCertificateFile, which is not set", "r:6379,ssl=true", "RedisKeyFile", "/nowhere")]
    public void What_cannot_be_used_is_told_at_the_start(string told, string redis, string setting, string value)
    {
        var options = new StoreOptions { Redis = redis };
        typeof(StoreOptions).GetProperty(setting)!.SetValue(options, value);
        Assert.Contains(new StoreOptionsCheck().Validate(null, options).Failures!, fault => fault.Contains(told, StringComparison.Ordinal));
    }

    private Task<ServerHost> StartAsync(params string[] args) => ServerHost.StartAsync(configure: builder => builder.Logging.AddProvider(_said), args: args);

    private static async Task RequestAsync(ServerHost server) => await new RiderService.RiderServiceClient(server.Channel()).RequestTripAsync(
        RideWorld.Ride(), server.TokenOf(Role.Service, "backend"), cancellationToken: Cancel);

    private static Task UntilTakenAsync(ServerHost server) => ServerHost.UntilAsync(async () =>
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
