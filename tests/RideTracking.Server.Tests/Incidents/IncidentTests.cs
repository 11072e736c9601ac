using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using RideTracking.Server.Access;
using RideTracking.Server.Areas;
using RideTracking.Server.Tests.Dispatch;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.V1;

namespace RideTracking.Server.Tests.Incidents;

/// <summary>Trouble that is told reaches ops and stays open until somebody closes it.</summary>
public sealed class IncidentTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, InlineData(false), InlineData(true)]
    public async Task A_driver_tells_of_an_accident_on_the_stream_and_ops_see_it_at_once(bool onRedis)
    {
        await using var world = await RideWorld.StartOnAsync(onRedis);
        var ops = world.Host.TokenOf(Role.Ops, "olga");
        using var watch = new WatchedIncidents(world.Dispatch.WatchIncidents(new WatchIncidentsRequest(), ops, cancellationToken: Cancel));
        Assert.Empty(await watch.BeginAsync());
        var driver = await world.DriverAsync("d1", steps: 3);
        var trip = await world.RequestAsync("q1", "r1");
        await driver.AcceptNextAsync();

        await using var phone = await DriverPhone.ConnectAsync(
            world.Host, "d1", configure: hello => hello.SentAtUnixMs = world.Time.GetUtcNow().ToUnixTimeMilliseconds());
        var happened = Timestamp.FromDateTimeOffset(world.Time.GetUtcNow().AddMinutes(-2));
        await phone.SendAsync(new ConnectRequest
        {
            Action = new DriverAction
            {
                ActionId = "i1",
                OccurredAt = happened,
                RaiseIncident = new RaiseIncident { Kind = IncidentKind.Accident, Note = "hit from behind" },
            },
        });
        var result = (await phone.ReadUntilAsync(m => m.ActionResult is not null)).ActionResult;
        Assert.Equal(("i1", 0), (result.ActionId, result.Status.Code));

        var told = await watch.NextAsync();
        Assert.Equal(
            (IncidentKind.Accident, IncidentState.Open, TripActor.Driver, "hit from behind", trip.TripId, "r1", happened),
            (told.Kind, told.State, told.RaisedBy, told.Note, told.TripId, told.RiderId, told.OccurredAt));
        Assert.Equal(("d1", "Driver d1", "AA-00-d1"), (told.Driver.DriverId, told.Driver.DisplayName, told.Driver.LicensePlate));
        Assert.Equal(RideWorld.North(3).LatitudeDegrees, told.Location.Latitude, 6);
        Assert.Equal(world.Time.GetUtcNow(), told.LocatedAt.ToDateTimeOffset());

        var closed = (await world.Dispatch.CloseIncidentAsync(
            new CloseIncidentRequest { IncidentId = told.IncidentId, Note = "police were there" }, ops, cancellationToken: Cancel)).Incident;
        Assert.Equal((IncidentState.Closed, "olga", "police were there"), (closed.State, closed.ClosedBy, closed.ClosingNote));
        var last = await watch.NextAsync();
        Assert.Equal((told.IncidentId, IncidentState.Closed), (last.IncidentId, last.State));
        Assert.True(last.Version > told.Version);

        // Who closes it again changes nothing.
        var again = (await world.Dispatch.CloseIncidentAsync(
            new CloseIncidentRequest { IncidentId = told.IncidentId, Note = "me too" }, world.Service, cancellationToken: Cancel)).Incident;
        Assert.Equal(last, again);
        Assert.Empty(await ListAsync(world, IncidentState.Open));
        Assert.Equal([last], await ListAsync(world, IncidentState.Closed));
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task A_repeat_raises_nothing_more(bool onRedis)
    {
        await using var world = await RideWorld.StartOnAsync(onRedis);
        var driver = await world.DriverAsync("d1");
        var action = driver.Action();
        action.RaiseIncident = new RaiseIncident { Kind = IncidentKind.Vehicle, Note = "flat tyre" };
        Assert.Equal(0, (await driver.ActAsync(action)).Status.Code);
        Assert.Equal(0, (await driver.ActAsync(action)).Status.Code);
        var other = action.Clone();
        other.RaiseIncident.Note = "another tyre";
        Assert.Equal("ACTION_ID_REUSED", RideTests.Reason(await driver.ActAsync(other)));

        var trip = await world.RequestAsync("q1", "r1");
        var request = new RaiseIncidentRequest { RequestId = "i1", TripId = trip.TripId, Kind = IncidentKind.Threat, Note = "he shouts" };
        var rider = world.Host.TokenOf(Role.Rider, "r1");
        var first = await world.Riders.RaiseIncidentAsync(request, rider, cancellationToken: Cancel);
        Assert.Equal(first, await world.Riders.RaiseIncidentAsync(request, rider, cancellationToken: Cancel));
        var changed = request.Clone();
        changed.Kind = IncidentKind.Other;
        Assert.Equal("REQUEST_ID_REUSED", await ReasonAsync(() => world.Riders.RaiseIncidentAsync(changed, rider, cancellationToken: Cancel).ResponseAsync));

        Assert.Equal([IncidentKind.Threat, IncidentKind.Vehicle], (await ListAsync(world, IncidentState.Open)).Select(i => i.Kind).Order());
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task A_rider_tells_of_their_own_trip_only_with_the_place_of_its_car(bool onRedis)
    {
        await using var world = await RideWorld.StartOnAsync(onRedis);
        var driver = await world.DriverAsync("d1", steps: 2);
        var trip = await world.RequestAsync("q1", "r1");
        await driver.AcceptNextAsync();
        var request = new RaiseIncidentRequest { RequestId = "i1", TripId = trip.TripId, Kind = IncidentKind.Threat };

        Assert.Equal("TRIP_NOT_FOUND", await ReasonAsync(
            () => world.Riders.RaiseIncidentAsync(request, world.Host.TokenOf(Role.Rider, "r2"), cancellationToken: Cancel).ResponseAsync));
        var rider = world.Host.TokenOf(Role.Rider, "r1");
        await world.Riders.RaiseIncidentAsync(request, rider, cancellationToken: Cancel);
        await world.CancelAsync(trip.TripId);
        await world.Riders.RaiseIncidentAsync(new RaiseIncidentRequest(request) { RequestId = "i2" }, rider, cancellationToken: Cancel);

        var incidents = (await ListAsync(world, IncidentState.Open)).OrderBy(i => i.Version).ToList();
        Assert.All(incidents, i => Assert.Equal((TripActor.Rider, "r1", trip.TripId, "d1"), (i.RaisedBy, i.RiderId, i.TripId, i.Driver.DriverId)));
        // After the trip the car is elsewhere, which is nobody's business.
        Assert.Equal([true, false], incidents.Select(i => i.Location is not null));
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task Who_has_many_open_raises_no_more_until_some_are_closed(bool onRedis)
    {
        await using var world = await RideWorld.StartOnAsync(onRedis, "--Incidents:MaxOpen", "2");
        var driver = await world.DriverAsync("d1");
        var other = await world.DriverAsync("d2");
        Assert.Equal(0, (await RaiseAsync(driver)).Status.Code);
        Assert.Equal(0, (await RaiseAsync(driver)).Status.Code);
        var third = driver.Action();
        third.RaiseIncident = new RaiseIncident { Kind = IncidentKind.Other, Note = "third" };
        var refused = await driver.ActAsync(third);
        Assert.Equal(((int)Code.ResourceExhausted, "TOO_MANY_OPEN_INCIDENTS"), (refused.Status.Code, RideTests.Reason(refused)));
        Assert.Equal(0, (await RaiseAsync(other)).Status.Code);

        await world.Dispatch.CloseIncidentAsync(
            new CloseIncidentRequest { IncidentId = (await ListAsync(world, IncidentState.Open)).First(i => i.Driver.DriverId == "d1").IncidentId }, world.Service, cancellationToken: Cancel);
        // It was not answered for good: the app may send it again.
        Assert.Equal(0, (await driver.ActAsync(third)).Status.Code);
    }

    [Fact]
    public async Task A_trip_that_is_not_the_drivers_is_left_out_and_the_incident_is_raised_all_the_same()
    {
        await using var world = await RideWorld.StartAsync();
        var driver = await world.DriverAsync("d1");
        var foreign = await world.RequestAsync("q1", "r1");
        await driver.AcceptNextAsync();
        var other = await world.DriverAsync("d2");
        Assert.Equal(0, (await RaiseAsync(other, foreign.TripId)).Status.Code);
        Assert.Equal(0, (await RaiseAsync(other, "}{")).Status.Code);
        Assert.All(await ListAsync(world, IncidentState.Open), i => Assert.Equal(("", "", "d2"), (i.TripId, i.RiderId, i.Driver.DriverId)));
    }

    [Fact]
    public async Task A_driver_who_was_taken_over_raises_nothing()
    {
        await using var world = await RideWorld.StartAsync();
        var driver = await world.DriverAsync("d1");
        var old = driver.Claim;
        await driver.ClaimAsync();
        var action = driver.Action();
        action.RaiseIncident = new RaiseIncident { Kind = IncidentKind.Other };
        Assert.Equal("TAKEN_OVER", RideTests.Reason(await driver.ActAsync(action, old)));
        Assert.Empty(await ListAsync(world, IncidentState.Open));
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task An_open_incident_survives_a_restart_and_a_late_watcher_gets_all_that_are_open(bool onRedis)
    {
        var folder = Directory.CreateTempSubdirectory("incidents-").FullName;
        await using var redis = onRedis ? await RedisProcess.StartAsync() : null;
        var ids = new List<string>();
        await using (var world = await RideWorld.StartInAsync(folder, redis))
        {
            var driver = await world.DriverAsync("d1");
            for (var i = 0; i < 5; i++)
            {
                await RaiseAsync(driver);
            }

            ids.AddRange((await ListAsync(world, IncidentState.Open)).Select(i => i.IncidentId));
            await world.Dispatch.CloseIncidentAsync(new CloseIncidentRequest { IncidentId = ids[2] }, world.Service, cancellationToken: Cancel);
        }

        await using (var again = await RideWorld.StartInAsync(folder, redis))
        {
            using var watch = new WatchedIncidents(again.Dispatch.WatchIncidents(new WatchIncidentsRequest(), again.Service, cancellationToken: Cancel));
            var open = await watch.BeginAsync();
            Assert.Equal(ids.Where(id => id != ids[2]).Order(), open.Select(i => i.IncidentId).Order());
            Assert.All(open, i => Assert.Equal(IncidentState.Open, i.State));
        }

        // Not under a store that still looks after it.
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task While_the_store_is_away_an_action_waits_and_ops_hear_of_it_when_it_is_back()
    {
        await using var redis = await RedisProcess.StartAsync(durable: true);
        await using var world = await RideWorld.StartAsync(redis);
        using var watch = new WatchedIncidents(world.Dispatch.WatchIncidents(new WatchIncidentsRequest(), world.Service, cancellationToken: Cancel));
        await watch.BeginAsync();
        var driver = await world.DriverAsync("d1");
        redis.Kill();
        var raised = RaiseAsync(driver);
        // The action and the watcher look again each second.
        await world.Time.AsleepAsync(TimeSpan.FromSeconds(1), count: 2);
        await world.Host.StoreGoneAsync();
        await redis.StartAgainAsync();
        await world.Host.StoreBackAsync();
        world.Time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(0, (await raised).Status.Code);
        Assert.Equal("d1", (await watch.NextAsync()).Driver.DriverId);
        Assert.Single(await ListAsync(world, IncidentState.Open));
    }

    [Fact]
    public async Task A_watcher_begins_anew_when_the_store_gives_a_version_again_that_it_was_told()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var world = await RideWorld.StartAsync(redis);
        await using var connection = await redis.ConnectAsync();
        var (store, keys) = (connection.GetDatabase(), world.Host.City.GetRequiredService<StoreKeys>());
        using var watch = new WatchedIncidents(world.Dispatch.WatchIncidents(new WatchIncidentsRequest(), world.Service, cancellationToken: Cancel));
        await watch.BeginAsync();
        var driver = await world.DriverAsync("d1");
        await RaiseAsync(driver);
        var kept = await watch.NextAsync();
        var last = await store.StringGetAsync(keys.IncidentEventsCursor);
        await RaiseAsync(driver);
        var forgotten = await watch.NextAsync();
        await world.Time.AsleepAsync(TimeSpan.FromSeconds(1));

        // A replica that lacks the second takes the store's place, and another gets its version.
        await store.StringSetAsync(keys.IncidentEventsCursor, last);
        await store.SortedSetRemoveRangeByScoreAsync(keys.IncidentEvents, forgotten.Version, double.PositiveInfinity);
        await store.KeyDeleteAsync(keys.Incident(forgotten.IncidentId));
        await store.SortedSetRemoveAsync(keys.OpenIncidents, forgotten.IncidentId);
        await RaiseAsync(driver);

        var refused = await Assert.ThrowsAsync<RpcException>(watch.NextAsync);
        Assert.Equal((StatusCode.OutOfRange, "CURSOR_UNKNOWN"), (refused.StatusCode, refused.GetRpcStatus()!.GetDetail<ErrorInfo>()!.Reason));
        using var anew = new WatchedIncidents(world.Dispatch.WatchIncidents(new WatchIncidentsRequest(), world.Service, cancellationToken: Cancel));
        var open = (await anew.BeginAsync()).OrderBy(i => i.Version).ToList();
        Assert.Equal([kept.Version, forgotten.Version], open.Select(i => i.Version));
        Assert.NotEqual(forgotten.IncidentId, open[1].IncidentId);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task Closed_ones_are_listed_in_pages_the_last_first_until_their_retention_ends(bool onRedis)
    {
        await using var world = await RideWorld.StartOnAsync(onRedis, "--Incidents:Retention", "1.00:00:00");
        var driver = await world.DriverAsync("d1");
        var closed = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            await RaiseAsync(driver);
            var open = Assert.Single(await ListAsync(world, IncidentState.Open));
            closed.Insert(0, (await CloseAsync(world, open.IncidentId)).IncidentId);
        }

        Assert.Equal(closed.Order(), (await ListAsync(world, IncidentState.Closed, pageSize: 2)).Select(i => i.IncidentId).Order());
        world.Time.Advance(TimeSpan.FromHours(12));
        await RaiseAsync(driver);
        var last = await CloseAsync(world, (await ListAsync(world, IncidentState.Open))[0].IncidentId);
        Assert.Equal(last.IncidentId, (await ListAsync(world, IncidentState.Closed, pageSize: 1))[0].IncidentId);
        world.Time.Advance(TimeSpan.FromHours(12) + TimeSpan.FromSeconds(1));
        await RaiseAsync(driver);
        await CloseAsync(world, (await ListAsync(world, IncidentState.Open))[0].IncidentId);
        Assert.Equal(2, (await ListAsync(world, IncidentState.Closed)).Count);

        static async Task<Incident> CloseAsync(RideWorld world, string id) =>
            (await world.Dispatch.CloseIncidentAsync(new CloseIncidentRequest { IncidentId = id }, world.Service, cancellationToken: Cancel)).Incident;
    }

    [Fact]
    public async Task What_cannot_be_is_named()
    {
        await using var world = await RideWorld.StartAsync();
        var driver = await world.DriverAsync("d1");
        var action = driver.Action();
        action.RaiseIncident = new RaiseIncident { Note = new string('x', 281) };
        Assert.Equal(["action.raise_incident.kind", "action.raise_incident.note"], Fields((await driver.ActAsync(action)).Status));

        Assert.Equal(["request_id", "kind", "note"], await FieldsAsync(() => world.Riders.RaiseIncidentAsync(
            new RaiseIncidentRequest { TripId = "x", Note = new string('x', 281) }, world.Service, cancellationToken: Cancel).ResponseAsync));
        Assert.Equal(["state", "page_size", "page_token"], await FieldsAsync(() => world.Dispatch.ListIncidentsAsync(
            new ListIncidentsRequest { PageSize = 201, PageToken = "x" }, world.Service, cancellationToken: Cancel).ResponseAsync));
        Assert.Equal(["note"], await FieldsAsync(() => world.Dispatch.CloseIncidentAsync(
            new CloseIncidentRequest { IncidentId = "default.i", Note = new string('x', 281) }, world.Service, cancellationToken: Cancel).ResponseAsync));
        foreach (var id in new[] { "", "default.nothing", "elsewhere.i", "}{" })
        {
            Assert.Equal("INCIDENT_NOT_FOUND", await ReasonAsync(() => world.Dispatch.CloseIncidentAsync(
                new CloseIncidentRequest { IncidentId = id }, world.Service, cancellationToken: Cancel).ResponseAsync));
        }
    }

    private static Task<ActionResult> RaiseAsync(TestDriver driver, string tripId = "")
    {
        var action = driver.Action();
        action.RaiseIncident = new RaiseIncident { Kind = IncidentKind.Other, TripId = tripId };
        return driver.ActAsync(action);
    }

    private static async Task<List<Incident>> ListAsync(RideWorld world, IncidentState state, uint pageSize = 0)
    {
        var incidents = new List<Incident>();
        var token = "";
        do
        {
            var page = await world.Dispatch.ListIncidentsAsync(
                new ListIncidentsRequest { State = state, PageSize = pageSize, PageToken = token }, world.Service, cancellationToken: Cancel);
            Assert.InRange(page.Incidents.Count, 0, pageSize == 0 ? 50 : (int)pageSize);
            incidents.AddRange(page.Incidents);
            token = page.NextPageToken;
        }
        while (token.Length > 0);
        return incidents;
    }

    private static IEnumerable<string> Fields(Google.Rpc.Status status) => status.GetDetail<BadRequest>()!.FieldViolations.Select(v => v.Field);

    private static async Task<IEnumerable<string>> FieldsAsync(Func<Task> call) => Fields((await Assert.ThrowsAsync<RpcException>(call)).GetRpcStatus()!);

    private static async Task<string> ReasonAsync(Func<Task> call) =>
        (await Assert.ThrowsAsync<RpcException>(call)).GetRpcStatus()!.GetDetail<ErrorInfo>()!.Reason;

    private sealed class WatchedIncidents(AsyncServerStreamingCall<WatchIncidentsResponse> call) : IDisposable
    {
        private readonly Queue<Incident> _read = new();

        /// <summary>What was open.</summary>
        public async Task<List<Incident>> BeginAsync()
        {
            var open = new List<Incident>();
            do
            {
                Assert.True(await call.ResponseStream.MoveNext(Cancel));
                open.AddRange(call.ResponseStream.Current.Incidents);
            }
            while (!call.ResponseStream.Current.SnapshotComplete);
            return open;
        }

        public async Task<Incident> NextAsync()
        {
            using var patience = new CancellationTokenSource(RideWorld.Patience);
            while (_read.Count == 0)
            {
                Assert.True(await call.ResponseStream.MoveNext(patience.Token));
                foreach (var incident in call.ResponseStream.Current.Incidents)
                {
                    _read.Enqueue(incident);
                }
            }

            return _read.Dequeue();
        }

        public void Dispose() => call.Dispose();
    }
}
