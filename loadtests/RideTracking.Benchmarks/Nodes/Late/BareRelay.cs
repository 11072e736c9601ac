using System.Net;
using System.Threading.Channels;
using Google.Type;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RideTracking.Benchmarks.Processes;
using RideTracking.V1;

namespace RideTracking.Benchmarks.Nodes.Late;

/// <summary>As little as grpc-dotnet can do with a fix that somebody follows: read it from one stream, write it to the other.</summary>
internal static class BareRelay
{
    public const string Verb = "bare-relay";

    public static async Task<int> RunAsync(string[] options)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning).AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Information);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, int.Parse(options[0]), port => port.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(Channel.CreateBounded<Fix>(16));
        await using var app = builder.Build();
        app.MapGrpcService<FromDriver>();
        app.MapGrpcService<ToRider>();
        await app.RunAsync();
        return 0;
    }

    /// <summary>Such a process.</summary>
    /// <returns>It, and its port.</returns>
    public static async Task<(ChildProcess Process, int Port)> StartAsync()
    {
        var port = ChildProcess.FreePort();
        return (await ChildProcess.StartAsync("dotnet", "Application started", typeof(BareRelay).Assembly.Location, Verb, $"{port}"), port);
    }

    internal sealed class FromDriver(Channel<Fix> relay) : DriverService.DriverServiceBase
    {
        public override async Task Connect(
            IAsyncStreamReader<ConnectRequest> requestStream, IServerStreamWriter<ConnectResponse> responseStream, ServerCallContext context)
        {
            while (await requestStream.MoveNext())
            {
                foreach (var fix in requestStream.Current.Locations.Fixes)
                {
                    await relay.Writer.WriteAsync(fix);
                }
            }
        }
    }

    internal sealed class ToRider(Channel<Fix> relay) : RiderService.RiderServiceBase
    {
        public override async Task WatchTrip(WatchTripRequest request, IServerStreamWriter<WatchTripResponse> responseStream, ServerCallContext context)
        {
            // The follower is there.
            await responseStream.WriteAsync(new WatchTripResponse());
            await foreach (var fix in relay.Reader.ReadAllAsync(context.CancellationToken))
            {
                var position = new VehiclePosition { Location = new LatLng { Latitude = fix.LatitudeE7 / 1e7, Longitude = fix.LongitudeE7 / 1e7 } };
                await responseStream.WriteAsync(new WatchTripResponse { Position = position });
            }
        }
    }
}
