using RideTracking.Server.Log;
using RideTracking.Server.Tests.Dispatch;
using RideTracking.Server.Tests.Fixtures;

namespace RideTracking.Server.Tests.Nodes;

/// <summary>Two nodes over one Redis, of which the first holds the area's work and its matching; each with a clock of its own that the test moves.</summary>
public abstract class TwoNodes : IAsyncLifetime
{
    private protected RedisProcess Redis { get; private set; } = null!;

    private protected RideWorld Here { get; private set; } = null!;

    private protected RideWorld Elsewhere { get; private set; } = null!;

    protected long Now => Here.Time.GetUtcNow().ToUnixTimeMilliseconds();

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Redis = await RedisProcess.StartAsync();
        Here = await RideWorld.StartAsync(Redis);
        Elsewhere = await RideWorld.StartAsync(Redis);
        // Who was alone learns within a second that somebody listens.
        await Here.Host.PassAsync<NodeLease>(TimeSpan.FromSeconds(1));
    }

    public async ValueTask DisposeAsync()
    {
        await Elsewhere.DisposeAsync();
        await Here.DisposeAsync();
        await Redis.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}
