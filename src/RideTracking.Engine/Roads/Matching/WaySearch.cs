using RideTracking.Engine.Roads.Graph;

namespace RideTracking.Engine.Roads.Matching;

/// <summary>
/// The shortest ways by distance from one position to several, no longer than a bound: Dijkstra's algorithm that stops
/// when no way to a target can become shorter. Turning round, forbidden turns and one-ways against them are possible at a charge in metres, which
/// counts for choosing the way and is told apart from its length. Scratch is reused: not thread-safe.
/// </summary>
internal sealed class WaySearch
{
    /// <summary>A charge that nobody pays.</summary>
    public const double Never = double.PositiveInfinity;

    private readonly RoadGraph _graph;
    private readonly LooseTurns _turns;
    private readonly MatchingLimits _limits;
    private readonly PriorityQueue<int, double> _queue = new();
    private readonly Label[] _labels; // of each edge, where it is entered
    private int _search;

    private RoadPosition _source;
    private double _sourceLength;
    private double _wrongWayMeters;

    public WaySearch(RoadGraph graph, LooseTurns turns, MatchingLimits limits)
    {
        _graph = graph;
        _turns = turns;
        _limits = limits;
        _labels = new Label[graph.EdgeCount];
    }

    /// <summary>Edges looked at since the start.</summary>
    public long SettledEdges { get; private set; }

    /// <summary>
    /// Finds ways to all targets whose cost (length and charges) is within the bound. A target that is less than the jitter
    /// behind the source is at no distance.
    /// </summary>
    /// <param name="source">Where they begin.</param>
    /// <param name="jitterMeters">How far behind is not behind.</param>
    /// <param name="targets">Where they end.</param>
    /// <param name="boundMeters">Of the cost.</param>
    /// <param name="wrongWayMeters">The charge for driving into a one-way street against it.</param>
    /// <param name="ways">One for each target.</param>
    public void Run(
        RoadPosition source, double jitterMeters, ReadOnlySpan<RoadPosition> targets, double boundMeters, double wrongWayMeters, Span<Way> ways)
    {
        _wrongWayMeters = wrongWayMeters;
        _search++;
        _queue.Clear();
        _source = source;
        _sourceLength = _graph.LengthMeters(source.Edge);
        for (int i = 0; i < targets.Length; i++)
        {
            ways[i] = OnTheSameRoad(targets[i], jitterMeters);
        }

        double ahead = (1 - source.Fraction) * _sourceLength, against = Against(source.Edge, ahead);
        Follow(source.Edge, SourceEnd(source.Edge), ahead + against, against, boundMeters);
        int back = source.Edge ^ 1;
        if (_turns.IsDriven(back))
        {
            double behind = source.Fraction * _sourceLength, charge = TurningOnto(back) + Against(back, behind);
            Follow(back, SourceEnd(back), behind + charge, charge, boundMeters);
        }

        double worst = WorstOf(ways, targets.Length);
        while (_queue.TryDequeue(out int edge, out double cost) && cost < worst)
        {
            ref Label label = ref _labels[edge];
            if (label.IsSettled || cost > label.Cost)
            {
                continue;
            }

            label.IsSettled = true;
            SettledEdges++;
            double length = _graph.LengthMeters(edge);
            bool isShorter = false;
            for (int i = 0; i < targets.Length; i++)
            {
                isShorter |= Offer(ref ways[i], targets[i], edge, length, label);
            }

            worst = isShorter ? WorstOf(ways, targets.Length) : worst;
            double wrong = Against(edge, length);
            Follow(edge, edge, cost + length + wrong, label.Charge + wrong, boundMeters);
        }
    }

    /// <summary>The stretches driven to a target of the last <see cref="Run"/>, in order, added to a list.</summary>
    public void AddStretches(RoadPosition target, in Way way, List<DrivenEdge> stretches)
    {
        int start = stretches.Count, edge = way.LastEdge;
        double to = way.TurnsAtEnd ? 1 - target.Fraction : target.Fraction;
        if (way.IsOnSourceRoad)
        {
            AddSource(edge, to);
        }
        else
        {
            stretches.Add(new DrivenEdge(edge, 0, to));
            for (edge = _labels[edge].Before; !IsSourceEnd(edge); edge = _labels[edge].Before)
            {
                stretches.Add(new DrivenEdge(edge, 0, 1));
            }

            AddSource(~edge, 1);
        }

        stretches.Reverse(start, stretches.Count - start);

        void AddSource(int sourceEdge, double end)
        {
            double from = sourceEdge == _source.Edge ? _source.Fraction : 1 - _source.Fraction;
            stretches.Add(new DrivenEdge(sourceEdge, from, Math.Max(from, end)));
        }
    }

    // An edge that is the source's may be driven again later: predecessors that are the source itself are marked.
    private static int SourceEnd(int edge) => ~edge;

