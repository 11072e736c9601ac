namespace RideTracking.Engine.Roads.Routing.Hierarchy;

/// <summary>
/// The least capacity whose removal parts some nodes of an undirected network from others: the maximum flow between
/// them (Dinic, 1970), given up once it reaches what is known to be no better. Not thread-safe; good for several cuts.
/// </summary>
internal sealed class MinimumCut
{
    private const byte Source = 1, Sink = 2;

    private readonly int[] _firstArc; // of each node, into _arcs
    private readonly int[] _arcs; // arc a goes to _heads[a]; a ^ 1 is the same link the other way
    private readonly int[] _heads;
    private readonly int[] _capacities; // of each link
    private readonly int[] _residual; // of each arc
    private readonly byte[] _terminal;
    private readonly int[] _level;
    private readonly int[] _nextArc;
    private readonly int[] _queue;
    private readonly List<int> _path = [];

    /// <param name="nodeCount">Nodes 0 up.</param>
    /// <param name="ends">The two ends of each link, one after the other.</param>
    /// <param name="capacities">Of each link, above 0.</param>
    public MinimumCut(int nodeCount, int[] ends, int[] capacities)
    {
        _capacities = capacities;
        _heads = new int[ends.Length];
        _residual = new int[ends.Length];
        _firstArc = new int[nodeCount + 1];
        for (int arc = 0; arc < ends.Length; arc++)
        {
            _heads[arc] = ends[arc ^ 1];
            _firstArc[ends[arc] + 1]++;
        }

        for (int node = 0; node < nodeCount; node++)
        {
            _firstArc[node + 1] += _firstArc[node];
        }

        _arcs = new int[ends.Length];
        int[] next = _firstArc[..nodeCount];
        for (int arc = 0; arc < ends.Length; arc++)
        {
            _arcs[next[ends[arc]]++] = arc;
        }

        _terminal = new byte[nodeCount];
        _level = new int[nodeCount];
        _nextArc = next;
        _queue = new int[nodeCount];
    }

    private int NodeCount => _level.Length;

    /// <summary>The capacity between two sets of nodes, or <paramref name="limit"/> when it is not below that.</summary>
    public int Find(ReadOnlySpan<int> sources, ReadOnlySpan<int> sinks, int limit)
    {
        Array.Clear(_terminal);
        foreach (int node in sources)
        {
            _terminal[node] = Source;
        }

        foreach (int node in sinks)
        {
            _terminal[node] = Sink;
        }

        for (int arc = 0; arc < _residual.Length; arc++)
        {
            _residual[arc] = _capacities[arc >> 1];
        }

        int flow = 0;
        while (flow < limit && LevelFrom(Source) is var reached && reached)
        {
            _firstArc.AsSpan(0, NodeCount).CopyTo(_nextArc);
            foreach (int source in sources)
            {
                while (flow < limit && Augment(source) is var more and > 0)
                {
                    flow += more;
                }
            }
        }

        return Math.Min(flow, limit);
    }

    /// <summary>After <see cref="Find"/>: true for each node on the sources' side of that of the least cuts which is nearest to the middle.</summary>
    public bool[] SourceSide()
    {
        LevelFrom(Source);
        bool[] near = Array.ConvertAll(_level, level => level >= 0);
        LevelFrom(Sink);
        bool[] far = Array.ConvertAll(_level, level => level < 0);
        return Imbalance(near) <= Imbalance(far) ? near : far;
    }

    private static int Imbalance(bool[] side)
    {
        int count = 0;
        foreach (bool inside in side)
        {
            count += inside ? 1 : 0;
        }

        return Math.Abs(2 * count - side.Length);
    }

    /// <summary>Breadth first from one kind of terminal over what is not full; true when the other kind is reached.</summary>
    private bool LevelFrom(byte start)
    {
        Array.Fill(_level, -1);
        int end = 0;
        for (int node = 0; node < NodeCount; node++)
        {
            if (_terminal[node] == start)
            {
                _level[node] = 0;
                _queue[end++] = node;
            }
        }

        bool reached = false;
        for (int at = 0; at < end; at++)
        {
            int node = _queue[at];
            for (int i = _firstArc[node]; i < _firstArc[node + 1]; i++)
            {
                int arc = _arcs[i], head = _heads[arc];
                // Towards the sources an arc is left against its direction.
                if (_level[head] < 0 && _residual[start == Source ? arc : arc ^ 1] > 0)
                {
                    _level[head] = _level[node] + 1;
                    reached |= _terminal[head] != 0;
                    _queue[end++] = head;
                }
            }
        }

        return reached;
    }

    /// <summary>One way from a source to a sink, ever one level up; 0 when there is none any more.</summary>
    private int Augment(int source)
    {
        _path.Clear();
        int node = source;
        while (_terminal[node] != Sink)
        {
            int arc = NextArc(node);
            if (arc >= 0)
            {
                _path.Add(arc);
                node = _heads[arc];
            }
            else if (_path.Count == 0)
            {
                return 0;
            }
            else
            {
                node = _heads[_path[^1] ^ 1];
                _nextArc[node]++;
                _path.RemoveAt(_path.Count - 1);
            }
        }

        int flow = int.MaxValue;
        foreach (int arc in _path)
        {
            flow = Math.Min(flow, _residual[arc]);
        }

        foreach (int arc in _path)
        {
            _residual[arc] -= flow;
            _residual[arc ^ 1] += flow;
        }

        return flow;
    }

    private int NextArc(int node)
    {
        for (; _nextArc[node] < _firstArc[node + 1]; _nextArc[node]++)
        {
            int arc = _arcs[_nextArc[node]];
            if (_residual[arc] > 0 && _level[_heads[arc]] == _level[node] + 1)
            {
                return arc;
            }
        }

        return -1;
    }
}
