using Grpc.Core;
using RideTracking.Engine.Index;
using RideTracking.Server.Access;
using RideTracking.Server.Directories;
using RideTracking.Server.Log;
using RideTracking.Server.Protocol;
using RideTracking.Server.Store;
using RideTracking.V1;

namespace RideTracking.Server.Drivers;

/// <summary>Opens drivers' sessions: checks who it is, claims the driver, finds where the log of its session ends.</summary>
internal sealed class DriverConnections(
    StreamServices services, DriverSlots slots, DriverSessions sessions, Carriers carriers, CompanyDirectory directory, FleetTraits traits)
{
    /// <summary>The version of the protocol that is spoken here.</summary>
    public const uint ProtocolVersion = 1;

    // On a stream the app is told where its log ends; of what comes again all the same, this much is known by its content.
    private const int ResendableOnStream = 64;

    private const int MaxDeviceIdLength = 128;
    private const int MaxAppVersionLength = 64;

    /// <exception cref="RpcException">A field breaks its rule, or the token is not the driver's.</exception>
    public static void Check(Hello hello, Caller caller)
    {
        if (hello.ProtocolVersion == 0)
        {
            throw Refusal.Field("hello.protocol_version", $"must be set; this server speaks {ProtocolVersion}").ToRpcException();
        }

        ExternalId.Require("hello.driver_id", hello.DriverId);
        ExternalId.Require("hello.session_id", hello.SessionId);
        if (hello.VehicleId.Length > 0)
        {
            ExternalId.Require("hello.vehicle_id", hello.VehicleId);
        }

        RequireLength("hello.device_id", hello.DeviceId, MaxDeviceIdLength);
        RequireAtMost("hello.connection_attempt", hello.ConnectionAttempt, DeviceAttempt.MaxNumber);
        RequireAtMost("hello.last_command_sequence", hello.LastCommandSequence, ClaimRequest.MaxCommandSequence);
        RequireAtMost("hello.route_plan_version", hello.RoutePlanVersion, ClaimRequest.MaxCommandSequence);
        RequireLength("hello.app_version", hello.AppVersion, MaxAppVersionLength);
        caller.RequireDriver(hello.DriverId);
    }

    /// <summary>The vehicle that a driver counts as being in; empty for none.</summary>
    public string VehicleIdOf(string driverId) => directory.VehicleOf(driverId)?.VehicleId ?? "";

    /// <summary>Opens the stream. Without the store it opens too, and learns later where its log ends.</summary>
    /// <exception cref="RpcException">ABORTED: the same device has connected since.</exception>
    internal async Task<StreamSession> OpenAsync(Hello hello, Caller caller, StreamCall call)
    {
        var receivedAtUnixMs = services.Clock.GetUtcNow().ToUnixTimeMilliseconds();
        directory.Takes(hello.DriverId, hello.VehicleId);
        using var opening = sessions.Opening(hello.DriverId);
        var request = new ClaimRequest(hello.DriverId, hello.SessionId, DeviceAttempt.Of(hello.DeviceId, hello.ConnectionAttempt))
        {
            LastCommandSequence = hello.LastCommandSequence,
            VehicleId = hello.VehicleId,
            IsStream = true,
            Resendable = ResendableOnStream,
        };
        var (carrier, intake, slot) = await ClaimAsync(request);
        var session = new StreamSession(hello, caller, carrier, intake, slot, services, call);
        session.PhoneClock.Observe(hello.SentAtUnixMs, receivedAtUnixMs);
        sessions.Add(session);
        if (hello.LastCommandSequence > 0)
        {
            // The acknowledgement may have been lost with the last stream; what the app has is not waiting.
            session.Actions.Acknowledge(hello.LastCommandSequence);
        }

        return session;
    }

    /// <summary>Takes in the fixes of an app that holds no stream.</summary>
    /// <exception cref="RpcException">Bad input, a stream is open for the driver, or the log cannot be written now.</exception>
    internal async Task<FixAck> ReportAsync(ReportLocationsRequest report, CancellationToken cancellationToken)
    {
        DriverSession.RequireFixes("locations.fixes", report.Locations?.Fixes.Count ?? 0);
        RequireNoStream(report.DriverId);
        var session = sessions.Of(report.DriverId) as CallSession;
        if (session?.Carrier.SessionId != report.SessionId)
        {
            var request = new ClaimRequest(report.DriverId, report.SessionId)
            {
                Resendable = Uplink.MaxFixes,
                MayClaim = () =>
                {
                    RequireNoStream(report.DriverId);
                    return true;
                },
            };
            var (carrier, intake, slot) = await ClaimAsync(request);
            session = new CallSession(carrier, intake, slot, services, sessions.Remove);
            sessions.Add(session);
        }

        return await session.ReportAsync(report.Locations!, cancellationToken);
    }

    private void RequireNoStream(string driverId)
    {
        if (sessions.HasStream(driverId))
        {
            throw Refusal.Precondition("STREAM_OPEN", "The driver holds a stream; its fixes belong there.").ToRpcException();
        }
    }

    // Claims the driver and makes the way for its fixes.
    private async Task<(Carrier Carrier, FixIntake Intake, int Slot)> ClaimAsync(ClaimRequest request)
    {
        var slot = slots.GetOrAdd(request.DriverId);
        traits.Apply(request.DriverId, slot);
        request = request with { EpochFloor = carriers.EpochOf(request.DriverId) };
        // Not disposed: the claim may outlast the waiting for it, and without a timer there is nothing to give back.
        var abandoned = new CancellationTokenSource();
        var claiming = services.Claims.ClaimAsync(request, abandoned.Token);
        ConnectionClaim? claim = null;
        try
        {
            claim = await claiming.WaitAsync(services.Options.ClaimTimeout, services.Clock.Machine);
        }
        catch (Exception e) when (e is TimeoutException || StoreFailure.Passes(e))
        {
            // Live tracking goes on without the store; the log claims the driver when it is back.
            await abandoned.CancelAsync();
        }

        var ledger = new SessionLedger(claim, request.Resendable, services.Options.AckPace, services.Clock.Machine);
        var carrier = new Carrier(request, claim, ledger, claiming);
        return (carrier, new FixIntake(services.Path, carrier, slot, claim), slot);
    }

    private static void RequireAtMost(string field, ulong value, ulong most)
    {
        if (value > most)
        {
            throw Refusal.Field(field, $"must be at most {most}").ToRpcException();
        }
    }

    private static void RequireLength(string field, string value, int limit)
    {
        if (value.Length > limit)
        {
            throw Refusal.Field(field, $"must have at most {limit} characters, not {value.Length}").ToRpcException();
        }
    }
}
