using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net.Http.Json;
using System.Text.Json;
using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RideTracking.Server.Access;
using RideTracking.Server.Roads;
using RideTracking.Server.Tests.Access;
using RideTracking.Server.Tests.Dispatch;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.V1;
using Trip = RideTracking.V1.Trip;

namespace RideTracking.Server.Tests.Storage;

/// <summary>Promise 5: the store may refuse. Nothing ends, everything waits, and it catches up.</summary>
public sealed class RefusingStoreTests
{
    // Those that run for as long as the server does; the others look when there is something to do.
    private static readonly string[] Steady =
    [
        "deadlines", "trip_present", "trip_retention", "matching_rounds", "lost_drivers", "driven_paths", "zone_loading", "zone_queues", "share_watches",
        "road_closures", "road_hours", "learned_times", "directory_loading", "fleet_traits", "stream_sweep", "store_probe", "store_generation", "fix_log", "log_fences",
        "dispatch_feed_head", "company_feed_head", "log_feed_head", "node_lease", "links_loading", "rejects_telling", "store_time", "blur_secret", "followed_elsewhere",
    ];

    private static readonly string[] Occasional =
    [
        "routes_left", "routes_changed", "routes_drifted", "zone_events", "present_restore", "road_loading", "command_wake", "store_compaction", "development_token",
        "dispatch_feed", "company_feed", "log_feed", "lost_links", "rounds_elsewhere", "log_checkpoints", "log_room",
    ];

    // What reads, or asks nothing of the store. A new RPC is in neither list, and fails the test of the lists.
    private static readonly string[] Reading =
    [
        "DirectoryService/GetDriver", "DirectoryService/ListDrivers", "DirectoryService/GetVehicle", "DirectoryService/ListVehicles", "DirectoryService/GetRider",
        "DirectoryService/ListRiders", "DispatchService/SearchDrivers", "DispatchService/ListRoadClosures", "DispatchService/GetTrip", "DispatchService/ListTrips",
        "DispatchService/ExplainMatch", "DispatchService/ServeMatching", "DispatchService/WatchTripEvents", "DispatchService/WatchIncidents", "DispatchService/ListIncidents",
        "FleetService/WatchFleet", "FleetService/GetFleetDriver", "FleetService/GetZone", "FleetService/ListZones", "FleetService/WatchZoneEvents",
        "RiderService/EstimateTrip", "RiderService/GetTrip", "RiderService/WatchTrip", "RiderService/WatchNearbyDrivers", "RiderService/WatchSharedTrip",
        // Its acknowledgements and answers wait: the stream's own part of the test.
        "DriverService/Connect",
    ];

