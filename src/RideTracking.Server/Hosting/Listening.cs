using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace RideTracking.Server.Hosting;

/// <summary>Opens the two ports.</summary>
public static class Listening
{
    /// <summary>Sets Kestrel up as <see cref="ListenOptions"/> say.</summary>
    public static WebApplicationBuilder AddListening(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<ListenOptions>().BindConfiguration("Listen")
            .ValidateDataAnnotations()
            .Validate(o => IPAddress.TryParse(o.Address, out _), "Listen:Address (--bind) must be an IP address such as 127.0.0.1 or 0.0.0.0.")
            .Validate(
                o => o.KeepAlivePingDelay >= TimeSpan.FromSeconds(1) && o.KeepAlivePingTimeout >= TimeSpan.FromSeconds(1),
                "Listen:KeepAlivePingDelay and Listen:KeepAlivePingTimeout must be at least one second.")
            .ValidateOnStart();
        var listen = builder.Configuration.GetSection("Listen").Get<ListenOptions>() ?? new ListenOptions();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Limits.Http2.MaxStreamsPerConnection = listen.MaxStreamsPerConnection;
            kestrel.Limits.Http2.KeepAlivePingDelay = listen.KeepAlivePingDelay;
            kestrel.Limits.Http2.KeepAlivePingTimeout = listen.KeepAlivePingTimeout;
            if (!IPAddress.TryParse(listen.Address, out var address))
            {
                return; // ValidateOnStart says what is wrong.
            }

            kestrel.Listen(address, listen.GrpcPort, o => o.Protocols = HttpProtocols.Http2);
            kestrel.Listen(address, listen.WebPort, o => o.Protocols = HttpProtocols.Http1);
        });
        return builder;
    }

    /// <summary>What to tell whoever started the server when a port is taken, or null when it failed for another reason.</summary>
    public static string? ExplainBindFailure(Exception failure, ListenOptions listen) =>
        failure is IOException { InnerException: AddressInUseException or SocketException }
            ? $"A port is taken: {failure.Message} Choose another with --grpc-port (now {listen.GrpcPort}) or --web-port (now {listen.WebPort})."
            : null;
}
