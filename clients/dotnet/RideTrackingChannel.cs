using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Client.Balancer;

namespace RideTracking.Client;

/// <summary>Makes channels that notice a dead network.</summary>
public static class RideTrackingChannel
{
    /// <summary>
    /// A channel to the server. HTTP/2 pings find out within half a minute that the other side is gone, also while
    /// nothing is sent. Beyond the streams that a server allows on one connection it opens another.
    /// </summary>
    /// <param name="address">`https://…`, or `http://…` for HTTP/2 without TLS.</param>
    public static GrpcChannel Create(Uri address) => GrpcChannel.ForAddress(address, new GrpcChannelOptions
    {
        DisposeHttpClient = true,
        // Without TLS the token goes over the wire as it is, as whoever writes http:// has chosen.
        UnsafeUseInsecureChannelCallCredentials = address.Scheme == Uri.UriSchemeHttp,
        HttpHandler = Handler(address.Scheme == Uri.UriSchemeHttps, TimeSpan.FromSeconds(10)),
    });

    /// <summary>
    /// The same to several nodes without a balancer before them: to the first of them that can be reached, and to another one when it is gone.
    /// Give each channel another order, so that all nodes have some.
    /// </summary>
    /// <param name="addresses">All of one scheme.</param>
    public static GrpcChannel Create(IReadOnlyList<Uri> addresses)
    {
        if (addresses is [var only])
            return Create(only);
        var isSecure = addresses[0].Scheme == Uri.UriSchemeHttps;
        return GrpcChannel.ForAddress("static:///nodes", new GrpcChannelOptions
        {
            UnsafeUseInsecureChannelCallCredentials = !isSecure,
            Credentials = isSecure ? ChannelCredentials.SecureSsl : ChannelCredentials.Insecure,
            DisposeHttpClient = true,
            // Which node, and how long to try it, is the balancer's matter.
            HttpHandler = Handler(isSecure, connectTimeout: null),
            ServiceProvider = new Nodes(new StaticResolverFactory(_ => addresses.Select(a => new BalancerAddress(a.Host, a.Port)))),
        });
    }

    private static SocketsHttpHandler Handler(bool isSecure, TimeSpan? connectTimeout)
    {
        var handler = new SocketsHttpHandler
        {
            EnableMultipleHttp2Connections = true,
            KeepAlivePingDelay = TimeSpan.FromSeconds(20),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(10),
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            // HTTP/2 without TLS passes no proxy.
            UseProxy = isSecure && connectTimeout is not null,
        };
        if (connectTimeout is { } timeout)
            handler.ConnectTimeout = timeout;
        return handler;
    }

    /// <summary>What a channel asks for: who resolves its address.</summary>
    private sealed class Nodes(ResolverFactory resolver) : IServiceProvider
    {
        public object? GetService(Type serviceType) =>
            serviceType == typeof(IEnumerable<ResolverFactory>) ? new[] { resolver }
            : serviceType == typeof(IEnumerable<LoadBalancerFactory>) ? Array.Empty<LoadBalancerFactory>()
            : null;
    }
}
