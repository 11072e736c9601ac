namespace RideTracking.Engine.Roads.Graph;

/// <summary>Edges, which may follow which, and who may turn round: what states are made from. Thread-safe.</summary>
internal sealed class TurnNetwork
{
    private readonly int[] _heads;
    private readonly int[] _firstOut;
    private readonly int[] _out;
    private readonly TurnRules _rules;
    private readonly IReadOnlySet<int> _gates;

    /// <param name="heads">The junction where each edge ends.</param>
    /// <param name="junctions">How many there are.</param>
    /// <param name="rules">Complete.</param>
    /// <param name="gates">Junctions that only own traffic passes.</param>
    public TurnNetwork(int[] heads, int junctions, TurnRules rules, IReadOnlySet<int> gates)
    {
        (_heads, _rules, _gates) = (heads, rules, gates);
        _firstOut = new int[junctions + 1];
        for (int edge = 0; edge < heads.Length; edge++)
        {
            _firstOut[heads[edge ^ 1] + 1]++;
        }

        for (int junction = 0; junction < junctions; junction++)
        {
            _firstOut[junction + 1] += _firstOut[junction];
        }

        int[] next = _firstOut[..^1];
        _out = new int[heads.Length];
        for (int edge = 0; edge < heads.Length; edge++)
        {
            _out[next[heads[edge ^ 1]]++] = edge;
        }
    }

    public int EdgeCount => _heads.Length;

    /// <summary>All edges that start at a junction, whether they may be driven or not.</summary>
    public ReadOnlySpan<int> OutOf(int junction) => _out.AsSpan(_firstOut[junction].._firstOut[junction + 1]);

    public int HeadOf(int edge) => _heads[edge];

    /// <summary>The states and turns over the usable edges.</summary>
    /// <param name="usable">The edges that there are.</param>
    /// <param name="isWayOn">Whether an edge (the second) is a way on from another, so that nobody needs to turn round there.</param>
    /// <param name="through">Where all may drive; on the other edges one may only start or end. All, when null.</param>
    /// <param name="passesGates">Whether anybody passes gates; never from one edge of <paramref name="through"/> to another.</param>
    public TurnStates States(bool[] usable, Func<int, int, bool> isWayOn, bool[]? through = null, bool passesGates = true)
    {
        var states = new TurnStates(EdgeCount);
        for (int state = 0; state < states.Count; state++)
        {
            (int edge, int memory, bool isEnding) = states[state];
            states.Begin();
            if (!usable[edge])
            {
                continue;
            }

            bool isGate = _gates.Contains(_heads[edge]);
            bool isOn = false;
            foreach (int next in OutOf(_heads[edge]))
            {
                if (next == (edge ^ 1) || !usable[next] || !MayEnter(next) || (isGate && !MayPass(next)) || !_rules.Allows(edge, memory, next))
                {
                    continue;
                }

                Add(next);
                isOn |= isWayOn(edge, next);
            }

            int back = edge ^ 1;
            if (usable[back] && MayEnter(back)
                && (_rules.Demands(edge, memory, back) || (!isOn && _rules.Allows(edge, memory, back))))
            {
                Add(back);
            }

            bool MayEnter(int next) => !isEnding || !through![next];

            // What lies beyond a gate is no road for all, or the gate would not keep anybody out.
            bool MayPass(int next) => passesGates && (through is null || !(through[edge] && through[next]));

            void Add(int next)
            {
                bool ends = through is not null && !through[next] && (isEnding || through[edge]);
                states.AddTurn(next, _rules.MemoryAfter(edge, memory, next), ends);
            }
        }

        states.Begin();
        return states;
    }
}

/// <summary>States (an edge, what is remembered there, and whether the way may only end here now) and the turns between them.</summary>
internal sealed class TurnStates
{
    private readonly int _edges;
    private readonly List<(int Edge, int Memory, bool IsEnding)> _extra = [];
    private readonly Dictionary<(int Edge, int Memory, bool IsEnding), int> _extraStates = [];
    private readonly List<int> _first;
    private readonly List<int> _targets;

    public TurnStates(int edges)
    {
        _edges = edges;
        _first = new List<int>(edges + 1);
        _targets = new List<int>(3 * edges);
    }

    public int Count => _edges + _extra.Count;

    public (int Edge, int Memory, bool IsEnding) this[int state] => state < _edges ? (state, 0, false) : _extra[state - _edges];

    /// <summary>For each state, and one more: the index of its first turn.</summary>
    public List<int> First => _first;

    public List<int> Targets => _targets;

    public int[] ExtraStateEdges() => [.. _extra.Select(state => state.Edge)];

    /// <summary>What follows are the turns of the next state.</summary>
    public void Begin() => _first.Add(_targets.Count);

    public void AddTurn(int edge, int memory, bool isEnding)
    {
        int state = edge;
        if (memory != 0 || isEnding)
        {
            var key = (edge, memory, isEnding);
            if (!_extraStates.TryGetValue(key, out state))
            {
                state = Count;
                _extra.Add(key);
                _extraStates.Add(key, state);
            }
        }

        _targets.Add(state);
    }
}
