using Grpc.Core;
using RideTracking.Server.Log;
using RideTracking.Server.Protocol;

namespace RideTracking.Server.Drivers;

/// <summary>Somebody who sends a driver's fixes: by a stream, or by single calls.</summary>
internal abstract class DriverSession(Carrier carrier, FixIntake intake, int slot)
{
    public string DriverId => Carrier.DriverId;

    public int Slot { get; } = slot;

    /// <summary>By what right it speaks for the driver.</summary>
    public Carrier Carrier { get; } = carrier;

    /// <summary>Takes its fixes in.</summary>
    public FixIntake Intake { get; } = intake;

    /// <summary>Once a second, for all sessions by one timer: what is due by time alone.</summary>
    public abstract void Sweep(DateTimeOffset tokenTime);

    /// <summary>It is over: nothing is told to it any more.</summary>
    public abstract void End();

    /// <summary>Refuses a batch that is empty or over the limit.</summary>
    /// <exception cref="RpcException">INVALID_ARGUMENT with a BadRequest that names the field.</exception>
    public static void RequireFixes(string field, int count)
    {
        if (count is 0 or > Uplink.MaxFixes)
        {
            throw Refusal.Field(field, $"must have 1 to {Uplink.MaxFixes} fixes, not {count}").ToRpcException();
        }
    }
}
