using NetTopologySuite.Geometries;

namespace RideTracking.Engine.Zones;

/// <summary>A polygon as it was written, and where.</summary>
/// <param name="Rings">The shell, then the holes: longitude as x, latitude as y.</param>
/// <param name="Feature">Which feature of a FeatureCollection, from 0; null when there is none.</param>
/// <param name="Index">Which polygon of its feature or geometry, from 0.</param>
internal sealed record GivenPolygon(List<Coordinate[]> Rings, int? Feature, int Index);
