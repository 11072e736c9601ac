using System.Threading.Channels;
using Google.Type;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using RideTracking.Client.Tests.Fixtures;
using RideTracking.Server.Access;
using RideTracking.Server.Log;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.V1;

namespace RideTracking.Client.Tests;

/// <summary>The library with the real server.</summary>
public sealed class ClientAndServerTests
{
    private static readonly DateTimeOffset _start = TimeProvider.System.GetUtcNow() - TimeSpan.FromMinutes(2);

    [Fact]
    public async Task An_app_that_was_restarted_goes_on_with_its_session_on_a_server_that_was_restarted()
    {
        using var folder = new TemporaryFolder();
        using var app = new TemporaryFolder();
        var (session, written) = ("", new List<ulong>());
        await using (var server = await ServerHost.StartAsync(dataFolder: folder.Path))
        {
            using var buffer = OfflineBuffer.Open(app.File("buffer"), "d1");
            session = buffer.SessionId;
            await using var driver = new RunningDriver(server, buffer);
            written.AddRange(Report(driver.Connection, 30));
            await driver.Connection.FlushAsync(Patience.Token);
            await driver.StopAsync();
            // Offline, until the app is closed.
            written.AddRange(Report(driver.Connection, 20, fromSecond: 30));
            Assert.Equal(20, buffer.FixCount);
        }

        await using (var server = await ServerHost.StartAsync(dataFolder: folder.Path))
        {
            using var buffer = OfflineBuffer.Open(app.File("buffer"), "d1");
            Assert.Equal(20, buffer.FixCount);
            await using var driver = new RunningDriver(server, buffer);
            written.AddRange(Report(driver.Connection, 10, fromSecond: 50));
            await driver.Connection.FlushAsync(Patience.Token);
            Assert.Equal(0, driver.Connection.Counts.FixesResent);

            var logged = new List<LoggedFix>();
            await foreach (var fix in server.City.GetRequiredService<LogReader>().ReadAsync())
                logged.Add(fix);
            Assert.All(logged, fix => Assert.Equal(("d1", session), (fix.DriverId, fix.SessionId)));
            Assert.Equal(written, logged.Select(fix => fix.Fix.Sequence).Order());
            Assert.Equal(60, written.Distinct().Count());
        }
    }

    [Fact]
    public async Task A_program_with_services_has_one_client_for_its_backend_calls_and_its_drivers()
    {
        await using var server = await ServerHost.StartAsync();
        var services = new ServiceCollection();
        services.AddRideTrackingClient(options =>
        {
            options.Addresses.Add(server.GrpcAddress);
            options.TokenSource = _ => ValueTask.FromResult(server.TokenOf(Role.Service, "backend").GetValue("authorization")!["Bearer ".Length..]);
        });
        await using var provider = services.BuildServiceProvider();
        var client = provider.GetRequiredService<RideTrackingClient>();
        await client.Directory.UpsertDriverAsync(new UpsertDriverRequest { Driver = new Driver { DriverId = "d1", DisplayName = "Dora" } }, cancellationToken: Patience.Token);
        using var buffer = OfflineBuffer.InMemory();
        await using var refused = client.Driver(buffer, new DriverConnectionOptions
        {
            DriverId = "d1",
            InitialBackoff = TimeSpan.FromMilliseconds(1),
            TokenSource = _ => ValueTask.FromResult(server.TokenOf(Role.Driver, "somebody-else").GetValue("authorization")!["Bearer ".Length..]),
        });

        Assert.Equal("Dora", (await client.Directory.GetDriverAsync(new GetDriverRequest { DriverId = "d1" }, cancellationToken: Patience.Token)).Driver.DisplayName);
        Assert.Equal(StatusCode.PermissionDenied, (await Assert.ThrowsAsync<RpcException>(() => refused.RunAsync(Patience.Token))).StatusCode);
    }

