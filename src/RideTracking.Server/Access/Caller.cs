using System.Collections.Frozen;
using Grpc.Core;
using RideTracking.Server.Protocol;

namespace RideTracking.Server.Access;

/// <summary>Who calls, as a validated token says. Immutable; shared by all calls that bear the same token.</summary>
/// <param name="Subject">The token's <c>sub</c>: the scope of request ids. 1 to 128 characters.</param>
/// <param name="Role">One role.</param>
/// <param name="Ids">The driver ids (role driver) or rider ids (role rider) that the caller may act for.</param>
/// <param name="ExpiresAt">
/// When the token stops to count, by the real clock: its <c>exp</c> and the tolerated skew. A stream ends then.
/// </param>
public sealed record Caller(string Subject, Role Role, FrozenSet<string> Ids, DateTimeOffset ExpiresAt)
{
    /// <summary>Whether the caller may write as the driver.</summary>
    public bool MayActForDriver(string driverId) =>
        Role == Role.Service || (Role == Role.Driver && Ids.Contains(driverId));

    /// <summary>Whether the caller may ask and see as the rider.</summary>
    public bool MayActForRider(string riderId) =>
        Role == Role.Service || (Role == Role.Rider && Ids.Contains(riderId));

    /// <summary>Refuses a caller who may not act for the driver.</summary>
    /// <exception cref="RpcException">PERMISSION_DENIED with ErrorInfo NOT_YOUR_DRIVER.</exception>
    public void RequireDriver(string driverId)
    {
        if (!MayActForDriver(driverId))
        {
            throw NotYours("NOT_YOUR_DRIVER", "driver_id", driverId).ToRpcException();
        }
    }

    /// <summary>Refuses a caller who may not act for the rider.</summary>
    /// <exception cref="RpcException">PERMISSION_DENIED with ErrorInfo NOT_YOUR_RIDER.</exception>
    public void RequireRider(string riderId)
    {
        if (!MayActForRider(riderId))
        {
            throw NotYours("NOT_YOUR_RIDER", "rider_id", riderId).ToRpcException();
        }
    }

    private Google.Rpc.Status NotYours(string reason, string field, string id) =>
        Refusal.PermissionDenied(
            reason, $"The token of \"{Subject}\" may not act for {field} \"{id}\".", ("subject", Subject), (field, id));
}
