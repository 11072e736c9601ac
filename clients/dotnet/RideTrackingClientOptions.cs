namespace RideTracking.Client;

/// <summary>Where the server is, and with which token a backend calls it.</summary>
public sealed class RideTrackingClientOptions
{
    /// <summary>One address of a balancer, or those of all nodes: `https://…`, or `http://…` for HTTP/2 without TLS.</summary>
    public IList<Uri> Addresses { get; } = [];

    /// <summary>
    /// Gives a bearer token (without the word `Bearer`); asked before each call of <see cref="RideTrackingClient"/>'s own, so it should keep one
    /// until shortly before it ends. Drivers' and riders' connections have their own in their options. Null for a server that asks for none.
    /// </summary>
    public Func<CancellationToken, ValueTask<string>>? TokenSource { get; set; }
}