    [Fact]
    public void A_client_without_an_address_says_what_is_missing()
    {
        using var provider = new ServiceCollection().AddRideTrackingClient(_ => { }).BuildServiceProvider();
        Assert.Contains("Addresses needs the server's address", Assert.Throws<Microsoft.Extensions.Options.OptionsValidationException>(provider.GetRequiredService<RideTrackingClient>).Message);
    }

    [Fact]
    public async Task A_channel_to_several_nodes_goes_on_with_another_one_when_its_own_is_gone()
    {
        using var folder = new TemporaryFolder();
        await using var redis = await RedisProcess.StartAsync();
        await using var second = await ServerHost.StartAsync(redis, dataFolder: folder.Path);
        var first = await ServerHost.StartAsync(redis, dataFolder: folder.Path);
        using var channel = RideTrackingChannel.Create([first.GrpcAddress, second.GrpcAddress]);
        var directory = new DirectoryService.DirectoryServiceClient(channel);
        var options = new CallOptions(second.TokenOf(Role.Service, "backend"), cancellationToken: Patience.Token).WithWaitForReady();
        await directory.UpsertRiderAsync(new UpsertRiderRequest { Rider = new Rider { RiderId = "r1", DisplayName = "Ana" } }, options);

        await first.DisposeAsync();

        Assert.Equal("Ana", (await directory.GetRiderAsync(new GetRiderRequest { RiderId = "r1" }, options)).Rider.DisplayName);
    }

    [Fact]
    public async Task A_driver_and_a_rider_go_through_a_whole_trip()
    {
        await using var server = await ServerHost.StartAsync();
        await RegisterAsync(server);
        using var buffer = OfflineBuffer.InMemory();
        await using var driver = new RunningDriver(server, buffer);
        await AvailableAtAsync(driver, 41.15, -8.61);

        var rider = new RiderConnection(server.Channel(), new RiderConnectionOptions { TokenSource = Token(server) });
        var trip = await rider.RequestTripAsync(Request(), Patience.Token);
        var watching = WatchAsync(rider, trip.TripId);

        var offer = (await driver.NextAsync(Command.CommandOneofCase.TripOffer)).TripOffer;
        Assert.Equal(trip.TripId, offer.TripId);
        await ActAsync(driver, new DriverAction { OfferReply = new OfferReply { OfferId = offer.OfferId, Accepted = true } });
        Assert.Equal("Ana", (await driver.NextAsync(Command.CommandOneofCase.TripAssigned)).TripAssigned.Passenger.DisplayName);
        for (var plan = await driver.NextAsync(Command.CommandOneofCase.RouteChanged); plan.RouteChanged.Waypoints.Count > 0; plan = await driver.NextAsync(Command.CommandOneofCase.RouteChanged))
        {
            var waypoint = plan.RouteChanged.Waypoints[0];
            foreach (var step in new[] { WaypointStep.Heading, WaypointStep.Arrived, WaypointStep.Done })
                await ActAsync(driver, new DriverAction { TripProgress = new TripProgress { TripId = trip.TripId, WaypointId = waypoint.WaypointId, Step = step } });
        }

        var seen = await watching;
        Assert.Equal(TripState.Completed, seen.Last(news => news.Trip is not null).Trip.State);
        Assert.All(seen.Where(news => news.Trip?.Route is not null), news => Assert.NotEmpty(news.Trip.Route.EncodedPolyline));
        // The way may change without the trip: then it comes again.
        var versions = seen.Where(news => news.Trip is not null).Select(news => (news.Trip.Version, news.Trip.Route?.Version ?? 0)).ToList();
        Assert.Equal(versions.Distinct(), versions);
        Assert.Equal(versions.Select(v => v.Version).Order(), versions.Select(v => v.Version));
        Assert.Equal(0, buffer.ActionCount);
        // Every command was acknowledged: a new connection is sent none of them.
        await Patience.UntilAsync(() => buffer.LastCommandSequence > 0);
    }

