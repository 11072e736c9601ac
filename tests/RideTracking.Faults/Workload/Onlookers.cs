using Grpc.Core;
using RideTracking.Faults.Told;
using RideTracking.V1;

namespace RideTracking.Faults.Workload;

/// <summary>
/// Those who look: ops at their maps, riders at the cars around, friends at a trip, the company at zones and incidents. Each comes, looks for a while and goes, on any
/// node; zones come and go, incidents are raised and closed.
/// </summary>
internal sealed class Onlookers(ChannelBase channel, Metadata service, Metadata ops, Record record, int seed)
{
    private const int Maps = 10;
    private const int Nearby = 20;
    private const int Shared = 10;
    private const int Zones = 3;

    private static readonly TimeSpan Looks = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Rests = TimeSpan.FromSeconds(1);

    private readonly DispatchService.DispatchServiceClient _dispatch = new(channel);
    private readonly FleetService.FleetServiceClient _fleet = new(channel);
    private readonly RiderService.RiderServiceClient _riders = new(channel);
    private readonly Random _random = new(seed);
    private int _looks;
    private int _numbers;

    /// <summary>How often one of them has come.</summary>
    public int Times => Volatile.Read(ref _looks);

    /// <summary>Until told to stop.</summary>
    public Task RunAsync(CancellationToken ct) => Task.WhenAll(
    [
        .. Many(Maps, () => WatchAsync(o => _fleet.WatchFleet(new WatchFleetRequest { Viewport = new Viewport { South = 41, North = 41.3, West = -8.8, East = -8.4 } }, o), ops, ct), ct),
        .. Many(Nearby, () => WatchAsync(o => _riders.WatchNearbyDrivers(new WatchNearbyDriversRequest { Center = Somewhere(), RadiusMeters = 1_000 }, o), service, ct), ct),
        .. Many(Shared, () => ShareAsync(ct), ct),
        .. Many(Zones, () => ZoneAsync(ct), ct),
        .. Many(1, () => WatchAsync(o => _fleet.WatchZoneEvents(new WatchZoneEventsRequest { AfterCursor = "" }, o), ops, ct), ct),
        .. Many(1, () => WatchAsync(o => _dispatch.WatchIncidents(new WatchIncidentsRequest(), o), ops, ct), ct),
        .. Many(1, () => WatchAsync(o => _dispatch.WatchTripEvents(new WatchTripEventsRequest { AfterCursor = "" }, o), service, ct), ct),
        .. Many(1, () => IncidentAsync(ct), ct),
        .. Many(1, () => AskAsync(ct), ct),
    ]);

    private IEnumerable<Task> Many(int count, Func<Task> once, CancellationToken ct) => Enumerable.Range(0, count).Select(async _ =>
    {
        while (!ct.IsCancellationRequested)
        {
            try
            {
                await once();
                Interlocked.Increment(ref _looks);
            }
            catch (RpcException e)
            {
                record.Refused("onlooker", e);
            }

            await Task.Delay(Rests, TimeProvider.System, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    });

    private static async Task WatchAsync<T>(Func<CallOptions, AsyncServerStreamingCall<T>> watch, Metadata token, CancellationToken ct)
    {
        using var time = CancellationTokenSource.CreateLinkedTokenSource(ct);
        time.CancelAfter(Looks);
        using var call = watch(new CallOptions(token, cancellationToken: time.Token));
        try
        {
            while (await call.ResponseStream.MoveNext(time.Token))
            {
            }
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.Cancelled && time.IsCancellationRequested)
        {
            // It has looked long enough.
        }
    }

    private async Task ShareAsync(CancellationToken ct)
    {
        if (await AnyTripAsync(ct) is { } trip)
        {
            var link = await _riders.CreateShareLinkAsync(new CreateShareLinkRequest { RequestId = Next("share"), TripId = trip }, service, cancellationToken: ct);
            await WatchAsync(o => _riders.WatchSharedTrip(new WatchSharedTripRequest { Token = link.Token }, o), [], ct);
            await _riders.RevokeShareLinkAsync(new RevokeShareLinkRequest { LinkId = link.LinkId }, service, cancellationToken: ct);
        }
    }

    private async Task ZoneAsync(CancellationToken ct)
    {
        var (south, west) = (41.149 + (Dice() / 1_000), -8.611 + (Dice() / 1_000));
        var zone = new Zone
        {
            ZoneId = Next("zone"),
            DisplayName = "here and there",
            Kind = ZoneKind.Geofence,
            GeoJson = FormattableString.Invariant($$"""{"type":"Polygon","coordinates":[[[{{west}},{{south}}],[{{west + 0.001}},{{south}}],[{{west + 0.001}},{{south + 0.001}}],[{{west}},{{south}}]]]}"""),
        };
        await _fleet.UpsertZoneAsync(new UpsertZoneRequest { Zone = zone }, ops, cancellationToken: ct);
        await Task.Delay(Looks, TimeProvider.System, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _fleet.DeleteZoneAsync(new DeleteZoneRequest { ZoneId = zone.ZoneId }, ops, cancellationToken: CancellationToken.None);
    }

    private async Task IncidentAsync(CancellationToken ct)
    {
        if (await AnyTripAsync(ct) is { } trip)
        {
            var raised = await _riders.RaiseIncidentAsync(new RaiseIncidentRequest { RequestId = Next("incident"), TripId = trip, Kind = IncidentKind.Other }, service, cancellationToken: ct);
            await _dispatch.CloseIncidentAsync(new CloseIncidentRequest { IncidentId = raised.IncidentId, Note = "seen" }, ops, cancellationToken: ct);
        }
    }

    private async Task AskAsync(CancellationToken ct)
    {
        await _dispatch.SearchDriversAsync(new SearchDriversRequest { Center = Somewhere(), RadiusMeters = 1_000, MaxResults = 10 }, service, cancellationToken: ct);
        await _riders.EstimateTripAsync(
            new EstimateTripRequest
            {
                Waypoints = { new Waypoint { Kind = WaypointKind.Pickup, Location = Somewhere() }, new Waypoint { Kind = WaypointKind.Dropoff, Location = Somewhere() } },
            },
            service, cancellationToken: ct);
    }

    private async Task<string?> AnyTripAsync(CancellationToken ct)
    {
        var request = new ListTripsRequest { PageSize = 20, States = { TripState.Assigned, TripState.EnRouteToPickup, TripState.ArrivedAtPickup, TripState.InProgress } };
        var page = await _dispatch.ListTripsAsync(request, service, cancellationToken: ct);
        return page.Trips.Count == 0 ? null : page.Trips[(int)(Dice() * page.Trips.Count)].TripId;
    }

    private string Next(string what) => $"{what}.{Interlocked.Increment(ref _numbers)}";

    private Google.Type.LatLng Somewhere()
    {
        lock (_random)
        {
            return Place.Any(_random).OnWire;
        }
    }

    private double Dice()
    {
        lock (_random)
        {
            return _random.NextDouble();
        }
    }
}