    public static TheoryData<StoreRefusal, string, string> Refusals => new()
    {
        { StoreRefusal.OutOfMemory, "refusing (OOM)", "OOM" },
        { StoreRefusal.ReadOnly, "refusing (READONLY)", "READONLY" },
        { StoreRefusal.NoReplicas, "refusing (NOREPLICAS)", "NOREPLICAS" },
        { StoreRefusal.CannotSave, "refusing (MISCONF)", "MISCONF" },
        { StoreRefusal.Password, "away", "" },
        { StoreRefusal.Loading, "refusing (LOADING)", "LOADING" },
        { StoreRefusal.ClusterDown, "refusing (CLUSTERDOWN)", "CLUSTERDOWN" },
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void Every_RPC_is_known_to_read_or_to_write() => Assert.Equal(
        Contract.Methods.Select(m => $"{m.Service.Name}/{m.Name}").Order(StringComparer.Ordinal),
        Reading.Concat(Writing(new Trip(), "", new Prepared("", "")).Select(w => w.Method)).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task What_writes_is_UNAVAILABLE_streams_and_loops_wait_and_everything_catches_up(StoreRefusal refusal, string state, string reason)
    {
        await using var redis = await RedisProcess.StartAsync(durable: true, inCluster: refusal == StoreRefusal.ClusterDown);
        // The phone says nothing while all the calls are made.
        await using var server = await ServerHost.StartAsync(
            redis, args: ["--roads", "demo", "--Roads:DemoSizeMeters", "1000", "--Streams:SilenceTimeout", "1.00:00:00"]);
        using var looks = new Looks(server);
        await server.City.GetRequiredService<RoadLoading>().Done;
        var service = server.TokenOf(Role.Service, "backend");
        var channel = server.Channel();
        var riders = new RiderService.RiderServiceClient(channel);
        var trip = (await riders.RequestTripAsync(Ride("before", "r1"), service, cancellationToken: Cancel)).Trip;
        var prepared = await PrepareAsync(server, channel, service, trip);
        var link = (await riders.CreateShareLinkAsync(new CreateShareLinkRequest { RequestId = "link", TripId = trip.TripId }, service, cancellationToken: Cancel)).LinkId;
        await using var phone = await DriverPhone.ConnectAsync(server, "d1");
        await phone.SendAsync(DriverPhone.Batch(Now, 1, 2));
        await phone.ReadAckAsync(2);
        using var http = new HttpClient { BaseAddress = server.ManagementAddress };
        await UntilAsync(async () => await StateAsync(http) == "connected");

        await redis.RefuseAsync(refusal);
        await phone.SendAsync(DriverPhone.Batch(Now + 2000, 3, 2));
        await phone.SendAsync(new ConnectRequest
        {
            Action = new DriverAction { ActionId = "waits", SetAvailability = new SetAvailability { Availability = V1.DriverAvailability.Available } },
        });
        await phone.SendAsync(new ConnectRequest { CommandAck = new CommandAck { ThroughSequence = 1 } });
        await UntilAsync(async () => (await StateAsync(http)).StartsWith(state, StringComparison.Ordinal));
        // A store that is full takes what frees memory.
        var refused = Writing(trip, link, prepared).Where(w => refusal != StoreRefusal.OutOfMemory || !w.Method.Contains("/Delete", StringComparison.Ordinal));
        Assert.Equal([], await CallAllAsync(channel, service, refused));
        // They raced each other for what the commits in doubt are kept in.
        var many = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => CallAsync(channel, service, ("RiderService/RequestTrip", Ride($"many-{i}", $"m{i}")))));
        Assert.All(many, answer => Assert.Equal((StatusCode.Unavailable, true), answer));
        Assert.Equal(4UL, server.SequenceOf("d1"));
        Assert.Equal(2UL, phone.Acks[^1].ThroughSequence);
        await using var another = await ServerHost.StartAsync(redis);
        if (reason.Length > 0)
        {
            // A store that loads answers some in time and some not.
            await UntilAsync(() => Task.FromResult(looks.StateOf("refusing", reason) == 1));
        }

        Assert.Equal(0, looks.StateOf("connected", ""));

        await redis.RelentAsync(refusal);
        await UntilAsync(async () => await StateAsync(http) == "connected");
        var answer = await phone.ReadUntilAsync(m => m.ActionResult is not null);
        Assert.Equal(("waits", 0), (answer.ActionResult.ActionId, answer.ActionResult.Status.Code));
        Assert.Empty(await phone.ReadAckAsync(4));
        Assert.Equal(1, looks.StateOf("connected", ""));
        await looks.DoneAgainAsync(Steady);
        Assert.Equal([], looks.Names.Except(Steady).Except(Occasional));

        // The same calls again, which were safe to repeat; and the other node, which started meanwhile.
        foreach (var call in Writing(trip, link, prepared))
        {
            Assert.NotEqual(StatusCode.Unavailable, (await CallAsync(channel, service, call)).Status);
        }

        var there = new RiderService.RiderServiceClient(another.Channel());
        await UntilAsync(async () => await AnswersAsync(there, another.TokenOf(Role.Service, "backend")));
        Assert.False(server.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.IsCancellationRequested);
        Assert.Equal(0, looks.Faults);
    }