    [Fact]
    public async Task A_cancelled_trip_is_taken_from_the_driver()
    {
        await using var server = await ServerHost.StartAsync();
        await RegisterAsync(server);
        using var buffer = OfflineBuffer.InMemory();
        await using var driver = new RunningDriver(server, buffer);
        await AvailableAtAsync(driver, 41.15, -8.61);
        var rider = new RiderConnection(server.Channel(), new RiderConnectionOptions { TokenSource = Token(server) });
        var trip = await rider.RequestTripAsync(Request(), Patience.Token);
        var offer = (await driver.NextAsync(Command.CommandOneofCase.TripOffer)).TripOffer;
        await ActAsync(driver, new DriverAction { OfferReply = new OfferReply { OfferId = offer.OfferId, Accepted = true } });
        await driver.NextAsync(Command.CommandOneofCase.TripAssigned);

        Assert.Equal(TripState.Cancelled, (await rider.CancelTripAsync(trip.TripId, CancellationReason.ChangedMind, cancellationToken: Patience.Token)).State);
        Assert.Equal(TripState.Cancelled, (await driver.NextAsync(Command.CommandOneofCase.TripRemoved)).TripRemoved.State);
    }

    [Fact]
    public async Task Trouble_that_driver_and_rider_tell_of_reaches_ops_and_their_words_reach_the_driver()
    {
        await using var server = await ServerHost.StartAsync();
        await RegisterAsync(server);
        using var buffer = OfflineBuffer.InMemory();
        await using var driver = new RunningDriver(server, buffer);
        var rider = new RiderConnection(server.Channel(), new RiderConnectionOptions { TokenSource = Token(server) });
        var trip = await rider.RequestTripAsync(Request(), Patience.Token);
        await ActAsync(driver, new DriverAction { RaiseIncident = new RaiseIncident { Kind = IncidentKind.Vehicle, Note = "smoke" } });
        var told = await rider.RaiseIncidentAsync(new RaiseIncidentRequest { TripId = trip.TripId, Kind = IncidentKind.Other }, Patience.Token);

        var ops = new DispatchService.DispatchServiceClient(server.Channel());
        var headers = new Metadata { { "authorization", "Bearer " + await Token(server)(Patience.Token) } };
        var open = (await ops.ListIncidentsAsync(new ListIncidentsRequest { State = IncidentState.Open }, headers, cancellationToken: Patience.Token)).Incidents;
        Assert.Equal(told, open.Single(i => i.RaisedBy == TripActor.Rider).IncidentId);
        Assert.Equal(("d1", "smoke"), (open.Single(i => i.RaisedBy == TripActor.Driver).Driver.DriverId, open.Single(i => i.RaisedBy == TripActor.Driver).Note));

        await ops.SendDriverMessageAsync(
            new SendDriverMessageRequest { RequestId = "m1", DriverId = "d1", Text = "Leave the car, help is coming." }, headers, cancellationToken: Patience.Token);
        Assert.Equal("Leave the car, help is coming.", (await driver.NextAsync(Command.CommandOneofCase.DriverMessage)).DriverMessage.Text);
    }

    [Fact]
    public async Task A_second_phone_takes_over_and_the_first_stays_away()
    {
        await using var server = await ServerHost.StartAsync();
        using var first = OfflineBuffer.InMemory();
        using var second = OfflineBuffer.InMemory();
        await using var one = new RunningDriver(server, first);
        await Patience.UntilAsync(() => one.Connection.IsConnected);
        await using var two = new RunningDriver(server, second);
        Assert.Equal(ConnectionEnd.TakenOver, await one.Running.WaitAsync(Patience.Token));
        Report(two.Connection, 3);
        await two.Connection.FlushAsync(Patience.Token);
    }

    private static Func<CancellationToken, ValueTask<string>> Token(ServerHost server) =>
        async ct => (await File.ReadAllTextAsync(Path.Combine(server.DataFolder, "dev-service.token"), ct)).Trim();

