using RideTracking.Engine.Roads.Graph;

namespace RideTracking.Engine.Roads.Osm;

/// <summary>What the tags of a way say about driving a car there.</summary>
internal readonly record struct WayTraits
{
    public required RoadClass Class { get; init; }

    public required RoadFlags Flags { get; init; }

    public required bool IsForward { get; init; }

    public required bool IsBackward { get; init; }

    /// <summary>Limit in km/h; 0 when none is told.</summary>
    public double ForwardLimitKmh { get; init; }

    public double BackwardLimitKmh { get; init; }

    /// <summary>What the surface allows, in km/h.</summary>
    public double SurfaceKmh { get; init; }

    /// <summary>How long a ferry is under way; zero when it is not told.</summary>
    public TimeSpan FerryDuration { get; init; }

    /// <summary>How fast it goes otherwise, in km/h.</summary>
    public double FerryKmh { get; init; }

    /// <summary>When it is open forward, as <see cref="Hours.RoadHours"/> has it: at all of these; always when there are none.</summary>
    public required IReadOnlyList<string> ForwardHours { get; init; }

    public required IReadOnlyList<string> BackwardHours { get; init; }

    /// <summary>In the local language, or the road's number; may be empty.</summary>
    public required string Name { get; init; }
}
