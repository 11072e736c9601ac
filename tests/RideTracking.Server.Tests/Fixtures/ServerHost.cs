using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RideTracking.Server.Access;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;
using RideTracking.Server.Matching;
using RideTracking.Server.Progress;
using RideTracking.Server.Store;
using IDatabase = StackExchange.Redis.IDatabase;
using RedisConnectionException = StackExchange.Redis.RedisConnectionException;

namespace RideTracking.Server.Tests.Fixtures;

/// <summary>
/// The whole server on real Kestrel ports of 127.0.0.1, with a data folder of its own. An error in its log that the
/// test did not announce fails the test when the host is disposed.
/// </summary>
public sealed class ServerHost : IAsyncDisposable
{
    // Nothing here takes long; a test that waits this long waits for what never comes.
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(10);

    private readonly WebApplication _app;
    private readonly WatchedTime? _time;
    private readonly ErrorLog _errors;
    private readonly string? _ownFolder;
    private readonly List<GrpcChannel> _channels = [];
    private readonly List<ServerHost> _others = [];
    private SpreadNodes? _spread;
    private RedisProcess? _ownRedis;
    private bool _stopped;

    private ServerHost(WebApplication app, WatchedTime? time, ErrorLog errors, string dataFolder, string? ownFolder)
    {
        _app = app;
        _time = time;
        _errors = errors;
        DataFolder = dataFolder;
        _ownFolder = ownFolder;
    }

    public string DataFolder { get; }

    /// <summary>What the process shares.</summary>
    public IServiceProvider Services => _app.Services;

    /// <summary>What the one area has.</summary>
    public IServiceProvider City => Services.GetRequiredService<AreaSet>().Home.Services;

    /// <summary>Native gRPC.</summary>
    public Uri GrpcAddress => Address(0);

    /// <summary>The page, gRPC-Web, REST.</summary>
    public Uri WebAddress => (_spread?.Ops ?? this).Address(1);

    /// <summary>The page, for a browser on this machine.</summary>
    public Uri PageAddress => new(WebAddress, $"?key={Services.GetRequiredService<DevelopmentPageKey>().Text}");

    /// <summary>Health and metrics: the last that is opened.</summary>
    public Uri ManagementAddress => (_spread?.Ops ?? this).Address(^1);

    /// <summary>Whether it is connected to its store.</summary>
    public bool HasStore => Stores.All(s => s.Multiplexer.IsConnected);

    /// <summary>
    /// Starts a server on the embedded store, or on <paramref name="redis"/>; with a clock of the test's, all its loops go by it then. Where tests
    /// run spread, two more nodes are beside it (<see cref="SpreadNodes"/>), on a Redis of their own if none is given; but not beside an embedded
    /// store that a test keeps in its folder.
    /// </summary>
    public static async Task<ServerHost> StartAsync(
        RedisProcess? redis = null, WatchedTime? time = null, string? dataFolder = null, Action<WebApplicationBuilder>? configure = null, params string[] args)
    {
        if (!SpreadNodes.AreWanted || (redis is null && dataFolder is not null))
        {
            return await StartOneAsync(redis, time, dataFolder, configure, args);
        }

        var ownRedis = redis is null ? await RedisProcess.StartAsync() : null;
        // Whoever is first holds the area's work and its matching.
        var riders = await StartOneAsync(redis ?? ownRedis, time, dataFolder, configure, args);
        // All believe the tokens of one key.
        var ops = await StartOneAsync(redis ?? ownRedis, time, riders.DataFolder, configure, args);
        var host = await StartOneAsync(redis ?? ownRedis, time, riders.DataFolder, configure, args);
        host._ownRedis = ownRedis;
        host._others.AddRange([ops, riders]);
        host._spread = new SpreadNodes(host, riders, ops);
        await host.SettleAsync();
        return host;
    }

