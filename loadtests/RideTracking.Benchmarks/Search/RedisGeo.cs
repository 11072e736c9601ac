using System.Globalization;
using RideTracking.Benchmarks.Processes;
using RideTracking.Engine.Geo;
using StackExchange.Redis;

namespace RideTracking.Benchmarks.Search;

/// <summary>The fleet in Redis GEO: what its server does in a second of its own CPU time.</summary>
internal sealed class RedisGeo : IAsyncDisposable
{
    private const string Key = "drivers";
    private const int Clients = 8;
    private const int Pipeline = 500;

    private readonly RedisServer _server;
    private readonly ConnectionMultiplexer[] _connections;

    private RedisGeo(RedisServer server, ConnectionMultiplexer[] connections) => (_server, _connections) = (server, connections);

    public static async Task<RedisGeo> StartAsync()
    {
        var server = await RedisServer.StartAsync();
        var connections = await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ =>
            ConnectionMultiplexer.ConnectAsync($"{server.Endpoint},allowAdmin=true,syncTimeout=60000,asyncTimeout=60000")));
        return new RedisGeo(server, connections);
    }

    /// <summary>How many searches were done so far.</summary>
    public long Searches { get; private set; }

    /// <summary>GEOADD of every driver, pipelined by several clients; tells the rate.</summary>
    public async Task<double> AddAsync(string[] ids, GeoPoint[] places)
    {
        var before = await CpuSecondsAsync();
        await Task.WhenAll(_connections.Select(async (connection, client) =>
        {
            var database = connection.GetDatabase();
            for (var first = client * Pipeline; first < ids.Length; first += Clients * Pipeline)
            {
                var batch = database.CreateBatch();
                var replies = new List<Task>(Pipeline);
                for (var i = first; i < Math.Min(first + Pipeline, ids.Length); i++)
                {
                    replies.Add(batch.GeoAddAsync(Key, places[i].LongitudeDegrees, places[i].LatitudeDegrees, ids[i]));
                }

                batch.Execute();
                await Task.WhenAll(replies);
            }
        }));
        return ids.Length / (await CpuSecondsAsync() - before);
    }

    /// <summary>GEOSEARCH for the ten nearest with their distances, one after the other on one connection; tells the rate.</summary>
    public async Task<double> SearchAsync(GeoPoint[] centers, double radiusMeters, TimeSpan duration)
    {
        var database = _connections[0].GetDatabase();
        var started = await CpuSecondsAsync();
        double used = 0;
        long searches = 0;
        while (used < duration.TotalSeconds)
        {
            // As many at once as are done in a tenth of the time.
            var count = searches == 0 ? 4 : Math.Clamp((int)(searches / used * duration.TotalSeconds / 10), 1, 500);
            await Task.WhenAll(Enumerable.Range(0, count).Select(_ =>
            {
                var center = centers[searches++ % centers.Length];
                return database.GeoSearchAsync(
                    Key, center.LongitudeDegrees, center.LatitudeDegrees, new GeoSearchCircle(radiusMeters), Fleet.Wanted, order: Order.Ascending);
            }));
            used = await CpuSecondsAsync() - started;
        }

        Searches += searches;
        return searches / used;
    }

    public async Task<long> UsedBytesAsync() => (long)await NumberAsync("memory", "used_memory");

    private async Task<double> CpuSecondsAsync() =>
        await NumberAsync("cpu", "used_cpu_user") + await NumberAsync("cpu", "used_cpu_sys");

    private async Task<double> NumberAsync(string section, string name)
    {
        var groups = await _connections[0].GetServers()[0].InfoAsync(section);
        return double.Parse(groups.SelectMany(group => group).First(entry => entry.Key == name).Value, CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _connections)
        {
            await connection.DisposeAsync();
        }

        await _server.DisposeAsync();
    }
}
