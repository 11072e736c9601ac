using RideTracking.Benchmarks.Processes;

namespace RideTracking.Benchmarks.Nodes;

/// <summary>Some nodes over one Redis, processes of their own, all of them there for each other.</summary>
internal sealed class NodeCluster : IAsyncDisposable
{
    private readonly List<DriverServer> _nodes = [];
    private readonly string _folder = Directory.CreateTempSubdirectory("ride-tracking-nodes-").FullName;
    private readonly string[] _arguments;

    private NodeCluster(RedisServer redis, string[] arguments) => (Redis, _arguments) = (redis, arguments);

    public RedisServer Redis { get; }

    /// <summary>The nodes in the order in which they were started: the first holds the area's work.</summary>
    public IReadOnlyList<DriverServer> Nodes => _nodes;

    /// <summary>The data folder, with the key that all nodes believe.</summary>
    public string Folder => _folder;

    public static async Task<NodeCluster> StartAsync(int nodes, params string[] arguments)
    {
        var cluster = new NodeCluster(await RedisServer.StartAsync(), arguments);
        for (var i = 0; i < nodes; i++)
        {
            await cluster.AddAsync();
        }

        // Who was alone learns within a second that others are there.
        await Task.Delay(TimeSpan.FromSeconds(2));
        return cluster;
    }

    /// <summary>One more node; complete when it has said that it serves.</summary>
    public async Task<DriverServer> AddAsync()
    {
        var node = await DriverServer.StartNodeAsync(_folder, Redis, _arguments);
        _nodes.Add(node);
        return node;
    }

    /// <summary>CPU time of Redis, then of each node.</summary>
    public CpuWatch Watch() => new([() => Redis.CpuTime, .. _nodes.Select(n => (Func<TimeSpan>)(() => n.Process.CpuTime))]);

    /// <summary>Ends the node that was started last, as a kill would.</summary>
    public async Task KillLastAsync()
    {
        await _nodes[^1].DisposeAsync();
        _nodes.RemoveAt(_nodes.Count - 1);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            await node.DisposeAsync();
        }

        await Redis.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
