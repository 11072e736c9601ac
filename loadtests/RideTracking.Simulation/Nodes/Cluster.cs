namespace RideTracking.Simulation.Nodes;

/// <summary>The city's nodes, each with one run after the other.</summary>
internal sealed class Cluster(City city, int count) : IDisposable
{
    private readonly List<NodeRun> _runs = [];
    private readonly NodeRun?[] _nodes = new NodeRun?[count];

    /// <summary>How many there are, running or not.</summary>
    public int Count => _nodes.Length;

    /// <summary>Those that run.</summary>
    public IEnumerable<NodeRun> Running => _nodes.OfType<NodeRun>();

    /// <summary>Those that take calls.</summary>
    public IReadOnlyList<NodeRun> Serving => [.. Running.Where(n => n.IsServing)];

    /// <summary>One that may not run now.</summary>
    public NodeRun? Some() => city.Chance.Pick(_nodes);

    /// <summary>The run of a node; null while it does not run.</summary>
    public NodeRun? Of(int node) => _nodes[node];

    /// <summary>A node starts.</summary>
    public void Start(int node)
    {
        var run = new NodeRun(city, $"n{node}-{_runs.Count}", city.Chance.Milliseconds(-1, 1) * city.Conditions.ClockError.TotalMilliseconds);
        _nodes[node] = run;
        _runs.Add(run);
        run.Start();
    }

    /// <summary>A node dies.</summary>
    public void Kill(int node)
    {
        _nodes[node]!.Die();
        _nodes[node] = null;
    }

    /// <summary>Something is published: each node hears of it a little later, or not at all.</summary>
    public void Publish(Action<NodeRun> hear)
    {
        foreach (var run in Running.Where(n => !city.Chance.Of(city.Conditions.LostMessages) && n.DeafUntil <= city.Queue.Now))
        {
            city.Queue.After(city.Chance.Milliseconds(0.3, 5), run.Life, () => hear(run));
        }
    }

    /// <summary>After each event.</summary>
    public void LookAround()
    {
        foreach (var run in _nodes)
        {
            run?.LookAround();
        }
    }

    public void Dispose() => _runs.ForEach(r => r.Dispose());
}
