using StackExchange.Redis;

namespace RideTracking.Server.Store;

/// <summary>The store has memory left, but not for this.</summary>
public sealed class StoreFullException(string message) : RedisException(message);
