using System.Globalization;
using Grpc.Core;
using RideTracking.Deploy.Tests.Edges;
using RideTracking.Server.Access;
using RideTracking.Server.Tests.Fixtures;

[assembly: AssemblyFixture(typeof(TwoNodes))]

namespace RideTracking.Deploy.Tests.Edges;

/// <summary>Two server processes over one redis-server with the settings and users of deploy/compose; they stand before all tests of this project.</summary>
public sealed class TwoNodes : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("deploy-").FullName;
    private readonly List<ServerProcess> _nodes = [];
    private readonly HttpClient _http = new();
    private DevelopmentKey? _key;
    private StoreByFile? _store;

    public IReadOnlyList<ServerProcess> Nodes => _nodes;

    internal StoreByFile Store => _store!;

    public async ValueTask InitializeAsync()
    {
        _store = await StoreByFile.StartAsync(Path.Combine(_folder, "store"));
        _key = DevelopmentKey.Open(_folder, new AccessOptions().Audience, TimeProvider.System);
        string[] settings = ["--Store:Redis", _store.Configuration];
        _nodes.AddRange(await Task.WhenAll(ServerProcess.StartAsync(_folder, args: settings), ServerProcess.StartAsync(_folder, args: settings)));
        await Task.WhenAll(_nodes.Select(node => Until.SoAsync(() => IsReadyAsync(node), "a node is ready")));
    }

    /// <summary>A token of the company's, for an hour.</summary>
    public string TokenOf(Role role, string id) => _key!.Sign(role, [id], TimeSpan.FromHours(1)).Token;

    public Metadata HeadersOf(Role role, string id) => new() { { "authorization", "Bearer " + TokenOf(role, id) } };

    /// <summary>The value of a metric of one node's, all its series with this text in their tags together; 0 where there is none.</summary>
    public async Task<double> ReadAsync(int node, string metric, string tag = "")
    {
        var all = await _http.GetStringAsync(new Uri($"http://127.0.0.1:{_nodes[node].ManagementPort}/metrics"), TestContext.Current.CancellationToken);
        return all.Split('\n')
            .Where(line => line.StartsWith(metric + "{", StringComparison.Ordinal) && line.Contains(tag, StringComparison.Ordinal))
            .Sum(line => double.Parse(line.Split("} ")[1].Split(' ')[0], CultureInfo.InvariantCulture));
    }

    /// <summary>Open streams of drivers on a node.</summary>
    public Task<double> DriversOnAsync(int node) => ReadAsync(node, "ridetracking_streams_open", "stream=\"driver\"");

    public async Task<bool> IsReadyAsync(ServerProcess node) =>
        (await _http.GetAsync(new Uri($"http://127.0.0.1:{node.ManagementPort}/readyz"), TestContext.Current.CancellationToken)).IsSuccessStatusCode;

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            await node.DisposeAsync();
        }

        _store?.Dispose();
        _key?.Dispose();
        _http.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