    private static async Task<ServerHost> StartOneAsync(
        RedisProcess? redis, WatchedTime? time, string? dataFolder, Action<WebApplicationBuilder>? configure, string[] args)
    {
        var ownFolder = dataFolder is null ? Directory.CreateTempSubdirectory("ride-tracking-").FullName : null;
        var errors = new ErrorLog();
        var app = RideTrackingServer.Build(
            [
                "--environment", "Development", "--grpc-port", "0", "--web-port", "0", "--tls-port", "0", "--management-port", "0",
                "--data", dataFolder ?? ownFolder!, "--redis", redis?.Endpoint ?? "",
                // A fast machine connects one driver more often in a minute than a phone may.
                "--Streams:MaxConnectsPerMinute", "10000", .. args,
            ],
            builder =>
            {
                builder.Logging.ClearProviders().AddProvider(errors).AddFilter(typeof(Loop).FullName, LogLevel.Debug);
                if (time is not null)
                {
                    builder.Services.AddKeyedSingleton<TimeProvider>(Clock.MachineClock, time);
                    // An advance moves both clocks.
                    builder.Services.AddSingleton<ReadStoreTime>((_, _) => Task.FromResult<StoreReading?>(null));
                }

                configure?.Invoke(builder);
            });
        var host = new ServerHost(app, time, errors, dataFolder ?? ownFolder!, ownFolder);
        var tickingBefore = time?.Ticking ?? 0;
        await app.StartAsync();
        if (time is not null)
        {
            // They begin beside the start. One that had not begun yet would sleep through the first time that passes.
            await time.TickingAsync(tickingBefore + host.Loops.Count(s => s is (LoopService and not StoreProbe and not DevelopmentServiceToken) or MatchingRounds or RouteRenewal));
            if (errors.HasWaited && redis is { IsRunning: true })
            {
                // A busy machine may keep the first look from the store for longer than that waits. The next one is a second later, by the test's clock.
                await host.StoreBackAsync();
                time.Advance(Second);
                var end = time.GetUtcNow();
                await UntilAsync(() => host.Loops.OfType<LoopService>().Where(l => l.LooksAtStart).All(l => l.LookedAt > end - Second));
            }
        }

        return host;
    }

    /// <summary>Lets time pass, a second at least, and waits until a loop has looked at what is so at its end.</summary>
    public async Task PassAsync<TLoop>(TimeSpan span)
        where TLoop : LoopService
    {
        // All but the last second first: what was still to be looked at before it is seen by then.
        if (span > Second)
        {
            await MoveAsync<TLoop>(span - Second);
        }

        await MoveAsync<TLoop>(Second);
    }

    /// <summary>Where tests run spread: all nodes have taken in what was committed, and the fixes that were appended (<see cref="SpreadNodes.SettleAsync"/>).</summary>
    public Task SettleAsync() => _spread?.SettleAsync() ?? Task.CompletedTask;

    /// <summary>
    /// Waits until the server has noticed that its store is gone. Before the store is started again: who has not noticed
    /// would fail later, on a connection that died.
    /// </summary>
    public Task StoreGoneAsync() => UntilAsync(() => Nodes.SelectMany(n => n.Stores).All(s => !s.Multiplexer.IsConnected));

    /// <summary>Waits until the store answers on every connection of the server's.</summary>
    public Task StoreBackAsync() => UntilAsync(async () =>
    {
        try
        {
            await Task.WhenAll(Nodes.SelectMany(n => n.Stores).Select(s => s.PingAsync()));
            return true;
        }
        catch (RedisConnectionException)
        {
            return false;
        }
    });

    /// <summary>Waits until something is so that cannot be waited for in another way; no clock of the test's moves meanwhile.</summary>
    public static Task UntilAsync(Func<bool> isSo) => UntilAsync(() => Task.FromResult(isSo()));

