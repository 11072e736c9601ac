using RideTracking.Engine.Ingest;
using RideTracking.Engine.Roads.Graph;
using RideTracking.Engine.Roads.Matching;
using RideTracking.Engine.Roads.Routing;

namespace RideTracking.Engine.Roads.Speeds;

/// <summary>
/// How long a drive took on each of its edges. Fixes are seconds apart and edges short, so between two fixes the time is
/// given to the edges in proportion to what they are expected to take; what the turns between take is left to the turns.
/// Time without getting on counts for the stretch after it, unless it is too long to be traffic.
/// </summary>
internal sealed class DrivenTimes(RoadGraph graph, LearningLimits limits)
{
    // Of the time between two fixes so much at least is driving, however long the turns are said to take.
    private const double LeastDrivingShare = 0.3;

    private readonly List<(double Along, long AtUnixMs)> _marks = [];
    private readonly List<(int Edge, double Share)> _parts = [];

    /// <summary>Tells each edge driven, whole or in part.</summary>
    /// <param name="drive">Matched.</param>
    /// <param name="fixes">Those it was matched from.</param>
    /// <param name="expected">What edges are expected to take.</param>
    /// <param name="tell">Edge, the share of it driven, real time over free flow, and when.</param>
    public void Of(MatchedDrive drive, ReadOnlySpan<Fix> fixes, RoadMetric expected, Action<int, double, double, long> tell)
    {
        for (int piece = 0; piece < drive.Pieces.Length; piece++)
        {
            MarkStretches(drive, fixes, piece);
            for (int i = 1; i < _marks.Count; i++)
            {
                ((double from, long start), (double to, long end)) = (_marks[i - 1], _marks[i]);
                if (to - from >= limits.LeastStretchMeters)
                {
                    Divide(drive.Pieces[piece], from, to, (end - start) / 1e3, (start + end) / 2, expected, tell);
                }
            }
        }
    }

    // Marks where enough metres lie behind since the last one; a long wait is cut out by a mark at its end at the same place.
    private void MarkStretches(MatchedDrive drive, ReadOnlySpan<Fix> fixes, int piece)
    {
        _marks.Clear();
        (double along, long since) = (0, 0);
        for (int i = 0; i < fixes.Length; i++)
        {
            MatchedFix fix = drive.Fixes[i];
            if (fix.Piece != piece)
            {
                continue;
            }

            long at = fixes[i].FixedAtUnixMs;
            if (_marks.Count == 0 || fix.AlongMeters - along >= limits.LeastStretchMeters / 2)
            {
                if (_marks.Count > 0 && at - since > limits.LongestWait.TotalMilliseconds)
                {
                    _marks.Add((along, since));
                    _marks.Add((fix.AlongMeters, at));
                }

                (along, since) = (fix.AlongMeters, at);
            }

            if (_marks.Count == 0 || fix.AlongMeters - _marks[^1].Along >= limits.LeastStretchMeters && at > _marks[^1].AtUnixMs)
            {
                _marks.Add((fix.AlongMeters, at));
            }
        }
    }

    private void Divide(
        DrivenPiece piece, double from, double to, double seconds, long atUnixMs, RoadMetric expected, Action<int, double, double, long> tell)
    {
        _parts.Clear();
        double along = 0, expectedSeconds = 0, turnSeconds = 0;
        int before = -1;
        foreach (DrivenEdge edge in piece.Edges)
        {
            double length = graph.LengthMeters(edge.Edge), start = along;
            along += (edge.To - edge.From) * length;
            double share = (Math.Min(along, to) - Math.Max(start, from)) / length;
            if (share > 0 && expected[edge.Edge] != RoadMetric.Closed)
            {
                _parts.Add((edge.Edge, share));
                expectedSeconds += share * expected[edge.Edge] / 1e3;
                turnSeconds += before >= 0 ? TurnSeconds(before, edge.Edge) : 0;
                before = edge.Edge;
            }

            if (along >= to)
            {
                break;
            }
        }

        double driving = Math.Max(seconds - turnSeconds, LeastDrivingShare * seconds);
        foreach ((int edge, double share) in _parts)
        {
            tell(edge, share, driving / expectedSeconds * expected[edge] / graph.FreeFlowMilliseconds(edge), atUnixMs);
        }
    }

    private double TurnSeconds(int from, int to)
    {
        ReadOnlySpan<int> turns = graph.TurnsFrom(from);
        for (int i = 0; i < turns.Length; i++)
        {
            if (graph.EdgeOfState(turns[i]) == to)
            {
                return graph.TurnDelaysFrom(from)[i] / 10.0;
            }
        }

        return 0;
    }
}
