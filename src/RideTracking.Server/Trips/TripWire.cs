using Google.Protobuf.WellKnownTypes;
using RideTracking.Engine.Dispatch;
using RideTracking.Engine.Roads;
using RideTracking.Server.Protocol;

namespace RideTracking.Server.Trips;

/// <summary>Trips and their parts as the contract has them. The enums of engine and contract share their numbers.</summary>
internal static class TripWire
{
    public static V1.Waypoint Of(Waypoint waypoint, string tripId, DateTimeOffset? estimatedArrival = null) => new()
    {
        WaypointId = waypoint.Id,
        TripId = tripId,
        Kind = (V1.WaypointKind)waypoint.Kind,
        State = (V1.WaypointState)waypoint.State,
        Location = waypoint.Location.ToLatLng(),
        Label = waypoint.Label,
        EstimatedArrival = estimatedArrival?.ToTimestamp(),
        ArrivedAt = waypoint.ArrivedAt?.ToTimestamp(),
        DoneAt = waypoint.DoneAt?.ToTimestamp(),
    };

    public static V1.Waypoint Of(PlannedStop stop) => new()
    {
        WaypointId = stop.WaypointId,
        TripId = stop.TripId,
        Kind = (V1.WaypointKind)stop.Kind,
        State = (V1.WaypointState)stop.State,
        Location = stop.Location.ToLatLng(),
        Label = stop.Label,
        EstimatedArrival = stop.EstimatedArrival?.ToTimestamp(),
    };

    public static V1.Route Of(TripRoute route)
    {
        var wire = new V1.Route
        {
            Version = route.Version,
            EncodedPolyline = route.Route.EncodedPolyline,
            Source = (V1.RouteSource)route.Route.Source,
            ComputedAt = route.ComputedAt.ToTimestamp(),
        };
        foreach (var (waypointId, leg) in route.WaypointIds.Zip(route.Route.Legs))
        {
            wire.Legs.Add(Of(leg, waypointId));
        }

        return wire;
    }

    public static V1.RouteLeg Of(RouteLeg leg, string waypointId)
    {
        var wire = new V1.RouteLeg
        {
            WaypointId = waypointId,
            DistanceMeters = leg.DistanceMeters,
            Duration = leg.Duration.ToDuration(),
            WalkMeters = leg.WalkMeters,
        };
        wire.Steps.AddRange(leg.Steps.Select(
            s => new V1.RouteStep { StreetName = s.StreetName, DistanceMeters = s.DistanceMeters, Duration = s.Duration.ToDuration() }));
        return wire;
    }

    public static V1.Cancellation Of(Cancellation cancellation) => new()
    {
        Actor = (V1.TripActor)cancellation.Actor,
        Reason = (V1.CancellationReason)cancellation.Reason,
        Note = cancellation.Note,
    };

    public static V1.TripEvent Of(TripEvent happened) => new()
    {
        Version = happened.Version,
        Kind = (V1.TripEventKind)happened.Kind,
        OccurredAt = happened.OccurredAt.ToTimestamp(),
        RecordedAt = happened.RecordedAt.ToTimestamp(),
        Actor = (V1.TripActor)happened.Actor,
        State = (V1.TripState)happened.State,
        DriverId = happened.DriverId ?? "",
        Place = happened.Place?.ToLatLng(),
        CancellationReason = (V1.CancellationReason)happened.Cancellation,
        DeclineReason = (V1.DeclineReason)happened.Decline,
        RemovalReason = (V1.RemovalReason)happened.Removal,
        Note = happened.Note,
    };

    public static V1.RouteChanged Of(RouteChanged changed)
    {
        var wire = new V1.RouteChanged
        {
            RoutePlanVersion = changed.RoutePlanVersion,
            Route = changed.Route is null ? null : Of(changed.Route),
            Reason = (V1.RouteChangeReason)changed.Reason,
        };
        wire.Waypoints.AddRange(changed.Ahead.Select(Of));
        return wire;
    }
}
