using System.Globalization;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using RideTracking.Client.Tests.Fixtures;
using RideTracking.Server.Log;
using RideTracking.Server.Roads;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.Simulator;
using RideTracking.Simulator.City;
using RideTracking.Simulator.Replay;
using RideTracking.V1;

namespace RideTracking.Client.Tests;

/// <summary>The simulator with the real server.</summary>
public sealed class SimulatorTests : IDisposable
{
    private const int SpeedUp = 100;

    // A city steps each of its people once a second.
    private const int CitySpeedUp = 25;
    private static readonly DateTimeOffset _recordedAt = new(2013, 7, 1, 8, 0, 0, TimeSpan.Zero);

    private readonly TemporaryFolder _folder = new();

    private static string[] ScaledTime => Scaled(SpeedUp);

    // The same for the server and its city: who drives slower than the server's time is late everywhere, and sent the way anew all the time.
    private static string[] CityTime => Scaled(CitySpeedUp);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_replay_is_in_the_log_but_for_what_was_rejected_and_the_sum_is_right()
    {
        await using var server = await ServerHost.StartAsync(args: ScaledTime);
        using var reader = TraceReader.Open(WriteTrace(vehicles: 6, fixesEach: 40, broken: 3));
        using var connections = Connect(server.GrpcAddress, server.DataFolder);
        using var acked = new AckedLines();
        var run = new ReplayRun(reader, connections, SpeedUp, timeStart: null, availability: true, longestGap: null, acked);
        await run.RunAsync(Patience.LongToken);

        var summary = run.Summary();
        Assert.Equal((6 * 40 + 3, 3, 6), (summary.RowsRead, summary.BrokenRows, summary.Vehicles));
        Assert.Equal((6 * 40, 6, 0, 0), (summary.Sent, summary.Rejected, summary.Unacknowledged, summary.LoggedAtResume));
        Assert.Equal("ImpossibleJump", Assert.Single(summary.RejectedByReason).Key);
        Assert.Equal(summary.Sent, summary.Accepted + summary.HistoryOnly + summary.Rejected);
        Assert.Empty(summary.RefusedActions);
        Assert.Equal(acked.Lines.Order(), (await LoggedAsync(server)).Order());
        Assert.Equal(6, run.Report(summary).RejectedSample.Count);
    }

    [Fact]
    public async Task A_replay_outlives_a_server_that_is_killed_again_and_again_and_loses_nothing_acknowledged()
    {
        var data = _folder.File("data");
        using var acked = new AckedLines();
        ReplaySummary summary;
        await using (var server = await ServerProcess.StartAsync(data, args: ScaledTime))
        {
            using var reader = TraceReader.Open(WriteTrace(vehicles: 8, fixesEach: 150, broken: 0));
            using var connections = Connect(server.GrpcAddress, data);
            var run = new ReplayRun(reader, connections, SpeedUp, timeStart: null, availability: false, longestGap: null, acked);
            var running = run.RunAsync(Patience.LongToken);
            for (var kill = 1; kill <= 3; kill++)
            {
                await Patience.UntilAsync(() => acked.Count > kill * 100);
                server.Kill();
                await server.StartAgainAsync();
            }
            await running;
            summary = run.Summary();
        }

        Assert.Equal((8 * 150, 0), (summary.Sent, summary.Unacknowledged));
        Assert.Equal(summary.Sent, summary.Accepted + summary.HistoryOnly + summary.Rejected + summary.LoggedAtResume);
        Assert.True(summary.StreamsLost >= 8);
        await using var after = await ServerHost.StartAsync(dataFolder: data, args: ScaledTime);
        var logged = await LoggedAsync(after);
        Assert.Empty(acked.Lines.Except(logged));
        Assert.DoesNotContain(logged.CountBy(line => line), line => line.Value > 1);
        // Each vehicle makes one impossible jump; whatever else was sent is kept, once.
        Assert.True(logged.Count == 8 * 149, $"{logged.Count} in the log\n{summary}");
    }

    [Theory]
    [InlineData("")]
    [InlineData(RoadOptions.Demo)]
    public async Task In_the_city_trips_are_asked_for_driven_and_completed(string roads)
    {
        await using var server = await ServerHost.StartAsync(args: [.. CityTime, "--roads", roads]);
        await server.City.GetRequiredService<RoadLoading>().Done;
        await LiveAsync(server, wrongTurnShare: 0, tally => tally.Completed >= 3);
    }

    [Fact]
    public async Task In_the_city_some_leave_their_route_and_are_sent_another()
    {
        await using var server = await ServerHost.StartAsync(args: [.. CityTime, "--roads", RoadOptions.Demo]);
        await server.City.GetRequiredService<RoadLoading>().Done;
        await LiveAsync(server, wrongTurnShare: 1, tally => tally.FoundAnew >= 1 && tally.Completed >= 1);
    }

