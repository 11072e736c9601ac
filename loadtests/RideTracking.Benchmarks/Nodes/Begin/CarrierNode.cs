using System.Collections.Concurrent;
using System.Diagnostics;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RideTracking.Engine.Index;
using RideTracking.Server;
using RideTracking.Server.Areas;
using RideTracking.Server.Directories;
using RideTracking.Server.Drivers;
using RideTracking.Server.Log;
using RideTracking.Server.Store;
using RideTracking.V1;

namespace RideTracking.Benchmarks.Nodes.Begin;

/// <summary>
/// A node in this process that has very many drivers' streams, but for the sockets: each driver is claimed, judged, shown and logged by the
/// server's own parts, and told to the other nodes by its own scripts, so that what lies in the store is what a server writes.
/// </summary>
internal sealed class CarrierNode : IAsyncDisposable
{
    private const int ToAndFroFixes = 10;

    private static readonly ParallelOptions AtMost = new() { MaxDegreeOfParallelism = 64 };
    private static readonly TimeSpan FixEvery = TimeSpan.FromSeconds(20);

    private readonly WebApplication _app;
    private readonly IServiceProvider _area;
    private readonly StreamServices _services;
    private readonly List<Held> _drivers = [];
    private readonly string _writer;

    private CarrierNode(WebApplication app)
    {
        _app = app;
        _area = app.Services.GetRequiredService<AreaSet>().Home.Services;
        _writer = _area.GetRequiredService<LogWriter>().Id;
        _services = _area.GetRequiredService<StreamServices>();
    }

    /// <summary>
    /// Whether the machine was so busy that it did not hold its lease: the others have ended it, as they should, and a server would claim its
    /// drivers anew, which this one does not.
    /// </summary>
    public bool HasLostLease => _area.GetRequiredService<LogWriter>().Id != _writer;

    public static async Task<CarrierNode> StartAsync(NodeCluster cluster)
    {
        var app = RideTrackingServer.Build(
            ["--environment", "Development", "--redis", cluster.Redis.Endpoint, "--data", cluster.Folder, "--grpc-port", "0", "--web-port", "0", "--management-port", "0"],
            // What it says of itself is in the way of the figures.
            builder => builder.Services.PostConfigure<LoggerFilterOptions>(filter =>
            {
                filter.Rules.Clear();
                filter.MinLevel = LogLevel.Warning;
            }));
        await app.StartAsync();
        return new CarrierNode(app);
    }

    /// <summary>Enters drivers, takes their streams, their first fix, and that they are available.</summary>
    /// <param name="drivers">Their ids, and where they are, 1e-7 degrees.</param>
    public async Task HoldAsync(IReadOnlyList<(string Id, int LatitudeE7, int LongitudeE7)> drivers)
    {
        await EnterAsync(drivers);
        var claimed = new ConcurrentBag<(string Id, Held Held)>();
        var (started, cpu) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
        await Parallel.ForEachAsync(drivers, AtMost, async (driver, _) => claimed.Add((driver.Id, await ClaimAsync(driver))));
        ClaimsPerSecond = drivers.Count / Stopwatch.GetElapsedTime(started).TotalSeconds;
        ClaimsPerCpuSecond = drivers.Count / (Environment.CpuUsage.TotalTime - cpu).TotalSeconds;
        var desk = _area.GetRequiredService<DriverDesk>();
        await Parallel.ForEachAsync(claimed, AtMost, async (driver, cancellation) =>
        {
            driver.Held.Drive();
            var answer = await desk.ActAsync(
                driver.Id, driver.Held.Claim, new DriverAction { ActionId = $"a-{driver.Id}", SetAvailability = new SetAvailability { Availability = V1.DriverAvailability.Available } },
                TimeProvider.System.GetUtcNow(), cancellation);
            if (answer?.Status.Code != 0)
            {
                throw new InvalidOperationException($"{driver.Id} is not available: {answer}");
            }
        });
        _drivers.AddRange(claimed.Select(c => c.Held));
        await _services.Path.Log.FlushAsync(CancellationToken.None);
    }

    /// <summary>How many drivers it claimed in a second, 64 at a time.</summary>
    public double ClaimsPerSecond { get; private set; }

