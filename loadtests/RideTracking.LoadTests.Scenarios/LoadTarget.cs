using Grpc.Core;
using Grpc.Net.Client;
using RideTracking.Client;

namespace RideTracking.LoadTests.Scenarios;

/// <summary>The server under load.</summary>
/// <param name="Address">Its native gRPC port.</param>
/// <param name="TokenSource">Gives a bearer token of role `service`, which may act for everybody.</param>
public sealed record LoadTarget(Uri Address, Func<CancellationToken, ValueTask<string>> TokenSource)
{
    /// <summary>A connection of its own, as each phone has one.</summary>
    public GrpcChannel Connect() => RideTrackingChannel.Create(Address);

    /// <summary>Options of a call with the token.</summary>
    public async ValueTask<CallOptions> CallAsync(CancellationToken cancellationToken) => new(
        new Metadata { { "authorization", "Bearer " + await TokenSource(cancellationToken) } }, cancellationToken: cancellationToken);
}
