using System.Collections.Concurrent;
using Grpc.Core;
using Grpc.Net.Client;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.V1;

namespace RideTracking.Server.Tests.Streams;

/// <summary>Promise 1: acknowledged means kept, whenever the server is killed.</summary>
public sealed class KillTests
{
    private const int Drivers = 12;
    private const ulong FixesEach = 240;
    private const ulong BadEvery = 5;
    private const int Kills = 3;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_killed_server_loses_no_acknowledged_fix_and_keeps_none_twice(bool onRedis)
    {
        var cancel = TestContext.Current.CancellationToken;
        var folder = Directory.CreateTempSubdirectory("killed-").FullName;
        await using var redis = onRedis ? await RedisProcess.StartAsync() : null;
        await using var server = await ServerProcess.StartAsync(folder, redis);
        var acknowledged = new ConcurrentDictionary<string, ulong>();
        var rejected = new ConcurrentDictionary<(string Driver, ulong Sequence), bool>();
        var progress = new SemaphoreSlim(0);
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var drivers = Task.WhenAll(Enumerable.Range(0, Drivers).Select(async i =>
        {
            try
            {
                await DriveAsync(server, $"d{i}", acknowledged, rejected, progress, cancel);
            }
            catch
            {
                await failed.CancelAsync(); // Nobody waits for a driver that has given up.
                throw;
            }
        }));

        for (var kill = 0; kill < Kills; kill++)
        {
            // Some dozens of acknowledgements between the kills: each falls in the middle of somebody's stream.
            for (var ack = 0; ack < Drivers * 3; ack++)
            {
                await progress.WaitAsync(failed.Token).ContinueWith(t => t.IsCanceled ? drivers : Task.CompletedTask, TaskScheduler.Default).Unwrap();
            }

            server.Kill();
            await server.StartAgainAsync();
        }

        await drivers;
        server.Kill();

        await using (var reader = await ServerHost.StartAsync(redis, dataFolder: folder))
        {
            var logged = await ConnectTests.LoggedAsync(reader);
            foreach (var (driver, through) in acknowledged)
            {
                Assert.Equal(FixesEach, through);
                var sequences = Enumerable.Range(1, (int)FixesEach).Select(s => (ulong)s).ToLookup(s => s % BadEvery == 0);
                Assert.Equal(sequences[true], rejected.Keys.Where(r => r.Driver == driver).Select(r => r.Sequence).Order());
                Assert.Equal(
                    sequences[false],
                    logged.Where(f => f.DriverId == driver).Select(f => f.Fix.Sequence).Order());
            }

            Assert.Equal(Drivers, acknowledged.Count);
        }

        Directory.Delete(folder, recursive: true);
    }

    // An app as simple as can be: it sends what was not acknowledged, a few fixes at a time, and comes back when cut off.
    private static async Task DriveAsync(
        ServerProcess server, string driver, ConcurrentDictionary<string, ulong> acknowledged,
        ConcurrentDictionary<(string, ulong), bool> rejected, SemaphoreSlim progress, CancellationToken cancel)
    {
        var started = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        while (acknowledged.GetValueOrDefault(driver) < FixesEach)
        {
            try
            {
                using var channel = GrpcChannel.ForAddress(server.GrpcAddress);
                var token = await File.ReadAllTextAsync(Path.Combine(server.DataFolder, "dev-service.token"), cancel);
                using var call = new DriverService.DriverServiceClient(channel).Connect(
                    new Metadata { { "authorization", "Bearer " + token.Trim() } }, cancellationToken: cancel);
                await call.RequestStream.WriteAsync(
                    new ConnectRequest { Hello = new Hello { ProtocolVersion = 1, DriverId = driver, SessionId = "s" } }, cancel);
                var welcome = await NextAsync(call.ResponseStream, message => message.Welcome, cancel);
                Tell(welcome.Verdicts);
                var known = acknowledged.GetValueOrDefault(driver);
                // A store that is still starting gives no resume point; then the app begins with what was not acknowledged.
                var through = welcome.HasResumeAfterSequence ? welcome.ResumeAfterSequence : known;
                for (var lost = through + 1; lost <= known; lost++)
                {
                    // What was rejected is not in the log: the last of it may be sent, and rejected, again.
                    Assert.True(rejected.ContainsKey((driver, lost)), $"{driver} resumes after {through}, but {lost} was acknowledged and not rejected.");
                }

                while (through < FixesEach)
                {
                    var count = Math.Min(8, FixesEach - through);
                    var batch = DriverPhone.Batch(started + ((long)(through + count) * 1000), through + 1, (int)count);
                    foreach (var bad in batch.Fixes.Where(f => f.Sequence % BadEvery == 0))
                    {
                        bad.LatitudeE7 = 910_000_000;
                    }

                    await call.RequestStream.WriteAsync(new ConnectRequest { Locations = batch }, cancel);
                    ulong heard;
                    do
                    {
                        var ack = await NextAsync(call.ResponseStream, message => message.FixAck, cancel);
                        Tell(ack.Verdicts);
                        heard = ack.ThroughSequence;
                        acknowledged[driver] = Math.Max(heard, acknowledged.GetValueOrDefault(driver));
                        progress.Release();
                    }
                    while (heard < through + count);
                    through += count;
                }

                acknowledged[driver] = Math.Max(through, acknowledged.GetValueOrDefault(driver));
            }
            catch (Exception e) when (ServerProcess.IsCutOff(e) && !cancel.IsCancellationRequested)
            {
                await server.Ready; // Killed; again from where the log stands.
            }
        }

        void Tell(IEnumerable<FixVerdict> verdicts)
        {
            foreach (var verdict in verdicts)
            {
                Assert.Equal((FixOutcome.Rejected, FixRejectReason.InvalidCoordinate), (verdict.Outcome, verdict.Reason));
                rejected[(driver, verdict.Sequence)] = true;
            }
        }
    }

    // The next message with what is waited for. A call that failed before it was read ends without an error: cut off, too.
    private static async Task<T> NextAsync<T>(IAsyncStreamReader<ConnectResponse> messages, Func<ConnectResponse, T?> wanted, CancellationToken cancel)
        where T : class
    {
        while (await messages.MoveNext(cancel))
        {
            Assert.Null(messages.Current.ResendAfter);
            if (wanted(messages.Current) is { } found)
            {
                return found;
            }
        }

        throw new EndOfStreamException("The stream ended.");
    }
}
