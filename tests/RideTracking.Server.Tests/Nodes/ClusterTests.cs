using Microsoft.Extensions.DependencyInjection;
using RideTracking.Server.Areas;
using RideTracking.Server.Directories;
using RideTracking.Server.Log;
using RideTracking.Server.Tests.Dispatch;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.V1;

namespace RideTracking.Server.Tests.Nodes;

/// <summary>Several nodes over a Redis Cluster, which publishes by slot. Time stands still, so that nothing is found by looking.</summary>
public sealed class ClusterTests
{
    [Fact]
    public async Task What_one_node_commits_or_logs_is_published_to_another()
    {
        await using var redis = await RedisProcess.StartAsync(inCluster: true);
        await using var here = await RideWorld.StartAsync(redis);
        await using var elsewhere = await RideWorld.StartAsync(redis);
        await here.Host.PassAsync<NodeLease>(TimeSpan.FromSeconds(1));

        var trip = await elsewhere.RequestAsync();
        await ServerHost.UntilAsync(() => here.Book.Find(trip.TripId) is not null);

        await using var phone = await DriverPhone.ConnectAsync(here.Host, "d1");
        await phone.SendAsync(DriverPhone.Batch(here.Time.GetUtcNow().ToUnixTimeMilliseconds(), 1));
        await ServerHost.UntilAsync(() => elsewhere.Host.City.GetRequiredService<CityFleet>().TryGet("d1", out var driver) && driver.HasFix);

        var directory = elsewhere.Host.Services.GetRequiredService<CompanyDirectory>();
        await here.Directory.UpsertDriverAsync(
            new UpsertDriverRequest { Driver = new Driver { DriverId = "d1", DisplayName = "Ana" } }, here.Service, cancellationToken: TestContext.Current.CancellationToken);
        await ServerHost.UntilAsync(() => directory.Drivers.Find("d1") is not null);
    }
}
