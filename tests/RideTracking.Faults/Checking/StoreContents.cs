using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RideTracking.Engine.Dispatch;
using RideTracking.Faults.Processes;
using RideTracking.Server;
using RideTracking.Server.Areas;
using RideTracking.Server.Log;
using RideTracking.Server.Store;
using RideTracking.Server.Trips;
using StackExchange.Redis;

namespace RideTracking.Faults.Checking;

/// <summary>What the store holds at the end: the log by the server's own reader, trips, plans and outboxes as they are written down.</summary>
/// <param name="Log">All fixes in the order of the log.</param>
/// <param name="Unreadable">Records that the reader could not read.</param>
/// <param name="Trips">All trips, over or not.</param>
/// <param name="Open">Ids of those that are not over.</param>
/// <param name="Plans">The drivers' plans.</param>
/// <param name="Waiting">Commands that wait, by driver: their numbers and until when.</param>
internal sealed record StoreContents(
    IReadOnlyList<LoggedFix> Log, long Unreadable, IReadOnlyDictionary<string, Trip> Trips, IReadOnlyCollection<string> Open, IReadOnlyDictionary<string, DriverPlan> Plans,
    IReadOnlyDictionary<string, (ulong Sequence, DateTimeOffset ExpiresAt)[]> Waiting)
{
    private static readonly StoreKeys Keys = new("default");

    /// <summary>How many trips are not over.</summary>
    public static async Task<long> CountOpenAsync(IDatabase store) => await store.SortedSetLengthAsync(Keys.Deadlines);

    /// <summary>How many commands wait for drivers' apps, expired or not.</summary>
    public static async Task<long> CountWaitingAsync(IDatabase store, IEnumerable<string> drivers)
    {
        var fields = await Task.WhenAll(drivers.Select(d => store.HashKeysAsync(Keys.Outbox(d))));
        return fields.Sum(f => f.Count(name => name != "#"));
    }

    /// <summary>Number of the last trip event.</summary>
    public static async Task<IReadOnlyCollection<string>> ReadOpenAsync(IDatabase store) =>
        [.. (await store.SortedSetRangeByRankAsync(Keys.Deadlines)).Select(id => (string)id!)];

    /// <summary>Reads all of it.</summary>
    public static async Task<StoreContents> ReadAsync(string configuration, string folder, IReadOnlyList<string> drivers)
    {
        var (log, unreadable) = await ReadLogAsync(configuration, folder);
        await using var connection = await ConnectionMultiplexer.ConnectAsync(configuration + ",asyncTimeout=30000");
        var store = connection.GetDatabase();
        var open = await ReadOpenAsync(store);
        var trips = new Dictionary<string, Trip>();
        string[] ended = [.. (await store.SortedSetRangeByRankAsync(Keys.EndedTrips)).Select(id => (string)id!)];
        foreach (var ids in open.Concat(ended).Distinct().Chunk(200))
        {
            foreach (var record in await store.StringGetAsync([.. ids.Select(Keys.Trip)]))
            {
                if (TripRecords.ReadTrip(record) is { } trip)
                {
                    trips[trip.Id] = trip;
                }
            }
        }

        var plans = (await store.HashGetAllAsync(Keys.Plans)).ToDictionary(p => (string)p.Name!, p => TripRecords.ReadPlan(p.Value)!);
        var waiting = new Dictionary<string, (ulong, DateTimeOffset)[]>();
        foreach (var driver in drivers)
        {
            waiting[driver] = [.. (await store.HashGetAllAsync(Keys.Outbox(driver))).Where(e => e.Name != "#").Select(e => Parse(e.Value!))];
        }

        return new StoreContents(log, unreadable, trips, open, plans, waiting);
    }

    private static async Task<(List<LoggedFix> Log, long Unreadable)> ReadLogAsync(string configuration, string folder)
    {
        await using var app = RideTrackingServer.Build(
            ["--environment", "Development", "--data", folder, "--redis", configuration + ",asyncTimeout=30000"], builder =>
            {
                builder.Logging.ClearProviders();
                builder.Services.AddSingleton(new RecordFormat(NodeVersion.NewerForm));
            });
        var store = app.Services.GetRequiredService<RedisStore>();
        await store.StartAsync(CancellationToken.None);
        var log = new List<LoggedFix>();
        await foreach (var fix in app.Services.GetRequiredService<AreaSet>().Home.Door<LogReader>().ReadAsync())
        {
            log.Add(fix);
        }

        return (log, store.Unreadable.Count);
    }

    private static (ulong Sequence, DateTimeOffset ExpiresAt) Parse(string entry) => entry.Split(' ', 3) is [var sequence, var expires, ..]
        ? (ulong.Parse(sequence, CultureInfo.InvariantCulture), DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(expires, CultureInfo.InvariantCulture)))
        : throw new FormatException($"An outbox holds '{entry}'.");
}
