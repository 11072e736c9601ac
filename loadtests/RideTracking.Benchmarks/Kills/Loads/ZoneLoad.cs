using RideTracking.Server.Store;
using StackExchange.Redis;

namespace RideTracking.Benchmarks.Kills.Loads;

/// <summary>Zone events, and what is too old of them; queues.</summary>
internal sealed class ZoneLoad(string area, int seed) : StoreLoad(area, seed)
{
    private long _last;

    protected override (StoreCall Call, Action<RedisResult> Heard) Next()
    {
        var below = _last - Chance.Next(20);
        RedisValue zone = $"z{Chance.Next(5)}";
        var queue = Bytes(400);
        return Chance.Next(6) switch
        {
            0 => (Plain(store => store.SortedSetRemoveBelowAsync(Keys.ZoneEvents, below)), Ignore),
            1 => (Script(StoreScript.ZoneQueue, [Keys.ZoneQueues], [zone, "*", queue]), Ignore),
            2 => (Script(StoreScript.ZoneQueue, [Keys.ZoneQueues], [zone, Chance.Next(2) == 0 ? "*" : "", ""]), Ignore),
            _ => Events(),
        };
    }

    private (StoreCall Call, Action<RedisResult> Heard) Events()
    {
        var count = Chance.Next(1, 8);
        const int Drivers = 5;
        List<RedisValue> arguments = [40, Token(), "w", Drivers];
        for (var i = 0; i < Drivers; i++)
        {
            arguments.AddRange([$"d{i}", Chance.Next(2) == 0 ? "" : Chance.Next(5)]);
        }

        arguments.Add(count);
        for (var i = 0; i < count; i++)
        {
            arguments.AddRange([Chance.Next(1, Drivers + 1), Bytes(200)]);
        }

        for (var i = 1; i <= Chance.Next(1, Drivers); i++)
        {
            arguments.AddRange([i, Bytes(100)]);
        }

        return (
            Script(StoreScript.ZoneEvents, [Keys.ZoneEvents, Keys.ZoneEventsCursor, Keys.ZoneVisits, Keys.Connections], [.. arguments]),
            reply => _last = (long)((RedisResult[])reply!)[1]);
    }
}
