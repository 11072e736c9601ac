using RideTracking.Simulation.Store;

namespace RideTracking.Simulation.Tests;

/// <summary>A redis-server for all tests: seeds share it, each with an area of its own.</summary>
public sealed class Stores : IAsyncLifetime
{
    internal OpenedStore Redis { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Redis = await OpenedStore.OpenAsync("redis");

    public ValueTask DisposeAsync() => Redis.DisposeAsync();
}
