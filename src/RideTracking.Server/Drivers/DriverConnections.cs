using Grpc.Core;
using RideTracking.Engine.Index;
using RideTracking.Engine.Ingest;
using RideTracking.Server.Access;
using RideTracking.Server.Directories;
using RideTracking.Server.Log;
using RideTracking.Server.Protocol;
using RideTracking.Server.Store;
using RideTracking.V1;

namespace RideTracking.Server.Drivers;

/// <summary>Opens a driver's connection: checks who it is, claims the driver, finds where the log of its session ends.</summary>
internal sealed class DriverConnections(StreamServices services, DriverSlots slots, DriverStreams streams, CompanyDirectory directory, FleetTraits traits)
{
    /// <summary>The version of the protocol that is spoken here.</summary>
    public const uint ProtocolVersion = 1;

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
        if (hello.ConnectionAttempt > DeviceAttempt.MaxNumber)
        {
            throw Refusal.Field("hello.connection_attempt", $"must be at most {DeviceAttempt.MaxNumber}").ToRpcException();
        }

        RequireLength("hello.app_version", hello.AppVersion, MaxAppVersionLength);
        caller.RequireDriver(hello.DriverId);
    }

    /// <summary>The vehicle that a driver counts as being in; empty for none.</summary>
    public string VehicleIdOf(string driverId) => directory.VehicleOf(driverId)?.VehicleId ?? "";

    /// <summary>Opens the stream. Without the store it opens too, and learns later where its log ends.</summary>
    internal async Task<DriverSession> OpenAsync(
        Hello hello, Caller caller, IServerStreamWriter<ConnectResponse> writer, Action abort, CancellationToken gone)
    {
        var receivedAtUnixMs = services.Clock.GetUtcNow().ToUnixTimeMilliseconds();
        directory.Takes(hello.DriverId, hello.VehicleId);
        var attempt = DeviceAttempt.Of(hello.DeviceId, hello.ConnectionAttempt);
        var (intake, slot) = await OpenIntakeAsync(hello.DriverId, hello.SessionId, attempt, resumeAfter => new SequenceWindow(resumeAfter));
        var session = new DriverSession(hello, caller, slot, intake, services, writer, abort, gone);
        session.PhoneClock.Observe(hello.SentAtUnixMs, receivedAtUnixMs);
        streams.Add(session);
        if (hello.LastCommandSequence > 0)
        {
            // The acknowledgement may have been lost with the last stream; what the app has is not waiting.
            session.Actions.Acknowledge(hello.LastCommandSequence);
        }

        return session;
    }

    /// <summary>Claims the driver and makes the way for its fixes.</summary>
    /// <param name="driverId">The driver.</param>
    /// <param name="sessionId">The session.</param>
    /// <param name="attempt">Which of its device's attempts it is.</param>
    /// <param name="windowAfter">Makes what is remembered of the session's sequences, given where its log ends.</param>
    /// <exception cref="RpcException">ABORTED: the same device has connected since.</exception>
    internal async Task<(FixIntake Intake, int Slot)> OpenIntakeAsync(
        string driverId, string sessionId, DeviceAttempt attempt, Func<ulong, SequenceWindow> windowAfter)
    {
        var slot = slots.GetOrAdd(driverId);
        traits.Apply(driverId, slot);
        var cursor = new LogCursor(driverId, sessionId, services.Clock.Machine) { Attempt = attempt };
        // Not disposed: the claim may outlast the waiting for it, and without a timer there is nothing to give back.
        var abandoned = new CancellationTokenSource();
        ConnectionClaim? claim = null;
        try
        {
            var claiming = services.Claims.ClaimAsync(driverId, sessionId, attempt, abandoned.Token);
            cursor.Claiming = claiming;
            claim = await claiming.WaitAsync(services.Options.ClaimTimeout, services.Clock.Machine);
            cursor.Claimed(claim.Value);
        }
        catch (Exception e) when (e is TimeoutException || StoreFailure.Passes(e))
        {
            // Live tracking goes on without the store; the log claims the driver when it is back.
            await abandoned.CancelAsync();
        }

        var window = windowAfter(claim?.ResumeAfterSequence ?? 0);
        var intake = new FixIntake(services.Path, services.Options, services.Clock.Machine, cursor, slot, claim, window);
        services.Path.Log.Open(cursor);
        return (intake, slot);
    }

    private static void RequireLength(string field, string value, int limit)
    {
        if (value.Length > limit)
        {
            throw Refusal.Field(field, $"must have at most {limit} characters, not {value.Length}").ToRpcException();
        }
    }
}