    [Fact]
    public async Task A_wrong_turn_that_lies_ahead_is_taken_although_the_way_is_told_anew()
    {
        await using var server = await ServerHost.StartAsync();
        using var connections = Connect(server.GrpcAddress, server.DataFolder);
        var tally = new CityTally();
        await using var routes = new CityRoutes(connections, tally);
        var start = new Place(41.1496, -8.611);
        var driver = new CityDriver(
            "d1", "v1", connections, new CityArea(start, RadiusMeters: 3_000), routes, wrongTurnShare: 1, tally, TimeProvider.System, seed: 1);
        var pickup = CityRoutes.WaypointAt(start.Ahead(90, 2_000), WaypointKind.Pickup);
        (pickup.WaypointId, pickup.TripId) = ("w1", "t1");
        var now = _recordedAt;
        // Two minutes of driving are more than half of the way. Every ten seconds it takes longer than was thought.
        for (var second = 0; second < 150; second++, now += TimeSpan.FromSeconds(1))
        {
            if (second % 10 == 0 && tally.WrongTurns == 0)
            {
                var from = driver.Car?.Place ?? start;
                driver.Take(new Command
                {
                    RouteChanged = new RouteChanged
                    {
                        RoutePlanVersion = (ulong)second + 1,
                        Reason = second == 0 ? RouteChangeReason.TripAssigned : RouteChangeReason.EtaDrifted,
                        Waypoints = { pickup },
                        Route = await EstimatedAsync(server, from, pickup),
                    },
                });
            }
            driver.Step(now, seconds: 1, Patience.Token);
        }

        await Patience.UntilAsync(() =>
        {
            driver.Step(now, seconds: 0, Patience.Token);
            return tally.WrongTurns == 1;
        });
    }

    [Fact]
    public async Task A_server_that_does_not_let_anybody_in_is_named()
    {
        await using var server = await ServerHost.StartAsync();
        using var reader = TraceReader.Open(WriteTrace(vehicles: 1, fixesEach: 2, broken: 0));
        var token = server.TokenOf(Server.Access.Role.Driver, "somebody-else").GetValue("authorization")!["Bearer ".Length..];
        using var connections = new ServerConnections([server.GrpcAddress], 1, _ => ValueTask.FromResult(token));
        var run = new ReplayRun(reader, connections, 1, null, availability: false, longestGap: null, acked: null);
        var error = await Assert.ThrowsAsync<UserErrorException>(() => run.RunAsync(Patience.LongToken));
        Assert.Contains($"{server.GrpcAddress}", error.Message, StringComparison.Ordinal);
    }

    private static string[] Scaled(int speedUp) => ["--time-start", $"{_recordedAt:yyyy-MM-ddTHH:mm:ssZ}", "--time-scale", $"{speedUp}"];

    private static async Task<Route> EstimatedAsync(ServerHost server, Place from, Waypoint to)
    {
        var estimate = await new RiderService.RiderServiceClient(server.Channel()).EstimateTripAsync(
            new EstimateTripRequest { Waypoints = { CityRoutes.WaypointAt(from, WaypointKind.Pickup), CityRoutes.WaypointAt(new Place(to.Location.Latitude, to.Location.Longitude), WaypointKind.Dropoff) } },
            server.TokenOf(Server.Access.Role.Service, "backend"), cancellationToken: Patience.Token);
        estimate.Route.Legs[0].WaypointId = to.WaypointId;
        return estimate.Route;
    }

    /// <summary>Lets a small city live until things are as wanted.</summary>
    private static async Task LiveAsync(ServerHost server, double wrongTurnShare, Func<CityTally, bool> wanted)
    {
        using var connections = Connect(server.GrpcAddress, server.DataFolder);
        var clock = new RecordingClock(_recordedAt, CitySpeedUp);
        clock.Start(_recordedAt);
        var city = new CityRun(
            connections, new CityArea(new Place(41.1496, -8.611), RadiusMeters: 1_500), driverCount: 20, riderCount: 6, wrongTurnShare, seed: 1, clock);
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var living = city.RunAsync(null, stopping.Token);
        await Patience.EventuallyAsync(() => living.IsCompleted || wanted(city.Tally));
        await stopping.CancelAsync();
        await living;
        Assert.True(wanted(city.Tally), city.ProgressLine() + city.Troubles());
        Assert.True(city.Tally.Acknowledged > 0, city.ProgressLine());
    }

    /// <summary>Vehicles that drive north, 50 metres in five seconds, but for one impossible jump each.</summary>
    private string WriteTrace(int vehicles, int fixesEach, int broken)
    {
        var path = _folder.File("trace.csv");
        using var file = new StreamWriter(path, append: false, Encoding.UTF8);
        file.WriteLine("unix_time,taxi,lat,lon,occupied");
        for (var i = 0; i < fixesEach; i++)
        {
            for (var vehicle = 0; vehicle < vehicles; vehicle++)
            {
                var latitude = 41.1 + i * 0.00045 + (i == 20 ? 0.5 : 0);
                file.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{_recordedAt.ToUnixTimeSeconds() + 5 * i},taxi-{vehicle},{latitude:F6},{-8.6 + vehicle * 0.001:F6},{(i / 10) % 2}"));
            }
            if (i < broken)
                file.WriteLine("1372636853,taxi-1,north");
        }
        return path;
    }

    private static ServerConnections Connect(Uri server, string dataFolder) =>
        new([server], 2, async ct => (await File.ReadAllTextAsync(Path.Combine(dataFolder, "dev-service.token"), ct)).Trim());

    private static async Task<List<string>> LoggedAsync(ServerHost server)
    {
        var logged = new List<string>();
        await foreach (var fix in server.City.GetRequiredService<LogReader>().ReadAsync())
            logged.Add($"{fix.DriverId},{fix.SessionId},{fix.Fix.Sequence}");
        return logged;
    }

    /// <summary>What `--acked-out` would hold.</summary>
    private sealed class AckedLines : StringWriter
    {
        private readonly List<string> _lines = [];

        public int Count { get { lock (_lines) return _lines.Count; } }

        public IReadOnlyList<string> Lines { get { lock (_lines) return [.. _lines]; } }

        public override void WriteLine(string? value)
        {
            lock (_lines)
                _lines.Add(value!);
        }
    }
}
