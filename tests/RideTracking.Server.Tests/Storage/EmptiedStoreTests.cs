using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Google.Rpc;
using Grpc.Core;
using Grpc.Health.V1;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RideTracking.Server.Areas;
using RideTracking.Server.Directories;
using RideTracking.Server.Drivers;
using RideTracking.Server.Progress;
using RideTracking.Server.Store;
using RideTracking.Server.Tests.Dispatch;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.Server.Tests.Streams;
using RideTracking.Server.Tests.Zones;
using RideTracking.Server.Trips;
using RideTracking.Server.Zones;
using RideTracking.V1;
using Driver = RideTracking.V1.Driver;

namespace RideTracking.Server.Tests.Storage;

/// <summary>Promise 5: the store may be emptied, or another one may stand in its place. It is noticed, told, and worked on with.</summary>
public sealed class EmptiedStoreTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_emptied_store_is_noticed_and_told_and_what_it_has_no_more_is_forgotten()
    {
        await using var redis = await RedisProcess.StartAsync();
        using var warnings = new WarningLog();
        await using var world = await RideWorld.StartAsync(redis, builder => builder.Logging.AddProvider(warnings));
        using var emptied = new EmptiedCounter(world.Host);
        using var http = new HttpClient { BaseAddress = world.Host.ManagementAddress };
        var zones = new ZoneWorld(world.Host);
        await using var phone = await DriverPhone.ConnectAsync(world.Host, "d2", configure: hello => hello.SentAtUnixMs = NowOf(world));
        var driver = await world.DriverAsync("d1");
        var trip = await world.RequestAsync("q1", "r1");
        await driver.AcceptNextAsync();
        await zones.UpsertAsync("field", ZoneKind.Geofence, Square);
        using var watch = world.Watch(trip.TripId);
        await watch.UntilStateAsync(TripState.Assigned);
        var link = await world.Riders.CreateShareLinkAsync(new CreateShareLinkRequest { RequestId = "s", TripId = trip.TripId }, world.Service, cancellationToken: Cancel);
        using var shared = world.Riders.WatchSharedTrip(new WatchSharedTripRequest { Token = link.Token }, cancellationToken: Cancel);
        Assert.True(await shared.ResponseStream.MoveNext(Cancel));
        using var events = world.Dispatch.WatchTripEvents(new WatchTripEventsRequest { AfterCursor = "" }, world.Service, cancellationToken: Cancel);
        var told = 0;
        while (told < 3)
        {
            Assert.True(await events.ResponseStream.MoveNext(Cancel));
            told += events.ResponseStream.Current.Events.Count;
        }

        var tracking = world.Host.City.GetRequiredService<TripTracking>();
        Assert.NotNull(tracking.Of("d1"));
        Assert.Equal(((HttpStatusCode?)HttpStatusCode.OK, "ready", "connected"), await ReadyAsync(http));

        await FlushAsync(redis);
        await world.Host.PassAsync<AreaGeneration>(Second);
        await LookAsync(world);

        // Told in the log, by a counter and in health, and the server stays ready.
        Assert.Equal(["company", "default"], emptied.Areas.Order(StringComparer.Ordinal));
        Assert.Single(warnings.Lines, line => line.StartsWith("The store's keys of default were emptied", StringComparison.Ordinal));
        Assert.Single(warnings.Lines, line => line.StartsWith("The store's keys of company were emptied", StringComparison.Ordinal));
        var ready = await ReadyAsync(http);
        Assert.Equal(((HttpStatusCode?)HttpStatusCode.OK, "ready"), (ready.Code, ready.Status));
        Assert.StartsWith("connected; the keys of ", ready.Store, StringComparison.Ordinal);
        Assert.Equal(
            HealthCheckResponse.Types.ServingStatus.Serving,
            (await new Health.HealthClient(world.Host.Channel()).CheckAsync(new HealthCheckRequest(), cancellationToken: Cancel)).Status);

        // Nothing is shown that the store does not have.
        Assert.Equal(StatusCode.NotFound, (await Assert.ThrowsAsync<RpcException>(() => world.GetAsync(trip.TripId))).StatusCode);
        Assert.Equal(StatusCode.NotFound, (await Assert.ThrowsAsync<RpcException>(() => watch.EndAsync())).StatusCode);
        Assert.Equal("SHARE_LINK_NOT_FOUND", ReasonOf(await EndOfAsync(shared.ResponseStream)));
        var end = await EndOfAsync(events.ResponseStream);
        Assert.Equal((StatusCode.OutOfRange, "CURSOR_UNKNOWN"), (end.StatusCode, ReasonOf(end)));
        Assert.Empty(world.Book.PlanOf("d1").Trips);
        Assert.Null(tracking.Of("d1"));
        Assert.Empty((await world.Dispatch.ListTripsAsync(new ListTripsRequest(), world.Service, cancellationToken: Cancel)).Trips);
        Assert.Empty((await world.Directory.ListDriversAsync(new ListDriversRequest(), world.Service, cancellationToken: Cancel)).Drivers);
        Assert.Empty((await zones.Client.ListZonesAsync(new ListZonesRequest(), zones.Ops, cancellationToken: Cancel)).Zones);
        Assert.Empty(world.Host.City.GetRequiredService<ZoneBook>().Set.Zones);

        // It works on: trips, their events, the streams that were open all along.
        using var anew = world.Dispatch.WatchTripEvents(new WatchTripEventsRequest(), world.Service, cancellationToken: Cancel);
        Assert.True(await anew.ResponseStream.MoveNext(Cancel));
        var another = await world.DriverAsync("d3");
        var next = await world.RequestAsync("q2", "r1");
        await another.AcceptNextAsync();
        Assert.Equal(TripState.Assigned, (await world.GetAsync(next.TripId)).State);
        Assert.True(await anew.ResponseStream.MoveNext(Cancel));
        Assert.Equal(next.TripId, anew.ResponseStream.Current.Events[0].TripId);
        await phone.SendAsync(DriverPhone.Batch(NowOf(world), 1, 1));
        await StoreOutageTests.SeenAsync(world.Host, "d2", 1);

        // Found once, and told for a while.
        await world.Host.PassAsync<AreaGeneration>(StoreGenerations.Told);
        await LookAsync(world);
        Assert.Equal(2, emptied.Areas.Count);
        Assert.Equal(((HttpStatusCode?)HttpStatusCode.OK, "ready", "connected"), await ReadyAsync(http));
    }

    [Fact]
    public async Task Of_several_nodes_each_notices_once_whoever_names_the_store_anew()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var here = await RideWorld.StartAsync(redis);
        await using var there = await RideWorld.StartAsync(redis);
        RideWorld[] both = [here, there];
        foreach (var world in both)
        {
            await world.Host.PassAsync<AreaGeneration>(Second);
            await LookAsync(world);
        }

        Assert.All(both, world => Assert.Equal(0, EmptyingsOf(world)));
        var trip = await here.RequestAsync("q1");

        await FlushAsync(redis);
        for (var look = 0; look < 2; look++)
        {
            foreach (var world in both)
            {
                await world.Host.PassAsync<AreaGeneration>(Second);
                await LookAsync(world);
            }

            // The area's keys and the company's.
            Assert.All(both, world => Assert.Equal(2, EmptyingsOf(world)));
        }

        Assert.Null(here.Book.Find(trip.TripId));
        // What is committed from then on is nobody's to forget.
        var next = await here.RequestAsync("q2");
        await here.Host.PassAsync<TripPresent>(Second);
        Assert.NotNull(here.Book.Find(next.TripId));
        Assert.Equal(TripState.Searching, (await there.GetAsync(next.TripId)).State);
    }

    [Fact]
    public async Task A_store_that_another_took_the_place_of_is_noticed_and_its_word_taken()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var world = await RideWorld.StartAsync(redis);
        await using var connection = await redis.ConnectAsync();
        var (store, keys) = (connection.GetDatabase(), world.Host.City.GetRequiredService<StoreKeys>());
        var trip = await world.RequestAsync("q1");
        await store.HashSetAsync(CompanyKeys.Directory("drivers"), "d7", Google.Protobuf.MessageExtensions.ToByteArray(new Driver { DriverId = "d7" }));
        await store.KeyDeleteAsync([keys.Trip(trip.TripId), keys.Deadlines]);
        await store.StringSetAsync(keys.Generation, $"{StoreGenerations.Format} another");

        await world.Host.PassAsync<AreaGeneration>(Second);
        await LookAsync(world);

        Assert.Equal(1, EmptyingsOf(world));
        Assert.Equal($"{StoreGenerations.Format} another", await store.StringGetAsync(keys.Generation));
        Assert.Equal(StatusCode.NotFound, (await Assert.ThrowsAsync<RpcException>(() => world.GetAsync(trip.TripId))).StatusCode);
        Assert.Equal("d7", Assert.Single((await world.Directory.ListDriversAsync(new ListDriversRequest(), world.Service, cancellationToken: Cancel)).Drivers).DriverId);
    }

    [Fact]
    public async Task A_store_keeps_its_name_over_a_restart()
    {
        var folder = Directory.CreateTempSubdirectory("named-store-").FullName;
        var names = new List<string?>();
        for (var run = 0; run < 2; run++)
        {
            await using var world = await RideWorld.StartInAsync(folder, null);
            await world.Host.PassAsync<AreaGeneration>(Second);
            var store = world.Host.Services.GetRequiredService<RedisStore>();
            names.Add(await store.Trips.StringGetAsync(world.Host.City.GetRequiredService<StoreKeys>().Generation));
            Assert.Equal(0, EmptyingsOf(world));
        }

        Directory.Delete(folder, recursive: true);
        Assert.False(string.IsNullOrEmpty(names[0]));
        Assert.Equal(names[0], names[1]);
    }

    private const string Square = """{"type":"Polygon","coordinates":[[[-8.62,41.14],[-8.60,41.14],[-8.60,41.16],[-8.62,41.16],[-8.62,41.14]]]}""";

    private static long NowOf(RideWorld world) => world.Time.GetUtcNow().ToUnixTimeMilliseconds();

    private static int EmptyingsOf(RideWorld world) => world.Host.Services.GetRequiredService<RedisStore>().Emptyings;

    // All who read the store again have looked once more since.
    private static async Task LookAsync(RideWorld world)
    {
        await world.Host.PassAsync<DirectoryLoading>(Second);
        await world.Host.PassAsync<TripPresent>(Second);
        await world.Host.PassAsync<ZoneLoading>(Second);
        await world.Host.PassAsync<CommandWake>(Second);
    }

    private static async Task FlushAsync(RedisProcess redis)
    {
        await using var admin = await redis.ConnectAsync();
        await admin.GetServer(redis.Endpoint).FlushAllDatabasesAsync();
    }

    private static async Task<RpcException> EndOfAsync<T>(IAsyncStreamReader<T> stream)
    {
        using var patience = new CancellationTokenSource(RideWorld.Patience);
        return await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await stream.MoveNext(patience.Token))
            {
                // What was on its way.
            }
        });
    }

    private static string ReasonOf(RpcException refused) => refused.GetRpcStatus()?.GetDetail<ErrorInfo>()?.Reason ?? $"{refused}";

    private static async Task<(HttpStatusCode? Code, string? Status, string? Store)> ReadyAsync(HttpClient http)
    {
        using var answer = await http.GetAsync("/readyz", Cancel);
        var body = await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        return (answer.StatusCode, body.GetProperty("status").GetString(), body.GetProperty("checks").GetProperty("store").GetString());
    }

    private sealed class EmptiedCounter : IDisposable
    {
        private readonly MeterListener _listener = new();

        public EmptiedCounter(ServerHost server)
        {
            var meters = server.Services.GetRequiredService<IMeterFactory>();
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Scope == meters && instrument.Name == "ridetracking.store.emptied")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((_, value, tags, _) =>
            {
                Assert.Equal(1, value);
                Areas.Add((string)tags[0].Value!);
            });
            _listener.Start();
        }

        public ConcurrentBag<string> Areas { get; } = [];

        public void Dispose() => _listener.Dispose();
    }
}