    private static async Task RegisterAsync(ServerHost server)
    {
        var directory = new DirectoryService.DirectoryServiceClient(server.Channel());
        var headers = new Metadata { { "authorization", "Bearer " + await Token(server)(Patience.Token) } };
        await directory.UpsertVehicleAsync(
            new UpsertVehicleRequest { Vehicle = new Vehicle { VehicleId = "v1", Description = "white Toyota Prius", LicensePlate = "AA-01-BB", Seats = 4 } }, headers);
        await directory.UpsertDriverAsync(new UpsertDriverRequest { Driver = new Driver { DriverId = "d1", DisplayName = "Bruno", VehicleId = "v1" } }, headers);
        await directory.UpsertRiderAsync(new UpsertRiderRequest { Rider = new Rider { RiderId = "r1", DisplayName = "Ana", Phone = "+351 900 000 000" } }, headers);
    }

    private static RequestTripRequest Request() => new()
    {
        RiderId = "r1",
        PartySize = 1,
        Waypoints =
        {
            new Waypoint { Kind = WaypointKind.Pickup, Location = new LatLng { Latitude = 41.151, Longitude = -8.611 } },
            new Waypoint { Kind = WaypointKind.Dropoff, Location = new LatLng { Latitude = 41.16, Longitude = -8.62 } },
        },
    };

    private static async Task AvailableAtAsync(RunningDriver driver, double latitude, double longitude)
    {
        driver.Connection.Report(new LocationReading(TimeProvider.System.GetUtcNow(), latitude, longitude) { HorizontalAccuracyMeters = 5 });
        await driver.Connection.FlushAsync(Patience.Token);
        await ActAsync(driver, new DriverAction { SetAvailability = new SetAvailability { Availability = DriverAvailability.Available } });
    }

    private static async Task ActAsync(RunningDriver driver, DriverAction action) =>
        Assert.Equal(0, (await driver.Connection.ActAsync(action).WaitAsync(Patience.Token)).Status?.Code ?? 0);

    // A second apart, and not far: what no gate minds.
    private static List<ulong> Report(DriverConnection connection, int count, int fromSecond = 0) =>
    [
        .. Enumerable.Range(fromSecond, count).Select(second => connection.Report(
            new LocationReading(_start + TimeSpan.FromSeconds(second), 41.15 + second * 1e-5, -8.61) { HorizontalAccuracyMeters = 5 })),
    ];

    private static async Task<List<WatchTripResponse>> WatchAsync(RiderConnection rider, string tripId)
    {
        var seen = new List<WatchTripResponse>();
        await foreach (var news in rider.WatchTripAsync(tripId, Patience.Token))
            seen.Add(news);
        return seen;
    }

    /// <summary>A driver's app that keeps the commands it got.</summary>
    private sealed class RunningDriver : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stopping = new();
        private readonly Channel<Command> _commands = Channel.CreateUnbounded<Command>();

        public RunningDriver(ServerHost server, OfflineBuffer buffer)
        {
            Connection = new DriverConnection(server.Channel(), buffer, new DriverConnectionOptions
            {
                DriverId = "d1",
                TokenSource = Token(server),
                OnCommand = (command, ct) => _commands.Writer.WriteAsync(command, ct),
            });
            Running = Connection.RunAsync(_stopping.Token);
        }

        public DriverConnection Connection { get; }

        public Task<ConnectionEnd> Running { get; }

        /// <summary>The next command of a kind; what comes before is passed over.</summary>
        public async Task<Command> NextAsync(Command.CommandOneofCase kind)
        {
            while (true)
            {
                if (await _commands.Reader.ReadAsync(Patience.Token) is var command && command.CommandCase == kind)
                    return command;
            }
        }

        public async Task StopAsync()
        {
            await _stopping.CancelAsync();
            await Running;
        }

        public async ValueTask DisposeAsync()
        {
            await StopAsync();
            _stopping.Dispose();
        }
    }
}
