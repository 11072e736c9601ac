using Grpc.Core;
using RideTracking.Engine.Index;
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
        RequireLength("hello.app_version", hello.AppVersion, MaxAppVersionLength);
        caller.RequireDriver(hello.DriverId);
    }

    /// <summary>Opens the stream. Without the store it opens too, and learns later where its log ends.</summary>
    internal async Task<DriverSession> OpenAsync(
        Hello hello, Caller caller, IServerStreamWriter<ConnectResponse> writer, Action abort, CancellationToken gone)
    {
        directory.Takes(hello.DriverId, hello.VehicleId);
        var (intake, slot) = await OpenIntakeAsync(hello.DriverId, hello.SessionId);
        var session = new DriverSession(hello, caller, slot, intake, services, writer, abort, gone);
        streams.Add(session);
        if (hello.LastCommandSequence > 0)
        {
            // The acknowledgement may have been lost with the last stream; what the app has is not waiting.
            session.Actions.Acknowledge(hello.LastCommandSequence);
        }

        return session;
    }

    /// <summary>Claims the driver and makes the way for its fixes.</summary>
    internal async Task<(FixIntake Intake, int Slot)> OpenIntakeAsync(string driverId, string sessionId)
    {
        var slot = slots.GetOrAdd(driverId);
        traits.Apply(driverId, slot);
        var cursor = new LogCursor(driverId, sessionId, services.Clock.Machine);
        ConnectionClaim? claim = null;
        try
        {
            var claiming = services.Claims.ClaimAsync(driverId, sessionId);
            cursor.Claiming = claiming;
            claim = await claiming.WaitAsync(services.Options.ClaimTimeout, services.Clock.Machine);
            cursor.Claimed(claim.Value);
        }
        catch (Exception e) when (e is TimeoutException || StoreFailure.Passes(e))
        {
            // Live tracking goes on without the store; the log claims the driver when it is back.
        }

        var intake = new FixIntake(services.Path, services.Options, services.Clock.Machine, cursor, slot, claim);
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
