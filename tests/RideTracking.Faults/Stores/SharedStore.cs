using RideTracking.Faults.Links;
using RideTracking.Faults.Processes;
using RideTracking.Faults.Schedule;

namespace RideTracking.Faults.Stores;

/// <summary>The Redis that all nodes share, alone or of several servers, and what it can suffer.</summary>
internal abstract class SharedStore : IDisposable
{
    /// <summary>All its servers.</summary>
    public abstract IReadOnlyList<RedisServer> Servers { get; }

    /// <summary>What it can suffer; the schedule takes from these.</summary>
    public abstract IReadOnlyList<FaultKind> Faults { get; }

    /// <summary>Whether each node has links of its own to it.</summary>
    public virtual bool HasLinks => true;

    /// <summary>How the checker reaches all that it holds, past all links.</summary>
    public abstract string Configuration { get; }

    /// <summary>What it has forgotten, as it was made to.</summary>
    public List<Forgotten> Forgotten { get; } = [];

    /// <summary>Told when everything was lost.</summary>
    public Func<Task> OnEmptied { get; set; } = () => Task.CompletedTask;

    /// <summary>Starts all of it.</summary>
    public abstract Task StartAsync();

    /// <summary>One way of a node to each server.</summary>
    public virtual IReadOnlyList<FaultyLink> NewLinks() => HasLinks ? [.. Servers.Select(s => new FaultyLink(s.Port))] : [];

    /// <summary>How a node is told where it is.</summary>
    public string ConfigurationOver(IReadOnlyList<FaultyLink> links) => HasLinks ? string.Join(',', links.Select(l => $"127.0.0.1:{l.Port}")) : Configuration;

    /// <summary>Suffers a fault, from its beginning to its end.</summary>
    public abstract Task SufferAsync(FaultKind kind, TimeSpan length);

    public void Dispose()
    {
        foreach (var server in Servers)
        {
            server.Dispose();
        }
    }

    /// <summary>Makes a store of a kind.</summary>
    /// <exception cref="FormatException">There is no such kind.</exception>
    public static SharedStore Of(RigOptions options, string folder) => options.Store switch
    {
        "single" => new SingleStore(folder, options),
        "replicated" => new ReplicatedStore(folder, options),
        "cluster" => new ClusterStore(folder),
        _ => throw new FormatException($"--store must be single, replicated or cluster, not '{options.Store}'."),
    };

    protected static Task WaitAsync(TimeSpan length) => Task.Delay(length, TimeProvider.System);

    protected static DateTimeOffset Now => TimeProvider.System.GetUtcNow();
}
