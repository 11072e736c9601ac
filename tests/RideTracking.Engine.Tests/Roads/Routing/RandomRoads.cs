using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads.Graph;
using RideTracking.Engine.Roads.Routing;

namespace RideTracking.Engine.Tests.Roads.Routing;

/// <summary>
/// Networks worse than any city: junctions at random, one-ways, parallel roads, loops, dead ends, parts without a way
/// between them, turns missing, and copies of edges that allow fewer turns to who came a certain way.
/// </summary>
internal sealed class RandomRoads(Random random)
{
    public RoadGraph Build(int junctions, int segments, int copies)
    {
        var points = new GeoPoint[junctions];
        for (int i = 0; i < junctions; i++)
        {
            points[i] = new GeoPoint(41 + random.NextDouble() / 10, -8 - random.NextDouble() / 10);
        }

        var roads = new RoadSegment[segments];
        var shape = new List<int>();
        for (int i = 0; i < segments; i++)
        {
            int from = random.Next(junctions), to = Near(points, from);
            roads[i] = new RoadSegment
            {
                WayId = i,
                FromJunction = from,
                ToJunction = to,
                FirstPoint = shape.Count / 2,
                LengthCentimeters = random.Next(1, 50_000),
                Name = 0,
                ForwardKmh = (byte)(random.Next(8) == 0 ? 0 : random.Next(1, 120)),
                BackwardKmh = (byte)(random.Next(3) == 0 ? 0 : random.Next(1, 120)),
                Class = RoadClass.Residential,
                Flags = RoadFlags.Connected,
            };
            AddPoint(shape, points[from]);
            AddPoint(shape, points[to]);
        }

        var graph = WithTurns(points, roads, shape, [], [[]]);
        var copied = new int[copies];
        for (int i = 0; i < copies; i++)
        {
            copied[i] = random.Next(2 * segments);
        }

        return WithTurns(points, roads, shape, copied, Turns(graph, copied));
    }

    public RoadPosition Position(RoadGraph graph) => new(
        random.Next(graph.EdgeCount),
        random.Next(8) switch { 0 => 0, 1 => 1, _ => random.NextDouble() });

    /// <summary>One to three positions, now and then on the same edges as others.</summary>
    public RoadPosition[] Place(RoadGraph graph, RoadPosition[]? other = null)
    {
        var positions = new RoadPosition[random.Next(1, 4)];
        for (int i = 0; i < positions.Length; i++)
        {
            positions[i] = Position(graph);
            if (other is not null && random.Next(4) == 0)
            {
                positions[i] = positions[i] with { Edge = other[random.Next(other.Length)].Edge ^ random.Next(2) };
            }
        }

        return positions;
    }

    /// <summary>A metric with some edges closed and others slower.</summary>
    public RoadMetric Metric(RoadGraph graph)
    {
        var changes = new List<RoadChange>();
        for (int i = 0; i < graph.EdgeCount / 10; i++)
        {
            int edge = random.Next(graph.EdgeCount);
            changes.Add(random.Next(3) switch
            {
                0 => RoadChange.Closed(edge),
                1 => RoadChange.Slowed(edge, 0.05 + random.NextDouble()),
                _ => RoadChange.AtMost(edge, 1 + random.Next(30)),
            });
        }

        return RoadMetric.FreeFlow(graph).With(graph, changes);
    }

    private int Near(GeoPoint[] points, int from)
    {
        int best = random.Next(points.Length);
        for (int i = 0; i < 8; i++)
        {
            int other = random.Next(points.Length);
            best = Earth.DistanceMeters(points[from], points[other]) < Earth.DistanceMeters(points[from], points[best]) ? other : best;
        }

        return best;
    }

    private List<(int Target, byte Delay)>[] Turns(RoadGraph graph, int[] copied)
    {
        var turns = new List<(int Target, byte Delay)>[graph.EdgeCount + copied.Length];
        for (int state = 0; state < turns.Length; state++)
        {
            turns[state] = [];
            int edge = state < graph.EdgeCount ? state : copied[state - graph.EdgeCount];
            if (state >= graph.EdgeCount)
            {
                // What the edge may, less some of it.
                turns[state].AddRange(turns[edge].Where(_ => random.Next(3) > 0));
                continue;
            }

            for (int next = 0; next < graph.EdgeCount; next++)
            {
                if (graph.TailOf(next) == graph.HeadOf(edge) && graph.KmhOf(next) > 0 && graph.KmhOf(edge) > 0
                    && random.Next(8) > 0 && (next != (edge ^ 1) || random.Next(4) == 0))
                {
                    turns[state].Add((next, (byte)random.Next(100)));
                }
            }
        }

        foreach (List<(int Target, byte Delay)> each in turns)
        {
            for (int i = 0; i < each.Count; i++)
            {
                int copy = Array.IndexOf(copied, each[i].Target);
                if (copy >= 0 && random.Next(2) == 0)
                {
                    each[i] = (graph.EdgeCount + copy, each[i].Delay);
                }
            }
        }

        return turns;
    }

    private static RoadGraph WithTurns(
        GeoPoint[] points, RoadSegment[] roads, List<int> shape, int[] copied, List<(int Target, byte Delay)>[] turns)
    {
        int states = 2 * roads.Length + copied.Length;
        var first = new int[states + 1];
        for (int state = 0; state < states; state++)
        {
            first[state + 1] = first[state] + (state < turns.Length ? turns[state].Count : 0);
        }

        var junctionPoints = new List<int>();
        foreach (GeoPoint point in points)
        {
            AddPoint(junctionPoints, point);
        }

        return new RoadGraph(new RoadGraphParts
        {
            Segments = roads,
            Shape = [.. shape],
            JunctionPoints = [.. junctionPoints],
            JunctionIds = new long[points.Length],
            Names = [""],
            ExtraStateEdges = copied,
            FirstTurn = first,
            TurnTargets = [.. turns.SelectMany(each => each.Select(turn => turn.Target))],
            TurnDelays = [.. turns.SelectMany(each => each.Select(turn => turn.Delay))],
        });
    }

    private static void AddPoint(List<int> to, GeoPoint point)
    {
        to.Add((int)(point.LatitudeDegrees * 1e7));
        to.Add((int)(point.LongitudeDegrees * 1e7));
    }
}
