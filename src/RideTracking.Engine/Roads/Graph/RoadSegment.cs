using System.Runtime.InteropServices;

namespace RideTracking.Engine.Roads.Graph;

/// <summary>
/// A stretch of road from one junction to the next. Its two directions are the edges 2 × segment (as drawn, forward)
/// and 2 × segment + 1 (backward).
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
public readonly record struct RoadSegment
{
    /// <summary>OpenStreetMap's id of the way; made up in a synthetic network.</summary>
    public required long WayId { get; init; }

    /// <summary>The junction where its shape starts.</summary>
    public required int FromJunction { get; init; }

    /// <summary>The junction where its shape ends; may be the one where it starts.</summary>
    public required int ToJunction { get; init; }

    /// <summary>Index of its first shape point; its last is the one before the next segment's first.</summary>
    public required int FirstPoint { get; init; }

    /// <summary>Length along its shape in centimetres, at least 1.</summary>
    public required int LengthCentimeters { get; init; }

    /// <summary>Index into the names; 0 is the empty name.</summary>
    public required int Name { get; init; }

    /// <summary>Free-flow speed forward in km/h; 0 where nobody may drive that way.</summary>
    public required byte ForwardKmh { get; init; }

    /// <summary>Free-flow speed backward in km/h; 0 where nobody may drive that way.</summary>
    public required byte BackwardKmh { get; init; }

    public required RoadClass Class { get; init; }

    public required RoadFlags Flags { get; init; }
}
