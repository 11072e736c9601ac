using RideTracking.Server.Access;
using RideTracking.V1;
using Fix = RideTracking.V1.Fix;

namespace RideTracking.Deploy.Tests.Edges;

/// <summary>Who is led to which node.</summary>
[Collection(nameof(TwoNodes))]
public sealed class SpreadTests(TwoNodes nodes)
{
    private const int Drivers = 12;

    // What is opened at the same moment may see the same counts.
    private const int Odd = 4;

    [Theory, InlineData("haproxy"), InlineData("nginx")]
    public async Task Streams_spread_evenly_also_those_of_one_connection(string kind)
    {
        await using var edge = await Edge.StartAsync(kind, nodes);
        var shared = edge.Channel();
        foreach (var isShared in (bool[])[false, true])
        {
            var phones = new List<Phone>();
            for (var i = 0; i < Drivers; i++)
            {
                phones.Add(new Phone(isShared ? shared : edge.Channel(), nodes, $"{kind}-{isShared}-{i}"));
                await Until.SoAsync(() => phones[^1].IsConnected, "a driver is connected");
            }

            await Until.SoAsync(async () => await nodes.DriversOnAsync(0) + await nodes.DriversOnAsync(1) >= Drivers, "the nodes count all drivers");
            var (one, two) = (await nodes.DriversOnAsync(0), await nodes.DriversOnAsync(1));
            Assert.InRange(Math.Abs(one - two), 0, Odd);
            Assert.Equal(Drivers, one + two);
            foreach (var phone in phones)
            {
                await phone.DisposeAsync();
            }

            await Until.SoAsync(async () => await nodes.DriversOnAsync(0) + await nodes.DriversOnAsync(1) == 0, "all drivers are gone");
        }
    }

    [Theory, InlineData("haproxy"), InlineData("nginx")]
    public async Task A_driver_without_a_stream_comes_to_the_same_node_each_time(string kind)
    {
        const string Route = "http_route=\"/ridetracking.v1.DriverService/ReportLocations\"";
        await using var edge = await Edge.StartAsync(kind, nodes);
        var client = new DriverService.DriverServiceClient(edge.Channel());
        var byNode = new int[2];
        async Task<double> CountAsync(int node) => await nodes.ReadAsync(node, "http_server_request_duration_seconds_count", Route);

        for (var driver = 0; driver < 10; driver++)
        {
            var id = $"{kind}-unary-{driver}";
            var headers = nodes.HeadersOf(Role.Driver, id);
            var before = (await CountAsync(0), await CountAsync(1));
            for (var i = 1; i <= 4; i++)
            {
                var now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
                var fix = new Fix { Sequence = (ulong)i, SensorTimeUnixMs = now, LatitudeE7 = 411_500_000, LongitudeE7 = -86_100_000 };
                await client.ReportLocationsAsync(
                    new ReportLocationsRequest { DriverId = id, SessionId = "s", Locations = new LocationBatch { SentAtUnixMs = now, Fixes = { fix } } },
                    headers,
                    cancellationToken: TestContext.Current.CancellationToken);
            }

            var (first, second) = (await CountAsync(0) - before.Item1, await CountAsync(1) - before.Item2);
            Assert.Equal(4, first + second);
            Assert.True(first == 0 || second == 0, $"{id} came to both nodes: {first} and {second}");
            byNode[first > 0 ? 0 : 1]++;
        }

        Assert.All(byNode, n => Assert.True(n > 0, "All drivers came to one node."));
    }

