using System.Runtime.InteropServices;
using RideTracking.Engine.Roads.Graph;

namespace RideTracking.Engine.Roads.Routing.Hierarchy;

/// <summary>
/// Contracts the states in their order without knowing any times: whoever came from a higher state over the contracted
/// one to another higher state gets an arc of his own. Directions are kept apart, so that no arc is made that no way
/// could ever use. Dibbelt, Strasser and Wagner, "Customizable Contraction Hierarchies" (JEA 2016).
/// </summary>
internal sealed class Contraction
{
    private readonly RoadGraph _graph;
    private readonly EliminationTree _tree;
    private readonly Direction _out;
    private readonly Direction _in;
    private readonly int[] _seen; // by which rank (and direction) an end was seen last
    private int _stamp;

    private Contraction(RoadGraph graph, EliminationTree tree)
    {
        (_graph, _tree) = (graph, tree);
        int ranks = tree.States.Length;
        _seen = new int[ranks];
        (_out, _in) = (new Direction(ranks), new Direction(ranks));
    }

    /// <summary>The arcs that are driven upwards, and those that are driven downwards.</summary>
    public static (UpwardArcs Out, UpwardArcs In) Of(RoadGraph graph, EliminationTree tree)
    {
        var contraction = new Contraction(graph, tree);
        contraction.JoinTurns();
        for (int rank = 0; rank < tree.States.Length; rank++)
        {
            contraction.Collect(rank, contraction._out, contraction._in);
            contraction.Collect(rank, contraction._in, contraction._out);
        }

        return (contraction._out.ToArcs(), contraction._in.ToArcs());
    }

    /// <summary>Hands each turn to its lower state.</summary>
    private void JoinTurns()
    {
        for (int state = 0; state < _graph.StateCount; state++)
        {
            ReadOnlySpan<int> turns = _graph.TurnsFrom(state);
            for (int i = 0; i < turns.Length; i++)
            {
                int from = _tree.Ranks[state], to = _tree.Ranks[turns[i]];
                if (from >= 0 && to >= 0 && from != to)
                {
                    (from < to ? _out : _in).AddTurn(Math.Min(from, to), Math.Max(from, to), _graph.FirstTurn(state) + i);
                }
            }
        }
    }

    /// <summary>All arcs of a rank in one direction: its turns, and what the ranks contracted before it leave.</summary>
    private void Collect(int rank, Direction direction, Direction other)
    {
        _stamp++;
        int start = direction.Ends.Count;
        for (int link = direction.FirstTurnLink[rank]; link >= 0; link = direction.TurnLinks[link].Next)
        {
            See(direction.TurnLinks[link].End);
        }

        // Into (or out of) the rank from (or to) a lower one by the other direction's arc, and on by this direction's.
        for (int arc = other.FirstFromBelow[rank]; arc >= 0; arc = other.NextFromBelow[arc])
        {
            int middle = other.Owners[arc];
            for (int on = direction.First[middle + 1] - 1; on >= direction.First[middle] && direction.Ends[on] > rank; on--)
            {
                See(direction.Ends[on]);
            }
        }

        direction.Close(rank, start);

        void See(int end)
        {
            if (_seen[end] != _stamp)
            {
                _seen[end] = _stamp;
                direction.Ends.Add(end);
            }
        }
    }

    /// <summary>The arcs of one direction as they grow.</summary>
    private sealed class Direction
    {
        public Direction(int ranks)
        {
            First = new int[ranks + 1];
            FirstTurnLink = new int[ranks];
            FirstFromBelow = new int[ranks];
            Array.Fill(FirstTurnLink, -1);
            Array.Fill(FirstFromBelow, -1);
        }

        public int[] First { get; }

        public List<int> Ends { get; } = [];

        /// <summary>The lower end of each arc.</summary>
        public List<int> Owners { get; } = [];

        /// <summary>Of each rank the newest of the arcs that end there, and of each arc the one before it.</summary>
        public int[] FirstFromBelow { get; }

        public List<int> NextFromBelow { get; } = [];

        public int[] FirstTurnLink { get; }

        public List<(int End, int Turn, int Next)> TurnLinks { get; } = [];

        public void AddTurn(int rank, int end, int turn)
        {
            TurnLinks.Add((end, turn, FirstTurnLink[rank]));
            FirstTurnLink[rank] = TurnLinks.Count - 1;
        }

        /// <summary>Sorts the arcs of a rank, which begin at <paramref name="start"/>, and lets their ends know.</summary>
        public void Close(int rank, int start)
        {
            CollectionsMarshal.AsSpan(Ends)[start..].Sort();
            for (int arc = start; arc < Ends.Count; arc++)
            {
                Owners.Add(rank);
                NextFromBelow.Add(FirstFromBelow[Ends[arc]]);
                FirstFromBelow[Ends[arc]] = arc;
            }

            First[rank + 1] = Ends.Count;
        }

        public UpwardArcs ToArcs()
        {
            var arcs = new UpwardArcs(First, [.. Ends], new int[Ends.Count]);
            Array.Fill(arcs.Turns, -1);
            for (int rank = 0; rank < FirstTurnLink.Length; rank++)
            {
                for (int link = FirstTurnLink[rank]; link >= 0; link = TurnLinks[link].Next)
                {
                    arcs.Turns[arcs.Find(rank, TurnLinks[link].End)] = TurnLinks[link].Turn;
                }
            }

            return arcs;
        }
    }
}
