using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Roads.Graph;

/// <summary>A place on a road that a point may stand for.</summary>
/// <param name="Position">Where, and in which direction.</param>
/// <param name="Point">The place itself, on the road's centre line.</param>
/// <param name="DistanceMeters">From the point asked for to <paramref name="Point"/>.</param>
public readonly record struct RoadCandidate(RoadPosition Position, GeoPoint Point, double DistanceMeters)
{
    /// <summary>
    /// How far the point asked for lies to the right of who drives there, in metres; negative to the left. Beyond the
    /// end of a road it is less than the distance.
    /// </summary>
    public double RightMeters { get; init; }
}
