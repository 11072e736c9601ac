using Microsoft.Extensions.Options;
using RideTracking.Server.Access;
using RideTracking.Server.Areas;
using RideTracking.Server.Drivers.Reporting;
using RideTracking.Server.Hosting;
using RideTracking.Server.Log;
using RideTracking.Server.Outbox;

namespace RideTracking.Server.Drivers;

/// <summary>What every driver's stream of the node uses.</summary>
internal sealed class StreamServices(
    Area area, IOptions<StreamOptions> options, TokenValidator tokens, FixPath path, ConnectionClaims claims,
    DriverDesk desk, CommandOutbox outbox, DriverPaces paces)
{
    public ServerClock Clock => area.Clock;

    /// <summary>What is sent down the streams; each driver is an item.</summary>
    public Loop Sending { get; } = area.MachineLoop("driver_sending");

    /// <summary>The reading of commands for it.</summary>
    public Loop Commanding { get; } = area.MachineLoop("driver_commands");

    /// <summary>The drivers' actions and acknowledgements.</summary>
    public Loop Acting { get; } = area.MachineLoop("driver_actions");

    public StreamOptions Options => options.Value;

    public TokenValidator Tokens => tokens;

    public FixPath Path => path;

    public ConnectionClaims Claims => claims;

    public DriverDesk Desk => desk;

    public CommandOutbox Outbox => outbox;

    public DriverPaces Paces => paces;
}
