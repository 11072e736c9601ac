using RideTracking.Server.Store;
using StackExchange.Redis;

namespace RideTracking.Benchmarks.Kills.Loads;

/// <summary>What is written by itself: entries, numbers, sums, strings with an end.</summary>
internal sealed class EntryLoad(string area, int seed) : StoreLoad(area, seed)
{
    protected override (StoreCall Call, Action<RedisResult> Heard) Next() => (Call(), Ignore);

    private RedisKey Revisions => Keys.Zones.Append(":revisions");

    private StoreCall Call()
    {
        RedisValue entry = $"e{Chance.Next(20)}";
        var bytes = Bytes(1000);
        switch (Chance.Next(9))
        {
            case 0:
                return Script(StoreScript.RoadClosures, [Keys.RoadClosures, Keys.RoadClosuresVersion], [bytes]);
            case 1:
                return Script(StoreScript.EntrySet, [Keys.Zones, Keys.ZonesVersion], ["zone", entry, bytes, Chance.Next(3), Chance.Next(3)]);
            case 2:
                return Script(StoreScript.EntryRemove, [Keys.Zones, Revisions], ["zone", entry]);
            case 3:
                string[] names = [.. Enumerable.Range(0, 1 + Chance.Next(20)).Select(i => $"r{Chance.Next(50)}-{i}")];
                return Script(StoreScript.SumsAdd, [Keys.RoadSpeeds], [.. names.Select(n => (RedisValue)n), .. names.Select(_ => (RedisValue)Chance.NextDouble())]);
            case 4:
                return Script(StoreScript.SetOnce, [Keys.Generation], [Token()]);
            case 5:
                var trip = $"t{Chance.Next(5)}";
                return Script(StoreScript.DrivenPath, [Keys.TripDriven(trip)], [bytes, 86_400_000]);
            case 6:
                return Script(StoreScript.RiderSet, [Keys.Zones, Keys.EndedTrips], [entry, bytes]);
            case 7:
                return Script(StoreScript.RiderRemove, [Keys.Zones, Keys.EndedTrips], [entry]);
            default:
                return Script(
                    StoreScript.EntriesSet, [Keys.Zones, Revisions],
                    ["zone", .. Enumerable.Range(0, 1 + Chance.Next(5)).SelectMany(i => new RedisValue[] { $"e{i}{Chance.Next(20)}", Chance.Next(2) == 0 ? "" : Chance.Next(5), bytes })]);
        }
    }
}
