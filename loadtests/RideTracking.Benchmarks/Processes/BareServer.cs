using System.Net;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RideTracking.V1;

namespace RideTracking.Benchmarks.Processes;

/// <summary>
/// What grpc-dotnet itself costs: reads the generated messages and does nothing with them. It greets, so that the
/// client knows that the stream is open, and answers where an acknowledgement is asked for (once a round), so that the
/// client knows that everything was read.
/// </summary>
internal static class BareServer
{
    public const string Verb = "bare-server";

    public static async Task<int> RunAsync(string[] options)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning).AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Information);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            // As much on the way as towards the whole server: a larger heap at a socket makes each of its fixes cheaper.
            var listen = new Server.Hosting.ListenOptions();
            kestrel.Limits.Http2.InitialStreamWindowSize = listen.StreamWindowBytes;
            kestrel.Limits.Http2.InitialConnectionWindowSize = listen.ConnectionWindowBytes;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Listen(IPAddress.Loopback, int.Parse(options[0]), port => port.Protocols = HttpProtocols.Http2);
        });
        builder.Services.AddGrpc();
        await using var app = builder.Build();
        app.MapGrpcService<EmptyHandler>();
        await app.RunAsync();
        return 0;
    }

    internal sealed class EmptyHandler : DriverService.DriverServiceBase
    {
        public override async Task Connect(
            IAsyncStreamReader<ConnectRequest> requestStream, IServerStreamWriter<ConnectResponse> responseStream, ServerCallContext context)
        {
            try
            {
                while (await requestStream.MoveNext())
                {
                    var message = requestStream.Current;
                    if (message.MessageCase == ConnectRequest.MessageOneofCase.Hello)
                    {
                        await responseStream.WriteAsync(new ConnectResponse { Welcome = new Welcome() });
                    }
                    else if (message.Locations.AckRequested)
                    {
                        await responseStream.WriteAsync(new ConnectResponse { FixAck = new FixAck { ThroughSequence = message.Locations.Fixes[^1].Sequence } });
                    }
                }
            }
            catch (IOException)
            {
                // The client hangs up when the turn is over.
            }
        }
    }
}
