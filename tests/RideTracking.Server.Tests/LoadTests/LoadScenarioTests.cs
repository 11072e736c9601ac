using RideTracking.LoadTests.Scenarios;
using RideTracking.Server.Access;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.V1;

namespace RideTracking.Server.Tests.LoadTests;

/// <summary>Each scenario of the load tests runs on a real server: what a load test counts as done is done.</summary>
public sealed class LoadScenarioTests
{
    private const int Iterations = 12;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static TheoryData<string> Names => [.. All(null!).Select(scenario => scenario.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_scenario_runs_more_often_than_it_has_users_and_cleans_up(string name)
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var host = await ServerHost.StartAsync(redis);
        var scenario = All(TargetOf(host)).Single(s => s.Name == name);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(Patience);

        await scenario.InitAsync(patience.Token);
        Assert.True(await ConnectedAsync(host, patience.Token) > 0);
        await Task.WhenAll(Enumerable.Range(0, Iterations).Select(_ => scenario.RunOnceAsync(patience.Token)));
        await scenario.CleanAsync();

        // The streams end on the server a moment after the clients have gone.
        while (await ConnectedAsync(host, patience.Token) > 0)
        {
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_refused_token_fails_the_start_rather_than_trying_for_ever(string name)
    {
        await using var host = await ServerHost.StartAsync();
        var scenario = All(new LoadTarget(host.GrpcAddress, _ => ValueTask.FromResult("forged"))).Single(s => s.Name == name);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(Patience);

        var refused = await Assert.ThrowsAnyAsync<Exception>(() => scenario.InitAsync(patience.Token));
        Assert.Contains("Unauthenticated", refused.ToString(), StringComparison.Ordinal);
        await scenario.CleanAsync();
    }

    private static ILoadScenario[] All(LoadTarget target) =>
        [new DriverFlood(target, drivers: 3), new RiderFollow(target, rides: 2), new TripOffers(target, riders: 2), new OpsViewport(target, drivers: 3)];

    private static LoadTarget TargetOf(ServerHost host) => new(
        host.GrpcAddress, _ => ValueTask.FromResult(host.TokenOf(Role.Service, "load").GetValue("authorization")!["Bearer ".Length..]));

    private static async Task<uint> ConnectedAsync(ServerHost host, CancellationToken cancellationToken)
    {
        using var watch = new FleetService.FleetServiceClient(host.Channel()).WatchFleet(
            new WatchFleetRequest { Viewport = new Viewport { South = -1, North = 1, West = -1, East = 1 } },
            host.TokenOf(Role.Ops, "ops"),
            cancellationToken: cancellationToken);
        while (await watch.ResponseStream.MoveNext(cancellationToken))
        {
            if (watch.ResponseStream.Current.Counts is { } counts)
            {
                return counts.Connected;
            }
        }

        throw new InvalidOperationException("The stream ended without counts.");
    }
}
