using System.Globalization;
using RideTracking.Server.Areas;
using RideTracking.Server.Store;
using RideTracking.Server.Store.Feeds;
using StackExchange.Redis;

namespace RideTracking.Benchmarks.Kills.Loads;

/// <summary>One call of a load, to be made of any store; the same call writes the same everywhere.</summary>
internal delegate Task<RedisResult?> StoreCall(StoreWriter store);

/// <summary>
/// One caller of the store: one call after the other, on keys of its own, each decided by chance and by what was answered
/// before. So at any moment at most its last call is in doubt.
/// </summary>
/// <param name="area">Its keys' area.</param>
/// <param name="seed">Decides.</param>
internal abstract class StoreLoad(string area, int seed)
{
    private static long _ticks;

    private readonly List<(StoreCall Call, long Begun, long Answered)> _calls = [];

    /// <summary>Its keys' area.</summary>
    public string Area => area;

    /// <summary>The calls that were begun, in order; of the last one the answer may be missing.</summary>
    public IReadOnlyList<(StoreCall Call, long Begun, long Answered)> Calls => _calls;

    /// <summary>How many were answered.</summary>
    public int Answered { get; private set; }

    protected StoreKeys Keys { get; } = new(area);

    protected Random Chance { get; } = new(seed);

    /// <summary>The city's time: it goes on with each call (ms).</summary>
    protected long Now => 1_000_000 + (1000L * _calls.Count);

    /// <summary>Makes calls until the store is gone, or there were so many.</summary>
    /// <param name="store">Where.</param>
    /// <param name="most">How many at the most.</param>
    /// <param name="answered">Told after each answer, also after a refusal.</param>
    public async Task RunAsync(StoreWriter store, int most, Action answered)
    {
        try
        {
            for (var i = 0; i < most; i++)
            {
                var (call, heard) = Next();
                _calls.Add((call, Interlocked.Increment(ref _ticks), long.MaxValue));
                var reply = await TakenAsync(call, store, answered);
                _calls[^1] = (call, _calls[^1].Begun, Interlocked.Increment(ref _ticks));
                Answered = _calls.Count;
                heard(reply!);
                answered();
            }
        }
        catch (Exception e) when (e is RedisConnectionException or ObjectDisposedException)
        {
            // It was killed.
        }
    }

    // While a store copies itself it takes nothing, and says so.
    private static async Task<RedisResult?> TakenAsync(StoreCall call, StoreWriter store, Action answered)
    {
        using var tries = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (true)
        {
            try
            {
                return await call(store);
            }
            catch (RedisServerException e) when (StoreFailure.Passes(e))
            {
                answered();
                await tries.WaitForNextTickAsync();
            }
        }
    }

    /// <summary>The call without an answer turned out to be written, or not to have happened.</summary>
    public void Settle(bool wasWritten)
    {
        if (!wasWritten)
        {
            _calls.RemoveRange(Answered, _calls.Count - Answered);
        }

        Answered = _calls.Count;
    }

    /// <summary>What is done next, and what is made of its reply.</summary>
    protected abstract (StoreCall Call, Action<RedisResult> Heard) Next();

    // Of an area of its own: the embedded store, which is held against Redis, has none.
    private static readonly FeedWriter Feed = new(new FeedKeys("rt:{feeds}:feed", "rt:{feeds}:feed:head"));

    protected static StoreCall Script(StoreScript script, RedisKey[] keys, RedisValue[] arguments) => async store =>
        script.Tells ? await Feed.RunAsync(store, script, keys, arguments) : await script.RunAsync(store, keys, arguments);

    protected static StoreCall Plain(Func<StoreWriter, Task> write) => async store =>
    {
        await write(store);
        return null;
    };

    /// <summary>Nothing is made of the reply.</summary>
    protected static void Ignore(RedisResult reply)
    {
        // What was written is compared, not what was answered.
    }

    protected static string Kind(RedisResult reply) => (string)((RedisResult[])reply!)[0]!;

    /// <summary>The number that a record begins with; 0 for none.</summary>
    protected static long VersionOf(RedisResult record) => (string?)record is { Length: > 0 } text ? long.Parse(text.Split(' ')[0], CultureInfo.InvariantCulture) : 0;

    /// <summary>A commit's token for its events.</summary>
    protected string Token() => Chance.NextInt64(1, long.MaxValue).ToString("x", CultureInfo.InvariantCulture);

    protected byte[] Bytes(int most)
    {
        var bytes = new byte[Chance.Next(1, most)];
        Chance.NextBytes(bytes);
        return bytes;
    }

    /// <summary>One of every script, and of the plain writes.</summary>
    public static StoreLoad[] Some(int seed, string name = "") =>
    [
        new LogLoad($"log{name}", seed), new TripLoad($"trips{name}", seed + 1), new IncidentLoad($"incidents{name}", seed + 2), new ZoneLoad($"zones{name}", seed + 3),
        new LinkLoad($"links{name}", seed + 4), new EntryLoad($"entries{name}", seed + 5),
    ];
}