    private static long Now { get; } = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

    private static async Task<bool> AnswersAsync(RiderService.RiderServiceClient riders, Metadata service)
    {
        try
        {
            return (await riders.RequestTripAsync(Ride("afterwards", "r9"), service, cancellationToken: Cancel)).Trip.TripId.Length > 0;
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.Unavailable)
        {
            return false;
        }
    }

    // What calls can only be about when it is there already: drivers without a job, with a trip, blocked; an incident.
    private static async Task<Prepared> PrepareAsync(ServerHost server, ChannelBase channel, Metadata service, Trip trip)
    {
        var dispatch = new DispatchService.DispatchServiceClient(channel);
        var directory = new DirectoryService.DirectoryServiceClient(channel);
        Assert.Equal([], await CallAllAsync(
            channel, service,
            Writing(trip, "", new Prepared("", "")).Where(w => w.Method.Contains("/Upsert", StringComparison.Ordinal)).Append(
                ("DirectoryService/UpsertDriver", new UpsertDriverRequest { Driver = new Driver { DriverId = "d1", DisplayName = "D" } })),
            (StatusCode.OK, false)));
        await dispatch.BlockDriverAsync(new BlockDriverRequest { DriverId = "d2", Reason = "papers" }, service, cancellationToken: Cancel);
        foreach (var driverId in (string[])["free", "busy"])
        {
            await directory.UpsertDriverAsync(new UpsertDriverRequest { Driver = new Driver { DriverId = driverId, DisplayName = "D" } }, service, cancellationToken: Cancel);
            await using var phone = await DriverPhone.ConnectAsync(server, driverId);
            // Not offline, and not asked either.
            var pause = new SetAvailability { Availability = V1.DriverAvailability.Paused };
            await phone.SendAsync(new ConnectRequest { Action = new DriverAction { ActionId = "a", SetAvailability = pause } });
            Assert.Equal(0, (await phone.ReadUntilAsync(m => m.ActionResult is not null)).ActionResult.Status.Code);
        }

        var other = (await dispatch.RequestTripAsync(Dispatched("other", "r8"), service, cancellationToken: Cancel)).Trip.TripId;
        await dispatch.AssignTripAsync(new AssignTripRequest { TripId = other, DriverId = "busy" }, service, cancellationToken: Cancel);
        var raised = await new RiderService.RiderServiceClient(channel).RaiseIncidentAsync(
            new RaiseIncidentRequest { RequestId = "incident", TripId = trip.TripId, Kind = IncidentKind.Accident }, service, cancellationToken: Cancel);
        return new Prepared(other, raised.IncidentId);
    }

    private sealed record Prepared(string AssignedTripId, string IncidentId);

