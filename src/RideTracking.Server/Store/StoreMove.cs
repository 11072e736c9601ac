using RideTracking.Server.Hosting;
using StackExchange.Redis;

namespace RideTracking.Server.Store;

/// <summary>
/// Moves all that an embedded store holds into an empty Redis, Valkey or cluster, compares the two, and only then gives it the names by which servers
/// take it for a store. Before that none starts on it.
/// </summary>
internal static class StoreMove
{
    private const int Page = 500;

    /// <summary>What was moved of one kind.</summary>
    /// <param name="Kind">What its keys are called, behind the area: trip, plans, log, …</param>
    /// <param name="Keys">How many keys.</param>
    /// <param name="Values">How many values they hold together.</param>
    internal readonly record struct Moved(string Kind, long Keys, long Values);

    /// <summary>Moves.</summary>
    /// <param name="from">The embedded store, to which nobody writes.</param>
    /// <param name="to">Where to.</param>
    /// <param name="stopping">Gives up: what is there by then is no store.</param>
    /// <exception cref="StartException">There is something there already, or nothing to move.</exception>
    /// <exception cref="InvalidDataException">Not all of it was found there.</exception>
    /// <exception cref="RedisException">One of the two does not do what it should.</exception>
    public static async Task<IReadOnlyList<Moved>> RunAsync(IConnectionMultiplexer from, IConnectionMultiplexer to, CancellationToken stopping)
    {
        await RequireEmptyAsync(to);
        RedisKey[] names = await KeysAsync(from).Where(StoreGenerations.IsName).ToArrayAsync(stopping);
        if (names.Length == 0)
        {
            throw new StartException("There is nothing to move: no server has worked on this store yet.");
        }

        foreach (var name in names)
        {
            await to.GetDatabase().StringSetAsync(name, StoreGenerations.Moving);
        }

        var target = new RedisCopyTarget(to.GetDatabase());
        await StoreCopy.RunAsync(from, target, stopping);
        var moved = await CompareAsync(from, to.GetDatabase(), stopping);
        await target.NameAsync();
        return moved;
    }

    private static async Task RequireEmptyAsync(IConnectionMultiplexer to)
    {
        var there = 0L;
        foreach (var server in to.GetServers().Where(server => server is { IsConnected: true, IsReplica: false }))
        {
            there += await server.DatabaseSizeAsync();
        }

        if (there > 0)
        {
            throw new StartException($"The Redis holds {there} keys already: only an empty one takes a store in. Name another, or empty it (FLUSHDB) if nobody needs them.");
        }
    }

    private static async Task<List<Moved>> CompareAsync(IConnectionMultiplexer from, IDatabase to, CancellationToken stopping)
    {
        var moved = new Dictionary<string, Moved>(StringComparer.Ordinal);
        await foreach (var key in KeysAsync(from).Where(key => key != Apply.NumberKey).WithCancellation(stopping))
        {
            var there = await LengthAsync(to, key);
            // Some expire meanwhile; here and there at the same moment.
            if (await LengthAsync(from.GetDatabase(), key) is var here && here != there && here != 0)
            {
                throw new InvalidDataException($"{key} holds {here} values, of which {there} are there");
            }

            var kind = KindOf(key);
            var before = moved.GetValueOrDefault(kind);
            moved[kind] = new Moved(kind, before.Keys + (there > 0 ? 1 : 0), before.Values + there);
        }

        return [.. moved.Values.OrderBy(one => one.Kind, StringComparer.Ordinal)];
    }

    private static async Task<long> LengthAsync(IDatabase database, RedisKey key) => await database.KeyTypeAsync(key) switch
    {
        RedisType.None => 0,
        RedisType.List => await database.ListLengthAsync(key),
        RedisType.Hash => await database.HashLengthAsync(key),
        RedisType.Set => await database.SetLengthAsync(key),
        RedisType.SortedSet => await database.SortedSetLengthAsync(key),
        _ => 1,
    };

    private static IAsyncEnumerable<RedisKey> KeysAsync(IConnectionMultiplexer from) => from.GetServers()[0].KeysAsync(pageSize: Page);

    // rt:{area}:kind:…
    private static string KindOf(RedisKey key) => key.ToString().Split(':') is [_, _, var kind, ..] ? kind : "others";
}
