using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
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
        builder.Services.AddSettings<DataOptions>("Store");
        builder.Services.AddSettings<ListenOptions>("Listen");
        builder.Services.AddSingleton<IValidateOptions<ListenOptions>, ListenOptionsCheck>();
        builder.WebHost.ConfigureKestrel((host, kestrel) =>
        {
            var listen = host.Configuration.GetSection("Listen").Get<ListenOptions>() ?? new ListenOptions();
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

    /// <summary>What to tell whoever started the server when it cannot listen, or null when it failed for another reason.</summary>
    public static string? Explain(Exception failure) => failure switch
    {
        IOException { InnerException: AddressInUseException or SocketException } =>
            $"A port is taken: {failure.Message} Choose another with --grpc-port or --web-port.",
        SocketException { SocketErrorCode: SocketError.AddressNotAvailable } =>
            "This machine has no such address to listen on. Set --bind (Listen:Address) to one of its own, 127.0.0.1, or 0.0.0.0 for all.",
        SocketException { SocketErrorCode: SocketError.AccessDenied } =>
            "The server may not listen on a port: those below 1024 need a privilege. Choose others with --grpc-port and --web-port.",
        // Endpoints of the framework's own section, which nobody checks before it opens them.
        InvalidOperationException when IsKestrels(failure) && failure.Message.StartsWith("Unable to configure HTTPS endpoint", StringComparison.Ordinal) =>
            "An https endpoint has no certificate. Name one with --Kestrel:Certificates:Default:Path (and :Password), or end TLS at a balancer in front, without this endpoint.",
        InvalidOperationException or FormatException or IOException or CryptographicException when IsKestrels(failure) =>
            $"An endpoint of the section Kestrel cannot be opened: {failure.Message.ReplaceLineEndings(" ")}",
        _ => null,
    };

    private static bool IsKestrels(Exception failure) =>
        failure.StackTrace?.Contains("Microsoft.AspNetCore.Server.Kestrel.", StringComparison.Ordinal) == true;
}
