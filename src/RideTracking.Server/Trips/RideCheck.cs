using System.Collections.Immutable;
using Google.Protobuf.Collections;
using RideTracking.Engine.Dispatch;
using RideTracking.Engine.Geo;
using RideTracking.Server.Protocol;

namespace RideTracking.Server.Trips;

/// <summary>What can be wrong with a rider's request by itself.</summary>
internal static class RideCheck
{
    private const int MaxWaypoints = 10;
    private const int MaxLabelLength = 128;
    private const int MaxNoteLength = 280;
    private const int MaxWaypointIdLength = 128;
    // Closer together than this two waypoints are one place.
    private const double MinLegMeters = 1;

    public static ImmutableArray<RequestedWaypoint> Request(V1.RequestTripRequest request, DateTimeOffset now)
    {
        var check = new RequestCheck();
        check.Id("request_id", request.RequestId);
        check.Id("rider_id", request.RiderId);
        check.Number("party_size", request.PartySize, 1, 8);
        check.Text("note", request.Note, 0, MaxNoteLength);
        WholeRide(check, request.Waypoints);
        TripTermsWire.Check(check, request.Terms, request.Waypoints.Count, now);
        check.Pass();
        return Requested(request.Waypoints);
    }

    public static ImmutableArray<RequestedWaypoint> Estimate(V1.EstimateTripRequest request)
    {
        var check = new RequestCheck();
        WholeRide(check, request.Waypoints);
        check.Pass();
        return Requested(request.Waypoints);
    }

    public static ImmutableArray<RequestedWaypoint> Update(ulong expectedVersion, RepeatedField<V1.Waypoint> waypoints)
    {
        var check = new RequestCheck();
        check.Require(expectedVersion > 0, "expected_version", "must be the version of the trip that the change is based on");
        Waypoints(check, waypoints, 1);
        for (var i = 0; i < waypoints.Count && i < MaxWaypoints; i++)
        {
            check.Choice($"waypoints[{i}].kind", waypoints[i].Kind);
            check.Require(
                waypoints[i].WaypointId.Length <= MaxWaypointIdLength, $"waypoints[{i}].waypoint_id", $"must have at most {MaxWaypointIdLength} characters");
        }

        check.Pass();
        return Requested(waypoints);
    }

    public static void Cancel(V1.CancellationReason reason, string note)
    {
        var check = new RequestCheck();
        CancellationReason(check, "reason", reason);
        check.Text("note", note, 0, MaxNoteLength);
        check.Pass();
    }

    public static void Assign(string driverId, string note)
    {
        var check = new RequestCheck();
        check.OptionalId("driver_id", driverId);
        check.Text("note", note, 0, MaxNoteLength);
        check.Pass();
    }

    /// <summary>A reason that people may give.</summary>
    public static void CancellationReason(RequestCheck check, string field, V1.CancellationReason reason)
    {
        check.Choice(field, reason);
        check.Require(reason != V1.CancellationReason.TooLong, field, "TOO_LONG is the system's own");
    }

    private static void WholeRide(RequestCheck check, RepeatedField<V1.Waypoint> waypoints)
    {
        Waypoints(check, waypoints, 2);
        for (var i = 0; i < waypoints.Count && i < MaxWaypoints; i++)
        {
            var kind = i == 0 ? V1.WaypointKind.Pickup : i == waypoints.Count - 1 ? V1.WaypointKind.Dropoff : V1.WaypointKind.Stop;
            check.Require(waypoints[i].Kind == kind, $"waypoints[{i}].kind", "must be one PICKUP first, STOPs between, one DROPOFF last");
            check.Require(waypoints[i].WaypointId.Length == 0, $"waypoints[{i}].waypoint_id", "must be empty: the server makes it");
        }
    }

    private static void Waypoints(RequestCheck check, RepeatedField<V1.Waypoint> waypoints, int least)
    {
        check.Require(
            waypoints.Count >= least && waypoints.Count <= MaxWaypoints, "waypoints", $"must be {least} to {MaxWaypoints}, not {waypoints.Count}");
        GeoPoint? before = null;
        for (var i = 0; i < waypoints.Count && i < MaxWaypoints; i++)
        {
            check.Location($"waypoints[{i}].location", waypoints[i].Location);
            check.Text($"waypoints[{i}].label", waypoints[i].Label, 0, MaxLabelLength);
            GeoPoint? here = waypoints[i].Location is { } location && location.ToPoint() is { IsValid: true } point ? point : null;
            check.Require(
                here is null || before is null || Earth.DistanceMeters(before.Value, here.Value) >= MinLegMeters,
                $"waypoints[{i}].location", $"must be at least {MinLegMeters} m from the waypoint before: this way leads nowhere");
            before = here;
        }
    }

    private static ImmutableArray<RequestedWaypoint> Requested(RepeatedField<V1.Waypoint> waypoints) =>
    [
        .. waypoints.Select(w => new RequestedWaypoint(
            w.WaypointId.Length == 0 ? null : w.WaypointId,
            (WaypointKind)w.Kind,
            w.Location.ToPoint(),
            w.Label)),
    ];
}
