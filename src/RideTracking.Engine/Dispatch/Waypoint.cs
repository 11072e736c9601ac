using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Dispatch;

/// <summary>What a waypoint is for; the numbers are those of the contract.</summary>
public enum WaypointKind : byte
{
    Unspecified = 0,
    Pickup = 1,
    Stop = 2,
    Dropoff = 3,
}

/// <summary>How far a waypoint has got; the numbers are those of the contract.</summary>
public enum WaypointState : byte
{
    Unspecified = 0,
    Pending = 1,
    Arrived = 2,
    Done = 3,
}

/// <summary>What a driver did about a waypoint; the numbers are those of the contract.</summary>
public enum WaypointStep : byte
{
    Unspecified = 0,
    Heading = 1,
    Arrived = 2,
    Done = 3,
}

/// <summary>A place that a trip visits.</summary>
/// <param name="Id">Stable through changes; begins with the trip's id.</param>
/// <param name="Kind">What it is for.</param>
/// <param name="State">How far it has got.</param>
/// <param name="Location">Where it is.</param>
/// <param name="Label">What people call the place; may be empty.</param>
public sealed record Waypoint(string Id, WaypointKind Kind, WaypointState State, GeoPoint Location, string Label)
{
    /// <summary>Actual arrival.</summary>
    public DateTimeOffset? ArrivedAt { get; init; }

    /// <summary>When it was done.</summary>
    public DateTimeOffset? DoneAt { get; init; }
}

/// <summary>A waypoint as somebody asks for it.</summary>
/// <param name="Id">The known waypoint that is meant, or null for a new one.</param>
/// <param name="Kind">What it is for.</param>
/// <param name="Location">Where it is.</param>
/// <param name="Label">What people call the place; may be empty.</param>
public sealed record RequestedWaypoint(string? Id, WaypointKind Kind, GeoPoint Location, string Label);
