using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace RideTracking.Server.Hosting;

/// <summary>Opens the two ports.</summary>
public static class Listening
{
    /// <summary>Sets Kestrel up as <see cref="ListenOptions"/> say.</summary>
    public static WebApplicationBuilder AddListening(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<DataOptions>().BindConfiguration("Store").ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddOptions<ListenOptions>().BindConfiguration("Listen")
            .ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<ListenOptions>, ListenOptionsCheck>();
        var listen = builder.Configuration.GetSection("Listen").Get<ListenOptions>() ?? new ListenOptions();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            if (!IsValid(listen, out var address))
            {
                return; // The check of all options says what is wrong, right after this.
            }

            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Limits.Http2.MaxStreamsPerConnection = listen.MaxStreamsPerConnection;
            kestrel.Limits.Http2.InitialStreamWindowSize = listen.StreamWindowBytes;
            kestrel.Limits.Http2.InitialConnectionWindowSize = listen.ConnectionWindowBytes;
            kestrel.Limits.Http2.KeepAlivePingDelay = listen.KeepAlivePingDelay;
            kestrel.Limits.Http2.KeepAlivePingTimeout = listen.KeepAlivePingTimeout;
            kestrel.Listen(address, listen.GrpcPort, o => o.Protocols = HttpProtocols.Http2);
            kestrel.Listen(address, listen.WebPort, o => o.Protocols = HttpProtocols.Http1);
        });
        return builder;
    }

    private static bool IsValid(ListenOptions listen, [NotNullWhen(true)] out IPAddress? address) =>
        IPAddress.TryParse(listen.Address, out address)
        && Validator.TryValidateObject(listen, new ValidationContext(listen), null, validateAllProperties: true)
        && new ListenOptionsCheck().Validate(null, listen).Succeeded;

    /// <summary>What to tell whoever started the server when a port is taken, or null when it failed for another reason.</summary>
    public static string? ExplainBindFailure(Exception failure, ListenOptions listen) =>
        failure is IOException { InnerException: AddressInUseException or SocketException }
            ? $"A port is taken: {failure.Message} Choose another with --grpc-port (now {listen.GrpcPort}) or --web-port (now {listen.WebPort})."
            : null;
}