    /// <inheritdoc cref="UntilAsync(Func{bool})"/>
    public static async Task UntilAsync(Func<Task<bool>> isSo)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(Patience);
        using var looks = new PeriodicTimer(LookInterval);
        while (!await isSo())
        {
            try
            {
                await looks.WaitForNextTickAsync(patience.Token);
            }
            catch (OperationCanceledException) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
            {
                throw new TimeoutException($"Waited in vain. The servers have said last:{Environment.NewLine}{ErrorLog.Said}");
            }
        }
    }

    /// <summary>A channel of its own connection; disposed with the host.</summary>
    public ChannelBase Channel() => _spread is { } nodes ? new SpreadChannel(nodes, node => node.OwnChannel()) : OwnChannel();

    private GrpcChannel OwnChannel()
    {
        var channel = GrpcChannel.ForAddress(GrpcAddress, new GrpcChannelOptions
        {
            HttpHandler = new SocketsHttpHandler { EnableMultipleHttp2Connections = true, UseProxy = false },
            DisposeHttpClient = true,
        });
        _channels.Add(channel);
        return channel;
    }

    /// <summary>Headers with a token of the role for the ids.</summary>
    public Metadata TokenOf(Role role, params string[] ids) => new()
    {
        { "authorization", "Bearer " + Services.GetRequiredService<DevelopmentKey>().Sign(role, ids, TimeSpan.FromHours(1)).Token },
    };

    /// <summary>The sequence of the driver's newest fix as memory has it; 0 without one.</summary>
    public ulong SequenceOf(string driverId) =>
        City.GetRequiredService<CityFleet>().TryGet(driverId, out var driver) && driver.HasFix ? driver.Fix.Sequence : 0;

    /// <summary>Errors whose message contains this are part of the test.</summary>
    public void ExpectErrors(string part)
    {
        foreach (var node in Nodes)
        {
            node._errors.Expect(part);
        }
    }

    /// <summary>Waits until the server has logged an error that is part of the test.</summary>
    public Task ErrorAsync(string part)
    {
        ExpectErrors(part);
        return UntilAsync(() => Nodes.Any(n => n._errors.Has(part)));
    }

    /// <summary>Stops as Ctrl-C would.</summary>
    public async Task StopAsync()
    {
        _stopped = true;
        await _app.StopAsync();
        foreach (var node in _others)
        {
            await node.StopAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var channel in _channels)
        {
            channel.Dispose();
        }

        if (!_stopped)
        {
            await StopAsync();
        }

        await _app.DisposeAsync();
        try
        {
            foreach (var node in _others)
            {
                await node.DisposeAsync();
            }
        }
        finally
        {
            await (_ownRedis?.DisposeAsync() ?? ValueTask.CompletedTask);
        }

        if (_ownFolder is not null)
        {
            Directory.Delete(_ownFolder, recursive: true);
        }

        Assert.True(_errors.Unexpected.Count == 0, string.Join(Environment.NewLine, _errors.Unexpected));
    }

    /// <summary>This one, and those beside it where tests run spread.</summary>
    internal IEnumerable<ServerHost> Nodes => [this, .. _others];

    /// <summary>One of its loops.</summary>
    internal TLoop Loop<TLoop>()
        where TLoop : LoopService =>
        Loops.OfType<TLoop>().Single();

    private IEnumerable<IHostedService> Loops => Services.GetServices<IHostedService>().Concat(City.GetServices<IHostedService>());

    private IDatabase[] Stores => Services.GetRequiredService<RedisStore>() is var store ? [store.Append.Database, store.Trips.Database, store.Bulk.Database, .. store.IsEmbedded ? Array.Empty<IDatabase>() : [store.Feeds.Database]] : [];

    private async Task MoveAsync<TLoop>(TimeSpan span)
        where TLoop : LoopService
    {
        var time = _time ?? throw new InvalidOperationException("This server goes by the machine's clock.");
        TLoop[] loops = [.. Nodes.Select(n => n.Loop<TLoop>())];
        time.Advance(span);
        var end = time.GetUtcNow();
        await UntilAsync(() => loops.All(l => l.LookedAt > end - Second));
        await SettleAsync();
    }

    private Uri Address(Index index)
    {
        var addresses = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        return new Uri(addresses.ElementAt(index));
    }
}
