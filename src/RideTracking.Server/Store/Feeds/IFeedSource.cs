using RideTracking.Server.Store.Events;
using StackExchange.Redis;

namespace RideTracking.Server.Store.Feeds;

/// <summary>A feed as the store keeps it: the truth, whatever was published. Thread-safe.</summary>
internal interface IFeedSource
{
    /// <summary>The last entry; number 0 where there is none.</summary>
    /// <exception cref="RedisException">The store is away.</exception>
    Task<EventPosition> HeadAsync();

    /// <summary>From where one reads on who has read nothing yet: the last entry, once all is known that later ones refer to.</summary>
    /// <exception cref="RedisException">The store is away.</exception>
    Task<EventPosition> BeginAsync() => HeadAsync();

    /// <summary>Entries that are kept after a number, oldest first; none after the last.</summary>
    /// <exception cref="RedisException">The store is away.</exception>
    Task<IReadOnlyList<EventEntry>> ReadAsync(ulong afterNumber);
}
