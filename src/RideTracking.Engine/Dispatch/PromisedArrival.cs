namespace RideTracking.Engine.Dispatch;

/// <summary>When somebody was told that the car would arrive.</summary>
/// <param name="WaypointId">Where.</param>
/// <param name="Arrival">The arrival that was told.</param>
/// <param name="ToldAt">When it was told.</param>
public sealed record PromisedArrival(string WaypointId, DateTimeOffset Arrival, DateTimeOffset ToldAt);
