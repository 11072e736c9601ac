using RideTracking.Engine.Roads.Graph;

namespace RideTracking.Engine.Roads.Routing.Hierarchy;

/// <summary>
/// The order in which states are contracted: a network is parted by cutting few of its segments, the states of the cut
/// segments come last, and before them those of either part, ordered in the same way (George, 1973). Cut segments of the
/// network of junctions are separating vertices in that of states and turns: Buchhold, Wagner, Zeitz and Zündorf,
/// "Customizable Contraction Hierarchies with Turn Costs" (ATMOS 2020). Depends on the graph alone, not on chance or the
/// number of processors.
/// </summary>
internal sealed class NestedDissection
{
    private const int WorthAThread = 2_000;

    private readonly RoadGraph _graph;
    private readonly int[] _stateCounts; // of each segment: what cutting it costs
    private readonly int[] _placeInPiece; // of each junction; pieces being parted at the same time share none
    private readonly int[] _order;
    private readonly IProgress<double>? _progress;
    private long _looks; // at segments so far

    private NestedDissection(RoadGraph graph, IProgress<double>? progress)
    {
        (_graph, _progress) = (graph, progress);
        _placeInPiece = new int[graph.JunctionCount];
        _stateCounts = new int[graph.SegmentCount];
        int states = 0;
        for (int state = 0; state < graph.StateCount; state++)
        {
            if (graph.KmhOf(graph.EdgeOfState(state)) > 0)
            {
                _stateCounts[graph.EdgeOfState(state) >> 1]++;
                states++;
            }
        }

        _order = new int[states];
    }

    /// <summary>All states that may be driven, the least important first.</summary>
    /// <param name="graph">Of them.</param>
    /// <param name="progress">Told how much is done, about, 0 to 1; by several threads.</param>
    public static int[] Order(RoadGraph graph, IProgress<double>? progress = null)
    {
        var dissection = new NestedDissection(graph, progress);
        var junctions = new int[graph.JunctionCount];
        for (int junction = 0; junction < junctions.Length; junction++)
        {
            junctions[junction] = junction;
        }

        var segments = new List<int>(graph.SegmentCount);
        for (int segment = 0; segment < graph.SegmentCount; segment++)
        {
            if (dissection._stateCounts[segment] > 0)
            {
                segments.Add(segment);
            }
        }

        dissection.Dissect(new Piece(junctions, [.. segments]), dissection._order);
        return dissection._order;
    }

    /// <summary>Junctions, and all segments between them.</summary>
    private readonly record struct Piece(int[] Junctions, int[] Segments);

    private void Dissect(Piece piece, Memory<int> order)
    {
        if (piece.Segments.Length == 0)
        {
            return;
        }

        for (int i = 0; i < piece.Junctions.Length; i++)
        {
            _placeInPiece[piece.Junctions[i]] = i;
        }

        int[] component = Components(piece, out int components);
        if (components > 1)
        {
            (Piece[] parts, _) = Part(piece, component, components);
            foreach (Piece part in parts)
            {
                int states = StatesOf(part.Segments);
                Dissect(part, order[..states]);
                order = order[states..];
            }

            return;
        }

        if (piece.Junctions.Length == 1)
        {
            Write(piece.Segments, order.Span);
            return;
        }

        bool[] side = Bisect(piece);
        Tell(piece.Segments.Length);
        (Piece[] halves, int[] cut) = Part(piece, Array.ConvertAll(side, near => near ? 0 : 1), 2);
        int near = StatesOf(halves[0].Segments), far = StatesOf(halves[1].Segments);
        Write(cut, order.Span[(near + far)..]);
        if (piece.Junctions.Length < WorthAThread)
        {
            Dissect(halves[0], order[..near]);
            Dissect(halves[1], order.Slice(near, far));
        }
        else
        {
            Parallel.Invoke(
                () => Dissect(halves[0], order[..near]),
                () => Dissect(halves[1], order.Slice(near, far)));
        }
    }

    // Each segment is looked at once for each halving, of which there are about as many as its number has digits in base two.
    private void Tell(int segments)
    {
        if (_progress is not null)
        {
            long looks = Interlocked.Add(ref _looks, segments);
            _progress.Report(Math.Min(1, looks / (_graph.SegmentCount * Math.Log2(_graph.SegmentCount + 1))));
        }
    }

    private bool[] Bisect(Piece piece)
    {
        var ends = new List<int>(2 * piece.Segments.Length);
        var capacities = new List<int>(piece.Segments.Length);
        foreach (int segment in piece.Segments)
        {
            (int from, int to) = EndsOf(segment);
            if (from != to)
            {
                ends.Add(from);
                ends.Add(to);
                capacities.Add(_stateCounts[segment]);
            }
        }

        return InertialFlow.Bisect(_graph, piece.Junctions, [.. ends], [.. capacities]);
    }

    /// <summary>The pieces that the labels of a piece's junctions make, and the segments between different ones.</summary>
    private (Piece[] Parts, int[] Cut) Part(Piece piece, int[] labels, int count)
    {
        var junctions = new List<int>[count];
        var segments = new List<int>[count];
        for (int label = 0; label < count; label++)
        {
            (junctions[label], segments[label]) = ([], []);
        }

        for (int i = 0; i < labels.Length; i++)
        {
            junctions[labels[i]].Add(piece.Junctions[i]);
        }

        var cut = new List<int>();
        foreach (int segment in piece.Segments)
        {
            (int from, int to) = EndsOf(segment);
            (labels[from] == labels[to] ? segments[labels[from]] : cut).Add(segment);
        }

        var parts = new Piece[count];
        for (int label = 0; label < count; label++)
        {
            parts[label] = new Piece([.. junctions[label]], [.. segments[label]]);
        }

        return (parts, [.. cut]);
    }

    /// <summary>For each junction of a piece the number of the connected part that it is in.</summary>
    private int[] Components(Piece piece, out int count)
    {
        var root = new int[piece.Junctions.Length];
        for (int i = 0; i < root.Length; i++)
        {
            root[i] = i;
        }

        foreach (int segment in piece.Segments)
        {
            (int from, int to) = EndsOf(segment);
            (from, to) = (RootOf(from), RootOf(to));
            // The smaller is the root, so that a root comes before all others of its part.
            root[Math.Max(from, to)] = Math.Min(from, to);
        }

        count = 0;
        var component = new int[root.Length];
        for (int i = 0; i < root.Length; i++)
        {
            component[i] = root[i] == i ? count++ : component[RootOf(i)];
        }

        return component;

        int RootOf(int place)
        {
            while (root[place] != place)
            {
                place = root[place] = root[root[place]];
            }

            return place;
        }
    }

    private (int From, int To) EndsOf(int segment)
    {
        ref readonly RoadSegment ends = ref _graph.Segment(segment);
        return (_placeInPiece[ends.FromJunction], _placeInPiece[ends.ToJunction]);
    }

    private int StatesOf(int[] segments)
    {
        int states = 0;
        foreach (int segment in segments)
        {
            states += _stateCounts[segment];
        }

        return states;
    }

    private void Write(int[] segments, Span<int> order)
    {
        int written = 0;
        foreach (int segment in segments)
        {
            for (int edge = 2 * segment; edge <= 2 * segment + 1; edge++)
            {
                if (_graph.KmhOf(edge) == 0)
                {
                    continue;
                }

                order[written++] = edge;
                foreach (int copy in _graph.ExtraStatesOf(edge))
                {
                    order[written++] = copy;
                }
            }
        }
    }
}
