using StackExchange.Redis;

namespace RideTracking.Benchmarks;

/// <summary>What a fix costs a Redis that is used the plain way: GEOADD, HSET, EXPIRE and PUBLISH for each, pipelined.</summary>
internal static class PlainCommands
{
    /// <summary>One fix of each of so many drivers.</summary>
    public static Task WriteAsync(IDatabase database, int drivers, int cycle)
    {
        var batch = database.CreateBatch();
        var replies = new List<Task>(drivers * 4);
        for (var driver = 0; driver < drivers; driver++)
        {
            RedisKey key = $"driver:{driver}";
            double longitude = -8.6 + (driver * 1e-4), latitude = 41.1 + (cycle * 1e-5);
            replies.Add(batch.GeoAddAsync("drivers", longitude, latitude, $"driver-{driver}"));
            replies.Add(batch.HashSetAsync(
                key,
                [
                    new("session", "session-1"), new("sequence", cycle), new("time", 1_750_000_000_000 + cycle), new("lat", latitude), new("lon", longitude),
                    new("accuracy", 4.5), new("course", 271.45), new("speed", 10.0), new("altitude", 104.3),
                ]));
            replies.Add(batch.KeyExpireAsync(key, TimeSpan.FromMinutes(2)));
            replies.Add(batch.PublishAsync(RedisChannel.Literal("positions"), $"driver-{driver} {latitude} {longitude}"));
        }

        batch.Execute();
        return Task.WhenAll(replies);
    }
}