    /// <summary>And for each second of its own CPU, Redis apart.</summary>
    public double ClaimsPerCpuSecond { get; private set; }

    /// <summary>The area's parts.</summary>
    public IServiceProvider Area => _area;

    /// <summary>One more fix of each driver, in the log when it is complete.</summary>
    public Task DriveOnceAsync()
    {
        _drivers.ForEach(held => held.Drive());
        return _services.Path.Log.FlushAsync(CancellationToken.None);
    }

    /// <summary>Goes on taking a fix of each driver every 20 seconds, until told to stop; all that was taken is in the log then.</summary>
    /// <returns>How many it took.</returns>
    public async Task<long> DriveAsync(CancellationToken stop)
    {
        const int parts = 200;
        using var timer = new PeriodicTimer(FixEvery / parts);
        var taken = 0L;
        for (var part = 0; !stop.IsCancellationRequested; part = (part + 1) % parts)
        {
            for (var i = part; i < _drivers.Count; i += parts, taken++)
            {
                _drivers[i].Drive();
            }

            await timer.WaitForNextTickAsync(CancellationToken.None);
        }

        await _services.Path.Log.FlushAsync(CancellationToken.None);
        return taken;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    // Many at a time, where the directory writes one after the other.
    private async Task EnterAsync(IReadOnlyList<(string Id, int LatitudeE7, int LongitudeE7)> drivers)
    {
        var directory = _app.Services.GetRequiredService<CompanyDirectory>();
        var writes = _app.Services.GetRequiredService<RedisStore>().Writes;
        await Parallel.ForEachAsync(drivers, AtMost, async (driver, _) =>
        {
            var entry = new Driver { DriverId = driver.Id, DisplayName = $"Driver {driver.Id}", Rating = 4.8, VehicleId = $"car-{driver.Id}" };
            await directory.Feed.RunAsync(writes, StoreScript.EntriesSet, [CompanyKeys.Directory("drivers"), CompanyKeys.Directory("drivers:revisions")], ["driver", driver.Id, "", entry.ToByteArray()]);
        });
        // They come back by the feed.
        while (directory.Drivers.Count < drivers.Count)
        {
            await Task.Delay(10);
        }
    }

    private async Task<Held> ClaimAsync((string Id, int LatitudeE7, int LongitudeE7) driver)
    {
        var request = new ClaimRequest(driver.Id, "begin") { IsStream = true };
        var claiming = _services.Claims.ClaimAsync(request);
        var claim = await claiming;
        var carrier = new Carrier(request, claim, new SessionLedger(claim, 64, _services.Options.AckPace, _services.Clock.Machine), claiming);
        var slot = _area.GetRequiredService<DriverSlots>().GetOrAdd(driver.Id);
        _services.Path.Fanout.Publish(_services.Path.Index.SetLink(slot, Engine.Index.DriverLink.Connected));
        return new Held(claim.Claim, new FixIntake(_services.Path, carrier, slot, claim), driver.LatitudeE7, driver.LongitudeE7);
    }

    /// <summary>A driver who is held; drives to and fro along a parallel, ten metres at a time.</summary>
    private sealed class Held(DriverClaim claim, FixIntake intake, int latitudeE7, int longitudeE7)
    {
        private const int StepE7 = 1_200;

        private ulong _sequence;

        public DriverClaim Claim => claim;

        public void Drive()
        {
            var now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
            var leg = (int)(_sequence % (2 * ToAndFroFixes));
            var batch = Uplink.Rent();
            batch.Clear();
            UplinkReader.Read(
                new LocationBatch
                {
                    SentAtUnixMs = now,
                    Fixes =
                    {
                        new Fix
                        {
                            Sequence = ++_sequence,
                            SensorTimeUnixMs = now,
                            LatitudeE7 = latitudeE7,
                            LongitudeE7 = longitudeE7 + (StepE7 * Math.Min(leg, (2 * ToAndFroFixes) - leg)),
                            HorizontalAccuracyDecimeters = 45,
                        },
                    },
                },
                batch);
            intake.Receive(batch, now);
            batch.Return();
        }
    }
}
