namespace RideTracking.Engine.Roads.Graph;

/// <summary>
/// Turn restrictions as an automaton (Aho and Corasick, 1975): what of the way driven so far still matters. A memory is
/// the longest end of the way that begins some restriction over several edges; 0 is nothing to remember. Not thread-safe
/// until <see cref="Complete"/>.
/// </summary>
internal sealed class TurnRules
{
    // Node 0 stands for the empty way. The way of each other node is its parent's with one edge more; the last edge of
    // a restriction gets no node.
    private readonly List<Node> _nodes = [new Node(0, 0, 0)];
    private readonly Dictionary<(int Node, int Edge), int> _children = [];

    private sealed record Node(int Parent, int Edge, int Depth)
    {
        /// <summary>The node of the longest proper end of this way that has one.</summary>
        public int Shorter { get; set; }

        public HashSet<int>? Forbidden { get; set; }

        public HashSet<int>? Demanded { get; set; }
    }

    /// <summary>Nobody may drive these edges one after the other.</summary>
    public void Forbid(ReadOnlySpan<int> edges) =>
        (_nodes[NodeOf(edges[..^1])].Forbidden ??= []).Add(edges[^1]);

    /// <summary>
    /// Who drives the first edge must go on with the others. Several demands of the same way allow each of theirs.
    /// </summary>
    public void Demand(ReadOnlySpan<int> edges)
    {
        for (int count = 1; count < edges.Length; count++)
        {
            (_nodes[NodeOf(edges[..count])].Demanded ??= []).Add(edges[count]);
        }
    }

    /// <summary>To be called once, after the last restriction and before the first question.</summary>
    public void Complete()
    {
        foreach (Node node in _nodes.Skip(1).OrderBy(each => each.Depth))
        {
            if (node.Depth > 1)
            {
                int longest = Longest(_nodes[node.Parent].Shorter, node.Edge);
                node.Shorter = longest != 0 ? longest : _children.GetValueOrDefault((0, node.Edge));
            }
        }
    }

    /// <summary>Whether an edge may follow.</summary>
    public bool Allows(int edge, int memory, int next)
    {
        for (int at = At(edge, memory); at != 0; at = _nodes[at].Shorter)
        {
            Node node = _nodes[at];
            if (node.Forbidden?.Contains(next) == true || node.Demanded?.Contains(next) == false)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether a restriction says that this edge is to follow.</summary>
    public bool Demands(int edge, int memory, int next)
    {
        for (int at = At(edge, memory); at != 0; at = _nodes[at].Shorter)
        {
            if (_nodes[at].Demanded?.Contains(next) == true)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>What is to be remembered on the next edge.</summary>
    public int MemoryAfter(int edge, int memory, int next) => Longest(At(edge, memory), next);

    private int At(int edge, int memory) => memory != 0 ? memory : _children.GetValueOrDefault((0, edge));

    private int Longest(int node, int next)
    {
        for (int at = node; at != 0; at = _nodes[at].Shorter)
        {
            if (_children.TryGetValue((at, next), out int longer))
            {
                return longer;
            }
        }

        return 0;
    }

    private int NodeOf(ReadOnlySpan<int> edges)
    {
        int node = 0;
        foreach (int edge in edges)
        {
            if (!_children.TryGetValue((node, edge), out int child))
            {
                child = _nodes.Count;
                _nodes.Add(new Node(node, edge, _nodes[node].Depth + 1));
                _children.Add((node, edge), child);
            }

            node = child;
        }

        return node;
    }
}
