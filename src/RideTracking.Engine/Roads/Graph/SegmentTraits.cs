namespace RideTracking.Engine.Roads.Graph;

/// <summary>A stretch of road for <see cref="RoadGraphBuilder"/>; its shape comes beside it.</summary>
internal readonly record struct SegmentTraits
{
    public required long WayId { get; init; }

    /// <summary>The junction where its shape starts.</summary>
    public required int FromJunction { get; init; }

    public required int ToJunction { get; init; }

    /// <summary>Free-flow speed forward in km/h; 0 where nobody may drive that way.</summary>
    public required byte ForwardKmh { get; init; }

    public required byte BackwardKmh { get; init; }

    public required RoadClass Class { get; init; }

    /// <summary><see cref="RoadFlags.Connected"/> is for the builder to set.</summary>
    public RoadFlags Flags { get; init; }

    public string? Name { get; init; }

    /// <summary>Stops on the way or at its end (signals, stop signs) of who drives forward, in tenths of a second.</summary>
    public byte ForwardDelay { get; init; }

    public byte BackwardDelay { get; init; }
}
