using RideTracking.Benchmarks.Kills.Loads;
using RideTracking.Server.Store;
using RideTracking.Server.Tests.Fixtures;

namespace RideTracking.Server.Tests.Storage;

/// <summary>The server killed while every script runs on its embedded store. The long form is the benchmark <c>store-kills</c>.</summary>
public sealed class KilledStoreTests
{
    [Fact]
    public async Task Whatever_is_killed_is_whole_or_not_there_and_nothing_acknowledged_is_lost()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var reference = await redis.ConnectAsync();
        var folder = Directory.CreateTempSubdirectory("killed-");
        ServerProcess? server = null;
        var run = new KillRun(StartAsync, reference, seed: 7);

        await run.KillAsync(kills: 3);

        Assert.Empty(run.Faults);
        Assert.True(run.Answered > 100);
        Assert.DoesNotContain("log-1", Directory.GetDirectories(EmbeddedStore.FolderIn(folder.FullName)).Select(Path.GetFileName));
        folder.Delete(recursive: true);

        async Task<StoreProcess> StartAsync()
        {
            if (server is null)
            {
                server = await ServerProcess.StartAsync(folder.FullName, null, "--Store:MaxLogMegabytes", "1");
            }
            else
            {
                await server.StartAgainAsync();
            }

            return new StoreProcess($"{server.StoreEndpoint},password={File.ReadAllText(Path.Combine(EmbeddedStore.FolderIn(folder.FullName), EmbeddedStore.SecretFileName))}", () => { }, () =>
            {
                server.Kill();
                return Task.CompletedTask;
            });
        }
    }
}
