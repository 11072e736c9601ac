using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace RideTracking.Server.Hosting;

/// <summary>Opens the ports.</summary>
public static class Listening
{
    private static readonly string[] TlsSettings = ["Listen:Tls:CertificateFile", "Listen:Tls:Certificate"];

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
            if (listen.Tls.IsOn)
            {
                var certificates = kestrel.ApplicationServices.GetRequiredService<TlsCertificates>();
                kestrel.Listen(address, listen.TlsPort, o => o.UseHttps(new TlsHandshakeCallbackOptions
                {
                    OnConnection = _ => ValueTask.FromResult(certificates.Options),
                }));
            }
            else
            {
                kestrel.Listen(address, listen.GrpcPort, o => o.Protocols = HttpProtocols.Http2);
                kestrel.Listen(address, listen.WebPort, o => o.Protocols = HttpProtocols.Http1);
            }

            var management = listen.ManagementAddress.Length == 0 ? address : IPAddress.Parse(listen.ManagementAddress);
            kestrel.Listen(management, listen.ManagementPort, o =>
            {
                o.Protocols = HttpProtocols.Http1;
                o.UseManagementPort();
            });
        });
        builder.Services.AddSingleton<Troubles>();
        builder.Services.AddSingleton(services => new SettingsDigest(SettingsSection.Of(services), services.GetRequiredService<IConfiguration>()));
        // Not bound yet: what cannot be is told with all other mistakes.
        if (Array.Exists(TlsSettings, setting => !string.IsNullOrEmpty(builder.Configuration[setting])))
        {
            builder.Services.AddSingleton<TlsCertificates>();
            builder.Services.AddHostedService<TlsRenewal>();
        }

        return builder;
    }

    /// <summary>Believes what trusted proxies say of who calls, and keeps the management port apart; before all else.</summary>
    public static WebApplication UseListening(this WebApplication app)
    {
        var proxies = app.Services.GetRequiredService<IOptions<ListenOptions>>().Value.Proxies;
        if (proxies.Length > 0)
        {
            app.UseForwardedHeaders(Believed(proxies));
        }

        app.UseManagementPort();
        return app;
    }

    /// <summary>Where the page is, once the server listens.</summary>
    public static string PageAddress(WebApplication app)
    {
        // In the order in which they were opened: gRPC, web, management; or TLS, management.
        var opened = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        return opened.ElementAt(opened.Count - 2).Replace("[::]", "localhost", StringComparison.Ordinal).Replace("0.0.0.0", "localhost", StringComparison.Ordinal) + "/";
    }

    private static ForwardedHeadersOptions Believed(string[] proxies)
    {
        var believed = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto, ForwardLimit = null };
        // Else whoever is on this machine would be believed.
        believed.KnownProxies.Clear();
        believed.KnownIPNetworks.Clear();
        foreach (var proxy in proxies)
        {
            if (IPAddress.TryParse(proxy, out var address))
            {
                believed.KnownProxies.Add(address);
            }
            else
            {
                believed.KnownIPNetworks.Add(System.Net.IPNetwork.Parse(proxy));
            }
        }

        return believed;
    }

    private static bool IsValid(ListenOptions listen, [NotNullWhen(true)] out IPAddress? address) =>
        IPAddress.TryParse(listen.Address, out address)
        && Validator.TryValidateObject(listen, new ValidationContext(listen), null, validateAllProperties: true)
        && new ListenOptionsCheck().Validate(null, listen).Succeeded;

    /// <summary>What to tell whoever started the server when it cannot listen, or null when it failed for another reason.</summary>
    public static string? Explain(Exception failure) => failure switch
    {
        IOException { InnerException: AddressInUseException or SocketException } =>
            $"A port is taken: {failure.Message} Choose another with --grpc-port, --web-port, --tls-port or --management-port.",
        SocketException { SocketErrorCode: SocketError.AddressNotAvailable } =>
            "This machine has no such address to listen on. Set --bind (Listen:Address) to one of its own, 127.0.0.1, or 0.0.0.0 for all.",
        SocketException { SocketErrorCode: SocketError.AccessDenied } =>
            "The server may not listen on a port: those below 1024 need a privilege. Choose others with --grpc-port, --web-port or --tls-port.",
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
