using System.Collections.Immutable;
using RideTracking.Engine.Roads.Graph;

namespace RideTracking.Engine.Roads.Routing;

/// <summary>A way over the roads from one position to another.</summary>
/// <param name="Start">On the first edge.</param>
/// <param name="End">On the last edge.</param>
/// <param name="Edges">All edges in order, the first and the last in part; an edge may come twice.</param>
/// <param name="Milliseconds">Driving time with the delays of turns, 0 or more.</param>
public sealed record RoadPath(RoadPosition Start, RoadPosition End, ImmutableArray<int> Edges, long Milliseconds);
