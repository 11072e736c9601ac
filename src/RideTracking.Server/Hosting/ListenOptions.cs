using System.ComponentModel.DataAnnotations;

namespace RideTracking.Server.Hosting;

/// <summary>
/// Where the server listens. Without TLS one port cannot speak both HTTP/1.1 and HTTP/2, so there are two; with a certificate there is one
/// in their place. What is for who runs the server has a port of its own.
/// </summary>
[OfThisNode]
public sealed class ListenOptions
{
    /// <summary>Address to listen on; 0.0.0.0 for all.</summary>
    [Required(ErrorMessage = "Listen:Address (--bind) must be an IP address such as 127.0.0.1 or 0.0.0.0.")]
    public string Address { get; set; } = "127.0.0.1";

    /// <summary>Native gRPC over HTTP/2 without TLS, for drivers, riders and backends; not opened when there is a certificate. 0 for any free port.</summary>
    [Range(0, 65535, ErrorMessage = "Listen:GrpcPort (--grpc-port) must be 0 to 65535.")]
    public int GrpcPort { get; set; } = 5001;

    /// <summary>The map, gRPC-Web and REST over HTTP/1.1 without TLS; not opened when there is a certificate. 0 for any free port.</summary>
    [Range(0, 65535, ErrorMessage = "Listen:WebPort (--web-port) must be 0 to 65535.")]
    public int WebPort { get; set; } = 8080;

    /// <summary>All of that over HTTP/1.1 and HTTP/2 with TLS, when there is a certificate (<see cref="TlsOptions.CertificateFile"/>). 0 for any free port.</summary>
    [Range(0, 65535, ErrorMessage = "Listen:TlsPort (--tls-port) must be 0 to 65535.")]
    public int TlsPort { get; set; } = 8443;

    /// <summary>Health and metrics over HTTP/1.1 without TLS, for who runs the server and nobody else. 0 for any free port.</summary>
    [Range(0, 65535, ErrorMessage = "Listen:ManagementPort (--management-port) must be 0 to 65535.")]
    public int ManagementPort { get; set; } = 9464;

    /// <summary>Address of the management port, for a network of its own. Empty: <see cref="Address"/>.</summary>
    public string ManagementAddress { get; set; } = "";

    /// <summary>The certificate, and whose certificates are believed.</summary>
    public TlsOptions Tls { get; } = new();

    /// <summary>
    /// Addresses or networks (<c>10.0.0.0/8</c>), with commas, of the proxies whose <c>X-Forwarded-For</c> and <c>X-Forwarded-Proto</c> are believed. Anybody
    /// else's are not looked at.
    /// </summary>
    public string TrustedProxies { get; set; } = "";

    /// <summary>Whether gRPC reflection is served. Null: in development alone.</summary>
    public bool? Reflection { get; set; }

    /// <summary>
    /// Streams on one HTTP/2 connection: 1 to 10000. A phone needs one; a gateway or a load balancer carries many.
    /// </summary>
    [Range(1, 10000, ErrorMessage = "Listen:MaxStreamsPerConnection must be 1 to 10000.")]
    public int MaxStreamsPerConnection { get; set; } = 1000;

    /// <summary>
    /// Bytes that a client may send ahead on one stream: 65535 to 16777216. More makes an upload over a slow link faster;
    /// less bounds what one busy stream can hold up, in memory and of the others.
    /// </summary>
    [Range(65_535, 16 << 20, ErrorMessage = "Listen:StreamWindowBytes must be 65535 to 16777216.")]
    public int StreamWindowBytes { get; set; } = 65_535;

    /// <summary>The same for all streams of one connection together: 65535 to 16777216, and not below that of one stream.</summary>
    [Range(65_535, 16 << 20, ErrorMessage = "Listen:ConnectionWindowBytes must be 65535 to 16777216.")]
    public int ConnectionWindowBytes { get; set; } = 1 << 20;

    /// <summary>Largest message a client may send, in bytes: 4096 to 16777216.</summary>
    [Range(4096, 16 << 20, ErrorMessage = "Listen:MaxMessageBytes must be 4096 to 16777216.")]
    public int MaxMessageBytes { get; set; } = 256 * 1024;

    /// <summary>
    /// Origins whose pages may call over gRPC-Web and REST, such as <c>https://ride.example</c>, with commas; <c>*</c> for all. Tokens are in a
    /// header and never in a cookie, so that a foreign page can do nothing by itself.
    /// </summary>
    public string AllowedOrigins { get; set; } = "";

    internal string[] Origins => Parts(AllowedOrigins);

    internal string[] Proxies => Parts(TrustedProxies);

    /// <summary>How long what is written to a watch may wait for its reader before the watch is broken off.</summary>
    public TimeSpan WriteTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Silence after which the server pings a connection, so that a dead phone is noticed.</summary>
    public TimeSpan KeepAlivePingDelay { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a ping may go unanswered before the connection is given up.</summary>
    public TimeSpan KeepAlivePingTimeout { get; set; } = TimeSpan.FromSeconds(20);

    private static string[] Parts(string list) => list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