    private static bool IsSourceEnd(int before) => before < 0;

    private Way OnTheSameRoad(RoadPosition target, double jitterMeters)
    {
        if (IsBehind(target, jitterMeters))
        {
            return new Way(0, 0, target.Edge) { IsBehind = true };
        }

        if (target.Edge == _source.Edge && target.Fraction >= _source.Fraction)
        {
            double meters = (target.Fraction - _source.Fraction) * _sourceLength, charge = Against(target.Edge, meters);
            return new Way(meters + charge, charge, target.Edge) { IsOnSourceRoad = true };
        }

        if (target.Edge == (_source.Edge ^ 1))
        {
            double ahead = (1 - target.Fraction - _source.Fraction) * _sourceLength;
            double charge = TurningOnto(target.Edge) + Against(ahead >= 0 ? _source.Edge : target.Edge, Math.Abs(ahead));
            return ahead >= 0
                ? new Way(ahead + charge, charge, _source.Edge) { IsOnSourceRoad = true, TurnsAtEnd = true }
                : new Way(-ahead + charge, charge, target.Edge) { IsOnSourceRoad = true };
        }

        return Way.None;
    }

    // On the edge driven, or on one that leads into it.
    private bool IsBehind(RoadPosition target, double jitterMeters)
    {
        double driven = _source.Fraction * _sourceLength;
        if (target.Edge == _source.Edge)
        {
            return target.Fraction < _source.Fraction && driven - target.Fraction * _sourceLength <= jitterMeters;
        }

        return driven <= jitterMeters
            && target.Edge != (_source.Edge ^ 1)
            && _graph.HeadOf(target.Edge) == _graph.TailOf(_source.Edge)
            && driven + (1 - target.Fraction) * _graph.LengthMeters(target.Edge) <= jitterMeters;
    }

    private bool Offer(ref Way way, RoadPosition target, int edge, double length, in Label label)
    {
        bool turns = target.Edge == (edge ^ 1);
        if (target.Edge != edge && !turns)
        {
            return false;
        }

        double meters = (turns ? 1 - target.Fraction : target.Fraction) * length;
        double charge = Against(edge, meters) + (turns ? TurningOnto(target.Edge) : 0);
        if (label.Cost + meters + charge >= way.CostMeters)
        {
            return false;
        }

        way = new Way(label.Cost + meters + charge, label.Charge + charge, edge) { TurnsAtEnd = turns };
        return true;
    }

    private void Follow(int edge, int before, double cost, double charge, double bound)
    {
        foreach (int turn in _turns.After(edge))
        {
            int next = turn >> 2;
            double toll = (turn & LooseTurns.Forbidden) != 0 ? _limits.ForbiddenTurnMeters : next == (edge ^ 1) ? _limits.UTurnMeters : 0;
            toll += (turn & LooseTurns.IntoWrongWay) != 0 ? _wrongWayMeters : 0;
            ref Label label = ref _labels[next];
            if (cost + toll <= bound && (label.Search != _search || cost + toll < label.Cost))
            {
                label = new Label { Search = _search, Cost = cost + toll, Charge = charge + toll, Before = before };
                _queue.Enqueue(next, cost + toll);
            }
        }
    }

    private double TurningOnto(int edge) => _limits.UTurnMeters + (_turns.IsWrongWay(edge) ? _wrongWayMeters : 0);

    private double Against(int edge, double meters) => _turns.IsWrongWay(edge) ? _limits.WrongWayMetersPerMeter * meters : 0;

    private static double WorstOf(Span<Way> ways, int count)
    {
        double worst = 0;
        for (int i = 0; i < count; i++)
        {
            worst = Math.Max(worst, ways[i].CostMeters);
        }

        return worst;
    }

    private struct Label
    {
        public double Cost;
        public double Charge;
        public int Before;
        public int Search;
        public bool IsSettled;
    }
}

/// <summary>A way found by <see cref="WaySearch"/>.</summary>
/// <param name="CostMeters">Length and charges; infinite when there is none.</param>
/// <param name="ChargeMeters">For turning round, forbidden turns and one-ways against them.</param>
/// <param name="LastEdge">The edge entered last, before a turn at the end.</param>
internal readonly record struct Way(double CostMeters, double ChargeMeters, int LastEdge)
{
    public static Way None => new(double.PositiveInfinity, 0, -1);

    public bool Exists => LastEdge >= 0;

    public double LengthMeters => CostMeters - ChargeMeters;

    /// <summary>It does not leave the road where it starts.</summary>
    public bool IsOnSourceRoad { get; init; }

    /// <summary>No way at all: the target is a little behind the start, as jitter puts it.</summary>
    public bool IsBehind { get; init; }

    /// <summary>It turns round at the target.</summary>
    public bool TurnsAtEnd { get; init; }
}
