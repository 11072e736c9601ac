namespace RideTracking.Engine.Roads.Following;

/// <summary>What became of a waypoint of a route.</summary>
public enum WaypointVisit : byte
{
    NotYet = 0,

    /// <summary>The driver was slow beside it.</summary>
    Arrived = 1,

    /// <summary>The driver came by and went on.</summary>
    PassedBy = 2,
}
