using Microsoft.Extensions.DependencyInjection;
using RideTracking.Server.Directories;
using RideTracking.Server.Drivers;
using RideTracking.Server.Hosting;
using RideTracking.Server.Log;
using RideTracking.Server.Roads;
using RideTracking.Server.Store.Feeds;
using RedisException = StackExchange.Redis.RedisException;

namespace RideTracking.Server.Tests.Fixtures;

/// <summary>
/// One city served by three nodes over one Redis: drivers' streams on the first, riders' calls on the second, and what dispatch, ops and the
/// company's backend call on the third; the second holds the area's work and its matching. With <see cref="Variable"/> set to 3 each
/// <see cref="ServerHost"/> is such a city, so that tests written for one node run on three.
/// </summary>
internal sealed class SpreadNodes(ServerHost drivers, ServerHost riders, ServerHost ops)
{
    /// <summary>An environment variable: how many nodes serve the city of a test, 3; one without it.</summary>
    public const string Variable = "RIDETRACKING_TEST_NODES";

    /// <summary>
    /// A trait, with <see cref="OneNode"/> as its value, of tests that say nothing of several nodes: they look at one node's inside, hold up or count what one
    /// node does, or are about the embedded store, which is for one node. <c>tests/spread.sh</c> leaves them out.
    /// </summary>
    public const string Trait = "about";

    /// <inheritdoc cref="Trait"/>
    public const string OneNode = "one-node";

    /// <summary>Whether tests run spread.</summary>
    public static bool AreWanted { get; } = Environment.GetEnvironmentVariable(Variable) == "3";

    private ServerHost[] All => [drivers, riders, ops];

    public ServerHost Riders => riders;

    public ServerHost Ops => ops;

    /// <summary>Who serves a service of the contract.</summary>
    public ServerHost NodeOf(string service) => service switch
    {
        "ridetracking.v1.DriverService" => drivers,
        "ridetracking.v1.RiderService" => riders,
        _ => ops,
    };

    /// <summary>
    /// Each node says that it is there, and takes in all that was committed by now: what is so within about a second, made so at once.
    /// Without the store there is nothing to take in.
    /// </summary>
    public async Task SettleAsync()
    {
        var cancel = TestContext.Current.CancellationToken;
        if (!All.All(n => n.HasStore))
        {
            return;
        }

        try
        {
            await Task.WhenAll(All.Select(n => n.City.GetRequiredService<FixLog>().FlushAsync(cancel)));
            foreach (var node in All)
            {
                await node.Loop<NodeLease>().StepAsync(cancel);
                await node.Loop<RejectsTelling>().StepAsync(cancel);
            }

            await Task.WhenAll(All.SelectMany(FeedsOf).Select(f => f.LookAsync(cancel)));
            await Task.WhenAll(All.SelectMany(n => (LoopService[])[n.Loop<FleetTraits>(), n.Loop<RoadClosures>()]).Select(l => l.StepAsync(cancel)));
        }
        catch (RedisException) when (All.Any(n => !n.HasStore))
        {
            // It went away meanwhile.
        }
    }

    private static IEnumerable<FeedReader> FeedsOf(ServerHost node) =>
    [
        node.Services.GetRequiredKeyedService<FeedReader>("company"),
        node.City.GetRequiredKeyedService<FeedReader>("dispatch"),
        node.City.GetRequiredKeyedService<FeedReader>("log"),
    ];
}
