using RideTracking.Server.Areas;
using RideTracking.Server.Protocol;

namespace RideTracking.Server.Trips;

/// <summary>A trip's id names its service area.</summary>
internal static class TripIds
{
    // An area of 32, a dot, 32 hexadecimal digits, and what waypoints and offers add.
    private const int MaxLength = 96;

    /// <summary>A new id.</summary>
    public static string New(StoreKeys keys, TimeProvider time) => $"{keys.Area}.{Guid.CreateVersion7(time.GetUtcNow()):N}";

    /// <summary>Whether a trip of this area could have the id: nothing else is ever looked up.</summary>
    public static bool IsPlausible(StoreKeys keys, string tripId) =>
        tripId.Length <= MaxLength
        && tripId.StartsWith(keys.Area + ".", StringComparison.Ordinal)
        && ExternalId.IsValid(tripId[(keys.Area.Length + 1)..]);
}
