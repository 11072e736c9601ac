namespace RideTracking.Server.Storage.Trips;

/// <summary>A trip that is over, where it stands in the list of those: the last first.</summary>
/// <param name="EndedAtUnixMs">When it ended.</param>
/// <param name="TripId">Which.</param>
internal readonly record struct EndedTrip(long EndedAtUnixMs, string TripId)
{
    /// <summary>Whether it comes later in the list than another.</summary>
    public bool IsAfter(EndedTrip other) =>
        EndedAtUnixMs < other.EndedAtUnixMs
        || (EndedAtUnixMs == other.EndedAtUnixMs && string.CompareOrdinal(TripId, other.TripId) < 0);
}