    [Theory, InlineData("haproxy"), InlineData("nginx")]
    public async Task Drivers_of_a_node_that_drains_come_back_on_the_other_and_a_trip_goes_on(string kind)
    {
        await using var edge = await Edge.StartAsync(kind, nodes);
        var ct = TestContext.Current.CancellationToken;
        var backend = nodes.HeadersOf(Role.Service, "backend");
        var (directory, dispatch) = (new DirectoryService.DirectoryServiceClient(edge.Channel()), new DispatchService.DispatchServiceClient(edge.Channel()));
        var phones = new List<Phone>();
        for (var i = 0; i < Drivers; i++)
        {
            var (id, car) = ($"{kind}-drain-{i}", $"{kind}-car-{i}");
            await directory.UpsertVehicleAsync(new UpsertVehicleRequest { Vehicle = new Vehicle { VehicleId = car, Description = "white car", LicensePlate = "DE-PL-0Y", Seats = 4 } }, backend, cancellationToken: ct);
            await directory.UpsertDriverAsync(new UpsertDriverRequest { Driver = new Driver { DriverId = id, DisplayName = id, Rating = 5, VehicleId = car } }, backend, cancellationToken: ct);
            phones.Add(new Phone(edge.Channel(), nodes, id));
            await Until.SoAsync(() => phones[^1].IsConnected, "a driver is connected");
        }

        // Whose driver is on the node that drains is not known, so both have a trip.
        foreach (var i in (int[])[0, 1])
        {
            await directory.UpsertRiderAsync(new UpsertRiderRequest { Rider = new Rider { RiderId = $"{kind}-rider-{i}", DisplayName = "Rita", Phone = "+351 900 000 000" } }, backend, cancellationToken: ct);
            phones[i].Report(41.15 + (0.001 * i), -8.61);
            await phones[i].FlushAsync();
            await phones[i].ActAsync(new DriverAction { SetAvailability = new SetAvailability { Availability = DriverAvailability.Available } });
            var trip = await AssignAsync(dispatch, $"{kind}-drain-{i}", $"{kind}-rider-{i}", $"{kind}-{i}");
            await Until.SoAsync(() => phones[i].Plan?.Waypoints.Count == 2, "the driver has the way");
            await phones[i].ActAsync(Heading(trip, phones[i]));
        }

        var before = (await nodes.DriversOnAsync(0), await nodes.DriversOnAsync(1));
        Assert.InRange(before.Item1, (Drivers - Odd) / 2, (Drivers + Odd) / 2);

        nodes.Nodes[0].Terminate();
        Assert.Equal(0, await nodes.Nodes[0].ExitCodeAsync());
        await Until.SoAsync(async () => await nodes.DriversOnAsync(1) == Drivers, "all drivers are on the other node");

        // Those on the other one noticed nothing.
        Assert.Equal(Drivers + before.Item1, phones.Sum(p => p.Connects));
        foreach (var i in (int[])[0, 1])
        {
            var trip = (await dispatch.ListTripsAsync(new ListTripsRequest { DriverId = $"{kind}-drain-{i}" }, backend, cancellationToken: ct)).Trips.Single();
            Assert.Equal(TripState.EnRouteToPickup, trip.State);
            foreach (var step in (WaypointStep[])[WaypointStep.Arrived, WaypointStep.Done])
            {
                await phones[i].ActAsync(new DriverAction { TripProgress = new TripProgress { TripId = trip.TripId, WaypointId = trip.Waypoints[0].WaypointId, Step = step } });
            }

            trip = (await dispatch.GetTripAsync(new DispatchServiceGetTripRequest { TripId = trip.TripId }, backend, cancellationToken: ct)).Trip;
            Assert.Equal(TripState.InProgress, trip.State);
        }

        foreach (var phone in phones)
        {
            await phone.DisposeAsync();
        }

        nodes.Nodes[0].Kill();
        await nodes.Nodes[0].StartAgainAsync();
        await Until.SoAsync(() => nodes.IsReadyAsync(nodes.Nodes[0]), "the node is ready again");
        Assert.Equal("", await nodes.Store.AskAsync("ACL", "LOG"));
        Assert.Contains("NOPERM", await nodes.Store.AskAsNodeAsync("FLUSHALL"), StringComparison.Ordinal);
        await nodes.Store.AskAsync("ACL", "LOG", "RESET");
    }

    private static DriverAction Heading(Trip trip, Phone phone) => new()
    {
        TripProgress = new TripProgress { TripId = trip.TripId, WaypointId = phone.Plan!.Waypoints[0].WaypointId, Step = WaypointStep.Heading },
    };

    private async Task<Trip> AssignAsync(DispatchService.DispatchServiceClient dispatch, string driverId, string riderId, string requestId)
    {
        var request = new DispatchServiceRequestTripRequest
        {
            RequestId = requestId,
            RiderId = riderId,
            PartySize = 1,
            Waypoints =
            {
                new Waypoint { Kind = WaypointKind.Pickup, Location = new() { Latitude = 41.152, Longitude = -8.61 }, Label = "here" },
                new Waypoint { Kind = WaypointKind.Dropoff, Location = new() { Latitude = 41.162, Longitude = -8.61 }, Label = "there" },
            },
        };
        var (backend, ct) = (nodes.HeadersOf(Role.Service, "backend"), TestContext.Current.CancellationToken);
        var asked = await dispatch.RequestTripAsync(request, backend, cancellationToken: ct);
        return (await dispatch.AssignTripAsync(new AssignTripRequest { TripId = asked.Trip.TripId, DriverId = driverId }, backend, cancellationToken: ct)).Trip;
    }
}