    // Directory entries and zones are removed last: they are needed before.
    private static List<(string Method, IMessage Request)> Writing(Trip trip, string link, Prepared prepared) =>
    [
        ("DirectoryService/UpsertDriver", new UpsertDriverRequest { Driver = new Driver { DriverId = "d2", DisplayName = "D" } }),
        ("DirectoryService/UpsertVehicle", new UpsertVehicleRequest { Vehicle = new Vehicle { VehicleId = "v2", Description = "V", LicensePlate = "P", Seats = 4 } }),
        ("DirectoryService/UpsertRider", new UpsertRiderRequest { Rider = new Rider { RiderId = "r2", DisplayName = "R" } }),
        ("DirectoryService/ImportDirectory", new ImportDirectoryRequest { Driver = new Driver { DriverId = "d5", DisplayName = "D" } }),
        ("DispatchService/RequestTrip", Dispatched("w1", "r3")),
        ("RiderService/RequestTrip", Ride("w2", "r4")),
        ("DispatchService/AssignTrip", new AssignTripRequest { TripId = trip.TripId, DriverId = "free" }),
        ("DispatchService/ReassignTrip", new ReassignTripRequest { TripId = prepared.AssignedTripId }),
        ("DispatchService/UpdateWaypoints", new DispatchServiceUpdateWaypointsRequest { TripId = trip.TripId, ExpectedVersion = trip.Version, Waypoints = { trip.Waypoints } }),
        ("RiderService/UpdateWaypoints", new UpdateWaypointsRequest { TripId = trip.TripId, ExpectedVersion = trip.Version, Waypoints = { trip.Waypoints } }),
        ("DispatchService/BlockDriver", new BlockDriverRequest { DriverId = "busy", Reason = "papers" }),
        ("DispatchService/UnblockDriver", new UnblockDriverRequest { DriverId = "d2" }),
        ("DispatchService/SetRoadClosures", new SetRoadClosuresRequest()),
        ("DispatchService/SendDriverMessage", new SendDriverMessageRequest { RequestId = "w3", DriverId = "d1", Text = "hello" }),
        ("DispatchService/CloseIncident", new CloseIncidentRequest { IncidentId = prepared.IncidentId, Note = "done" }),
        ("DriverService/ReportLocations", new ReportLocationsRequest { DriverId = "d4", SessionId = "s", Locations = DriverPhone.Batch(Now, 1) }),
        ("FleetService/UpsertZone", new UpsertZoneRequest { Zone = new Zone { ZoneId = "z1", DisplayName = "Z", Kind = ZoneKind.Geofence, GeoJson = Square } }),
        ("RiderService/CreateShareLink", new CreateShareLinkRequest { RequestId = "w4", TripId = trip.TripId }),
        ("RiderService/RevokeShareLink", new RevokeShareLinkRequest { LinkId = link }),
        ("RiderService/RaiseIncident", new RaiseIncidentRequest { RequestId = "w5", TripId = trip.TripId, Kind = IncidentKind.Accident }),
        ("RiderService/CancelTrip", new CancelTripRequest { TripId = trip.TripId, Reason = CancellationReason.ChangedMind }),
        ("DispatchService/CancelTrip", new DispatchServiceCancelTripRequest { TripId = trip.TripId, Reason = CancellationReason.ChangedMind }),
        ("DirectoryService/DeleteDriver", new DeleteDriverRequest { DriverId = "d2" }),
        ("DirectoryService/DeleteVehicle", new DeleteVehicleRequest { VehicleId = "v2" }),
        ("DirectoryService/DeleteRider", new DeleteRiderRequest { RiderId = "r2" }),
        ("FleetService/DeleteZone", new DeleteZoneRequest { ZoneId = "z1" }),
    ];

    private const string Square = """{"type":"Polygon","coordinates":[[[-8.62,41.14],[-8.6,41.14],[-8.6,41.16],[-8.62,41.16],[-8.62,41.14]]]}""";

    private static RequestTripRequest Ride(string requestId, string riderId) => RideWorld.Ride(requestId, riderId);

    private static DispatchServiceRequestTripRequest Dispatched(string requestId, string riderId) =>
        new() { RequestId = requestId, RiderId = riderId, PartySize = 1, Waypoints = { Ride(requestId, riderId).Waypoints } };

    private static Task<List<string>> CallAllAsync(ChannelBase channel, Metadata headers, IEnumerable<(string Method, IMessage Request)> calls) =>
        CallAllAsync(channel, headers, calls, (StatusCode.Unavailable, true));

    private static async Task<List<string>> CallAllAsync(
        ChannelBase channel, Metadata headers, IEnumerable<(string Method, IMessage Request)> calls, (StatusCode Status, bool TellsWhenToRetry) expected)
    {
        var wrong = new List<string>();
        foreach (var call in calls)
        {
            if (await CallAsync(channel, headers, call) is var answer && answer != expected)
            {
                wrong.Add($"{call.Method}: {answer}");
            }
        }

        return wrong;
    }

