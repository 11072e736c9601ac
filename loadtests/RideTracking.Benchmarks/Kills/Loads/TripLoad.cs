using RideTracking.Server.Store;
using StackExchange.Redis;

namespace RideTracking.Benchmarks.Kills.Loads;

/// <summary>Decisions about a few trips and drivers, and acknowledgements of their commands.</summary>
internal sealed class TripLoad(string area, int seed) : StoreLoad(area, seed)
{
    private const long Day = 86_400_000;

    private readonly Dictionary<string, long> _versions = [];

    protected override (StoreCall Call, Action<RedisResult> Heard) Next() => Chance.Next(4) == 0 ? Acknowledge() : Commit();

    private (StoreCall Call, Action<RedisResult> Heard) Acknowledge()
    {
        var driver = $"d{Chance.Next(4)}";
        return (
            Script(StoreScript.OutboxAcknowledge, [Keys.Connections, Keys.Outbox(driver)], [driver, "0", Chance.Next(1 + Calls.Count), Now]),
            Ignore);
    }

    private (StoreCall Call, Action<RedisResult> Heard) Commit()
    {
        var trip = $"t{Chance.Next(5)}";
        string[] drivers = [.. Enumerable.Range(0, 4).OrderBy(_ => Chance.Next()).Take(Chance.Next(3)).Select(d => $"d{d}")];
        var isAnswered = Chance.Next(2) == 0;
        List<RedisValue> arguments =
        [
            Now, "", 0, trip, Name(trip), $"{Version(trip) + 1} {{{Chance.Next()}}}", Chance.Next(3) == 0 ? "" : Now + 60_000, Day,
            isAnswered ? Bytes(300) : "", Day, Chance.Next(2) == 0 ? "" : 6, Token(), drivers.Length,
        ];
        foreach (var driver in drivers)
        {
            arguments.AddRange([driver, Name(driver), Chance.Next(3) == 0 ? "" : $"{Version(driver) + 1} {{{Chance.Next()}}}", Chance.Next(4) == 0 ? Field() : ""]);
            Add(arguments, Chance.Next(3), () => [Field()]);
            Add(arguments, Chance.Next(3), () => [Field(), Now + Chance.Next(20_000), Bytes(300)]);
        }

        Add(arguments, Chance.Next(3), () => [Bytes(200)]);
        return (
            Script(
                StoreScript.TripCommit,
                [
                    Keys.Connections, Keys.Plans, Keys.Deadlines, Keys.Trip(trip), Keys.RequestAnswer("c", isAnswered ? $"{Calls.Count}" : ""), Keys.TripEvents, Keys.TripEventsCursor,
                    Keys.EndedTrips, .. drivers.Select(Keys.Outbox),
                ],
                [.. arguments]),
            reply => Heard((RedisResult[])reply!, trip, drivers));
    }

    private void Heard(RedisResult[] reply, string trip, string[] drivers)
    {
        if ((string)reply[0]! == "ok")
        {
            _versions[trip] = Version(trip) + 1;
            foreach (var driver in drivers)
            {
                // It may not have been written; then the next decision on it learns so.
                _versions[driver] = Version(driver) + 1;
            }
        }
        else if ((string)reply[0]! == "changed")
        {
            _versions[trip] = VersionOf(reply[1]);
            for (var i = 0; i < drivers.Length; i++)
            {
                _versions[drivers[i]] = VersionOf(reply[2 + i]);
            }
        }
    }

    // None of the states has a token.
    private string Name(string of) => Version(of) is > 0 and var version ? $"{version} " : "0";

    private long Version(string of) => _versions.GetValueOrDefault(of);

    private string Field() => Chance.Next(4) == 0 ? "route" : $"offer:{Chance.Next(8)}";

    private static void Add(List<RedisValue> arguments, int count, Func<RedisValue[]> each)
    {
        arguments.Add(count);
        for (var i = 0; i < count; i++)
        {
            arguments.AddRange(each());
        }
    }
}
