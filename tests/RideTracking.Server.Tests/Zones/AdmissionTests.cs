using System.Globalization;
using Google.Rpc;
using Grpc.Core;
using RideTracking.Engine.Geo;
using RideTracking.Server.Tests.Dispatch;
using RideTracking.V1;

namespace RideTracking.Server.Tests.Zones;

public sealed class AdmissionTests
{
    // Around the pick-up; stops and drop-off lie north of it.
    private const string AroundPickup = """{"type":"Polygon","coordinates":[[[-8.611,41.1495],[-8.609,41.1495],[-8.609,41.1505],[-8.611,41.1505],[-8.611,41.1495]]]}""";
    private const string City = """{"type":"Polygon","coordinates":[[[-8.7,41.1],[-8.5,41.1],[-8.5,41.3],[-8.7,41.3],[-8.7,41.1]],[[-8.611,41.1495],[-8.611,41.1505],[-8.609,41.1505],[-8.609,41.1495],[-8.611,41.1495]]]}""";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_pickup_in_a_no_pickup_zone_is_refused_with_a_place_nearby_that_works()
    {
        await using var world = await RideWorld.StartAsync();
        await world.EnterRiderAsync("r1", "Ana", "+351 900");
        var zones = new ZoneWorld(world.Host);
        await zones.UpsertAsync("square", ZoneKind.NoPickup, AroundPickup);

        var request = RideWorld.Ride();
        var info = await RefusedAsync(world, request, "NO_PICKUP_ZONE");
        Assert.Equal(("waypoints[0]", "square"), (info.Metadata["field"], info.Metadata["zone_id"]));
        var nearest = new GeoPoint(Number(info, "nearest_latitude"), Number(info, "nearest_longitude"));
        // The border is 55.6 m to the north and south, the place a few metres beyond.
        Assert.InRange(Earth.DistanceMeters(RideWorld.Porto, nearest), 55, 70);
        Assert.InRange(Number(info, "nearest_distance_meters"), 55, 70);

        request.Waypoints[0].Location = new Google.Type.LatLng { Latitude = nearest.LatitudeDegrees, Longitude = nearest.LongitudeDegrees };
        var trip = (await world.Riders.RequestTripAsync(request, world.Service, cancellationToken: Cancel)).Trip;
        Assert.Equal(TripState.Searching, trip.State);

        await zones.Client.DeleteZoneAsync(new DeleteZoneRequest { ZoneId = "square" }, zones.Ops, cancellationToken: Cancel);
        Assert.Equal(TripState.Searching, (await world.Riders.RequestTripAsync(RideWorld.Ride("q2"), world.Service, cancellationToken: Cancel)).Trip.State);
    }

    [Fact]
    public async Task A_trip_stays_within_the_service_areas_and_out_of_their_holes()
    {
        await using var world = await RideWorld.StartAsync();
        await world.EnterRiderAsync("r1", "Ana", "+351 900");
        var zones = new ZoneWorld(world.Host);
        await zones.UpsertAsync("city", ZoneKind.ServiceArea, City);
        Assert.Equal("waypoints[0]", (await RefusedAsync(world, RideWorld.Ride(), "OUTSIDE_SERVICE_AREA")).Metadata["field"]);

        await zones.UpsertAsync("centre", ZoneKind.ServiceArea, AroundPickup);
        var trip = (await world.Riders.RequestTripAsync(RideWorld.Ride(), world.Service, cancellationToken: Cancel)).Trip;
        var abroad = RideWorld.Ride("q2");
        abroad.Waypoints[^1].Location = new Google.Type.LatLng { Latitude = 40, Longitude = -8.6 };
        var info = await RefusedAsync(world, abroad, "OUTSIDE_SERVICE_AREA");
        Assert.Equal("waypoints[1]", info.Metadata["field"]);
        Assert.False(info.Metadata.ContainsKey("nearest_latitude"));

        // What was admitted stays so, and a repeat is a repeat, whatever became of the zones.
        await zones.Client.DeleteZoneAsync(new DeleteZoneRequest { ZoneId = "centre" }, zones.Ops, cancellationToken: Cancel);
        Assert.Equal(trip.TripId, (await world.Riders.RequestTripAsync(RideWorld.Ride(), world.Service, cancellationToken: Cancel)).Trip.TripId);
        var update = new UpdateWaypointsRequest { TripId = trip.TripId, ExpectedVersion = trip.Version, Waypoints = { trip.Waypoints.Select(w => w.Clone()) } };
        update.Waypoints[^1].Location.Latitude -= 0.001;
        Assert.True((await world.Riders.UpdateWaypointsAsync(update, world.Service, cancellationToken: Cancel)).Trip.Version > trip.Version);
        update.ExpectedVersion++;
        update.Waypoints[^1].Location.Latitude = 40;
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await world.Riders.UpdateWaypointsAsync(update, world.Service, cancellationToken: Cancel));
        Assert.Equal("OUTSIDE_SERVICE_AREA", refused.GetRpcStatus()!.GetDetail<ErrorInfo>()!.Reason);
    }

    private static async Task<ErrorInfo> RefusedAsync(RideWorld world, RequestTripRequest request, string reason)
    {
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await world.Riders.RequestTripAsync(request, world.Service, cancellationToken: Cancel));
        var info = refused.GetRpcStatus()!.GetDetail<ErrorInfo>()!;
        Assert.Equal((StatusCode.FailedPrecondition, reason), (refused.StatusCode, info.Reason));
        return info;
    }

    private static double Number(ErrorInfo info, string key) => double.Parse(info.Metadata[key], CultureInfo.InvariantCulture);
}
