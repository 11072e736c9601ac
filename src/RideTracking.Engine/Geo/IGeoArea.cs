namespace RideTracking.Engine.Geo;

/// <summary>An area that can be searched for drivers.</summary>
public interface IGeoArea
{
    /// <summary>A rectangle around it, as small as is easily known.</summary>
    GeoRectangle Bounds { get; }

    /// <summary>Whether a place lies inside or on the edge. Allocates nothing. Thread-safe.</summary>
    bool Contains(GeoPoint point);
}
