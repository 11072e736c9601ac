using System.Collections.Immutable;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads.Graph;
using RideTracking.Engine.Roads.Routing;

namespace RideTracking.Engine.Roads.Matching;

/// <summary>Where a driver really drove.</summary>
/// <param name="Pieces">The ways driven on roads, in order; between one and the next the way is not known.</param>
/// <param name="Fixes">One for each fix given, in their order.</param>
/// <param name="BridgedMeters">
/// Straight distance over what is not known: between pieces, and where no road is near. Through the fixes there when they
/// are more than could be outliers.
/// </param>
public sealed record MatchedDrive(
    ImmutableArray<DrivenPiece> Pieces, ImmutableArray<MatchedFix> Fixes, double BridgedMeters)
{
    /// <summary>Driven on roads, in metres.</summary>
    public double RoadMeters => Pieces.Sum(piece => piece.LengthMeters);

    /// <summary>Driven in all, in metres.</summary>
    public double DistanceMeters => RoadMeters + BridgedMeters;

    /// <summary>The line driven, in the roads' own shape; straight from one piece to the next.</summary>
    public GeoPoint[] Line(RoadGraph graph)
    {
        var line = new List<GeoPoint>();
        foreach (DrivenPiece piece in Pieces)
        {
            foreach (DrivenEdge edge in piece.Edges)
            {
                EdgeLine.Add(graph, edge.Edge, edge.From, edge.To, line);
            }
        }

        return [.. line];
    }

    /// <summary>Share of the fixes that are on no piece, 0 to 1.</summary>
    public double UnmatchedShare => Fixes.IsEmpty ? 0 : (double)Fixes.Count(fix => !fix.IsMatched) / Fixes.Length;
}

/// <summary>A way on roads without interruption.</summary>
/// <param name="Edges">In order; each continues where the one before ends, or turns round there.</param>
/// <param name="LengthMeters">0 when all its fixes are at one place.</param>
public sealed record DrivenPiece(ImmutableArray<DrivenEdge> Edges, double LengthMeters);

/// <summary>A stretch of an edge that was driven.</summary>
/// <param name="Edge">2 × segment, or 2 × segment + 1 against the way its shape is drawn.</param>
/// <param name="From">How much of the edge lay behind at the start, 0 to 1.</param>
/// <param name="To">And at the end; not below <paramref name="From"/>.</param>
public readonly record struct DrivenEdge(int Edge, double From, double To);

/// <summary>What became of a fix.</summary>
/// <param name="Piece">Index of the piece it is on; -1 when it is on none (no road near, or an outlier).</param>
/// <param name="Position">On the road; meaningless when unmatched.</param>
/// <param name="AlongMeters">From the start of its piece; never less than that of the fix before on the same piece.</param>
/// <param name="DistanceMeters">From the fix to its position.</param>
public readonly record struct MatchedFix(int Piece, RoadPosition Position, double AlongMeters, double DistanceMeters)
{
    public static MatchedFix None => new(-1, default, 0, 0);

    public bool IsMatched => Piece >= 0;
}