    private static async Task<(StatusCode Status, bool TellsWhenToRetry)> CallAsync(ChannelBase channel, Metadata headers, (string Method, IMessage Request) call)
    {
        var bytes = Marshallers.Create(message => message, message => message);
        var method = new Method<byte[], byte[]>(MethodType.Unary, "ridetracking.v1." + call.Method.Split('/')[0], call.Method.Split('/')[1], bytes, bytes);
        try
        {
            if (call.Request is ImportDirectoryRequest entry)
            {
                await ImportAsync(new DirectoryService.DirectoryServiceClient(channel), headers, entry);
                return (StatusCode.OK, false);
            }

            using var unary = channel.CreateCallInvoker().AsyncUnaryCall(method, null, new CallOptions(headers, cancellationToken: Cancel), call.Request.ToByteArray());
            await unary.ResponseAsync;
            return (StatusCode.OK, false);
        }
        catch (RpcException e)
        {
            return (e.StatusCode, e.GetRpcStatus()?.GetDetail<RetryInfo>() is not null);
        }
    }

    private static async Task ImportAsync(DirectoryService.DirectoryServiceClient directory, Metadata headers, ImportDirectoryRequest entry)
    {
        using var import = directory.ImportDirectory(headers, cancellationToken: Cancel);
        await import.RequestStream.WriteAsync(new ImportDirectoryRequest { Terms = new ImportTerms() }, Cancel);
        await import.RequestStream.WriteAsync(entry, Cancel);
        await import.RequestStream.CompleteAsync();
        while (await import.ResponseStream.MoveNext(Cancel))
        {
        }
    }

    private static async Task<string> StateAsync(HttpClient http) =>
        (await http.GetFromJsonAsync<JsonElement>("/readyz", Cancel)).GetProperty("checks").GetProperty("store").GetString()!;

    private static async Task UntilAsync(Func<Task<bool>> isSo)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        patience.CancelAfter(RideWorld.Patience);
        while (!await isSo())
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    /// <summary>What one server's loops count.</summary>
    private sealed class Looks : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly ConcurrentDictionary<string, long> _done = new();
        private readonly ConcurrentDictionary<(string State, string Reason), int> _states = new();
        private long _faults;

        public Looks(ServerHost server)
        {
            var meters = server.Services.GetRequiredService<IMeterFactory>();
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Scope == meters && instrument.Name is "ridetracking.loops.looks" or "ridetracking.loops.faults" or "ridetracking.store.state")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
            {
                if (instrument.Name == "ridetracking.loops.faults")
                {
                    Interlocked.Add(ref _faults, value);
                }
                else
                {
                    var done = Tag(tags, "outcome") == "done" ? value : 0;
                    _done.AddOrUpdate(Tag(tags, "loop"), done, (_, sum) => sum + done);
                }
            });
            _listener.SetMeasurementEventCallback<int>((_, value, tags, _) => _states[(Tag(tags, "state"), Tag(tags, "reason"))] = value);
            _listener.Start();
        }

        public IEnumerable<string> Names => _done.Keys;

        public long Faults => Interlocked.Read(ref _faults);

        public int StateOf(string state, string reason)
        {
            _listener.RecordObservableInstruments();
            return _states.GetValueOrDefault((state, reason), -1);
        }

        public async Task DoneAgainAsync(IEnumerable<string> loops)
        {
            foreach (var loop in loops)
            {
                var before = _done.GetValueOrDefault(loop);
                if (loop == "fix_log")
                {
                    continue; // It looks when there is a fix; the acknowledgement proves it.
                }

                await UntilAsync(() => Task.FromResult(_done.GetValueOrDefault(loop) > before));
            }
        }

        public void Dispose() => _listener.Dispose();

        private static string Tag(ReadOnlySpan<KeyValuePair<string, object?>> tags, string name)
        {
            foreach (var tag in tags)
            {
                if (tag.Key == name)
                {
                    return (string)tag.Value!;
                }
            }

            return "";
        }
    }
}
