using System.Collections.Immutable;
using RideTracking.Engine.Roads;

namespace RideTracking.Engine.Dispatch;

/// <summary>The way that a driver was told.</summary>
/// <param name="Version">Rises with each change of the driver's way; the same version has the same polyline.</param>
/// <param name="WaypointIds">The waypoint at the end of each leg.</param>
/// <param name="Route">The way itself.</param>
/// <param name="ComputedAt">When it was computed.</param>
public sealed record TripRoute(ulong Version, ImmutableArray<string> WaypointIds, Route Route, DateTimeOffset ComputedAt);
