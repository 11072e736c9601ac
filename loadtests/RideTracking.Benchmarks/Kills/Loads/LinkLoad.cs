using RideTracking.Server.Store;
using StackExchange.Redis;

namespace RideTracking.Benchmarks.Kills.Loads;

/// <summary>Links to trips, made and revoked.</summary>
internal sealed class LinkLoad(string area, int seed) : StoreLoad(area, seed)
{
    private const long Day = 86_400_000;

    protected override (StoreCall Call, Action<RedisResult> Heard) Next()
    {
        var (link, trip) = ($"l{Chance.Next(40)}", $"t{Chance.Next(3)}");
        RedisKey[] keys = [Keys.ShareLink(link), Keys.ShareLinksOf(trip)];
        return Chance.Next(3) == 0
            ? (Script(StoreScript.ShareLinkRevoke, keys, [link, $"{trip} -", Day]), Ignore)
            : (Script(StoreScript.ShareLink, keys, [link, $"{trip} {Chance.Next()}", 5, Day]), Ignore);
    }
}
