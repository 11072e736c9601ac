using Microsoft.Extensions.Options;
using RideTracking.Server.Access;
using RideTracking.Server.Drivers.Reporting;
using RideTracking.Server.Hosting;
using RideTracking.Server.Log;
using RideTracking.Server.Outbox;

namespace RideTracking.Server.Drivers;

/// <summary>What every driver's stream of the node uses.</summary>
internal sealed class StreamServices(
    ServerClock clock, IOptions<StreamOptions> options, TokenValidator tokens, FixPath path, ConnectionClaims claims,
    DriverDesk desk, CommandOutbox outbox, DriverPaces paces)
{
    public ServerClock Clock => clock;

    public StreamOptions Options => options.Value;

    public TokenValidator Tokens => tokens;

    public FixPath Path => path;

    public ConnectionClaims Claims => claims;

    public DriverDesk Desk => desk;

    public CommandOutbox Outbox => outbox;

    public DriverPaces Paces => paces;
}
