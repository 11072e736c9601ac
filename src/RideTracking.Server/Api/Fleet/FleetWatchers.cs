using Grpc.Core;
using RideTracking.Server.Protocol;

namespace RideTracking.Server.Api.Fleet;

/// <summary>Holds the number of open watches below its limit. Thread-safe.</summary>
internal sealed class FleetWatchers
{
    private int _open;

    /// <summary>Takes a place, or refuses when all are taken. A place that was taken must be given back.</summary>
    public void Enter(int limit)
    {
        if (Interlocked.Increment(ref _open) > limit)
        {
            Leave();
            throw Refusal.Exhausted(
                "TOO_MANY_WATCHERS", $"{limit} watches of the fleet are open, which is the limit; close one first.",
                ("limit", limit.ToString(System.Globalization.CultureInfo.InvariantCulture))).ToRpcException();
        }
    }

    /// <summary>Gives a place back.</summary>
    public void Leave() => Interlocked.Decrement(ref _open);
}
