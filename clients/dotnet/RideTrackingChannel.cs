using Grpc.Net.Client;

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
        HttpHandler = new SocketsHttpHandler
        {
            EnableMultipleHttp2Connections = true,
            KeepAlivePingDelay = TimeSpan.FromSeconds(20),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(10),
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            // HTTP/2 without TLS passes no proxy.
            UseProxy = address.Scheme == Uri.UriSchemeHttps,
        },
    });
}
