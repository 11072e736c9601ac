using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RideTracking.Server.Access;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;

namespace RideTracking.Server.Tests.Fixtures;

/// <summary>
/// The whole server on real Kestrel ports of 127.0.0.1, with a data folder of its own. An error in its log that the
/// test did not announce fails the test when the host is disposed.
/// </summary>
public sealed class ServerHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ErrorLog _errors;
    private readonly string? _ownFolder;
    private readonly List<GrpcChannel> _channels = [];
    private bool _stopped;

    private ServerHost(WebApplication app, ErrorLog errors, string dataFolder, string? ownFolder)
    {
        _app = app;
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

    /// <summary>The page, gRPC-Web, health, metrics.</summary>
    public Uri WebAddress => Address(1);

    /// <summary>Starts a server on the embedded store, or on <paramref name="redis"/>.</summary>
    public static async Task<ServerHost> StartAsync(
        RedisProcess? redis = null, TimeProvider? time = null, string? dataFolder = null, Action<WebApplicationBuilder>? configure = null, params string[] args)
    {
        var ownFolder = dataFolder is null ? Directory.CreateTempSubdirectory("ride-tracking-").FullName : null;
        var errors = new ErrorLog();
        var app = RideTrackingServer.Build(
            [
                "--environment", "Development", "--grpc-port", "0", "--web-port", "0",
                "--data", dataFolder ?? ownFolder!, "--redis", redis?.Endpoint ?? "", .. args,
            ],
            builder =>
            {
                builder.Logging.ClearProviders().AddProvider(errors);
                if (time is not null)
                {
                    builder.Services.AddKeyedSingleton(Clock.MachineClock, time);
                }

                configure?.Invoke(builder);
            });
        var host = new ServerHost(app, errors, dataFolder ?? ownFolder!, ownFolder);
        await app.StartAsync();
        return host;
    }

    /// <summary>A channel of its own connection; disposed with the host.</summary>
    public GrpcChannel Channel()
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

    /// <summary>Errors whose message contains this are part of the test.</summary>
    public void ExpectErrors(string part) => _errors.Expect(part);

    /// <summary>Stops as Ctrl-C would.</summary>
    public async Task StopAsync()
    {
        _stopped = true;
        await _app.StopAsync();
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
        if (_ownFolder is not null)
        {
            Directory.Delete(_ownFolder, recursive: true);
        }

        Assert.True(_errors.Unexpected.Count == 0, string.Join(Environment.NewLine, _errors.Unexpected));
    }

    private Uri Address(int index)
    {
        var addresses = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        return new Uri(addresses.ElementAt(index));
    }
}
