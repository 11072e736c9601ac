using Microsoft.Extensions.Options;
using RideTracking.Server.Access;
using RideTracking.Server.Drivers.Reporting;
using RideTracking.Server.Hosting;
using RideTracking.Server.Log;
using RideTracking.Server.Outbox;

namespace RideTracking.Server.Drivers;

/// <summary>What every driver's stream of the node uses.</summary>
public sealed class StreamServices(
    ServerClock clock, IOptions<StreamOptions> options, TokenValidator tokens, FixPath path, ConnectionClaims claims,
    DriverDesk desk, CommandOutbox outbox, CommandMetrics commands,
    DriverMoments moments, ReportingPolicies policies, LongerSilences silences, ReportingMetrics reporting)
{
    public ServerClock Clock => clock;

    public StreamOptions Options => options.Value;

    public TokenValidator Tokens => tokens;

    public FixPath Path => path;

    public ConnectionClaims Claims => claims;

    public DriverDesk Desk => desk;

    public CommandOutbox Outbox => outbox;

    public CommandMetrics Commands => commands;

    public DriverMoments Moments => moments;

    public ReportingPolicies Policies => policies;

    public LongerSilences Silences => silences;

    public ReportingMetrics Reporting => reporting;
}
