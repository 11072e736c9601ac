using Google.Protobuf.Collections;

namespace RideTracking.Server.Sharing;

/// <summary>What whoever has a link sees, picked from what the rider sees; what is not picked here is not told.</summary>
internal static class SharedView
{
    /// <summary>What changed.</summary>
    public static V1.WatchSharedTripResponse Of(V1.WatchTripResponse seen) => new()
    {
        Trip = seen.Trip is null ? null : Of(seen.Trip),
        Position = seen.Position,
        Progress = seen.Progress is null ? null : Of(seen.Progress),
    };

    private static V1.SharedTrip Of(V1.Trip trip)
    {
        var shared = new V1.SharedTrip
        {
            State = trip.State,
            DriverFirstName = FirstName(trip.Driver?.DisplayName ?? ""),
            VehicleDescription = trip.Driver?.VehicleDescription ?? "",
            LicensePlate = trip.Driver?.LicensePlate ?? "",
            Route = trip.Route is null ? null : Of(trip.Route),
        };
        shared.Waypoints.AddRange(trip.Waypoints.Select(w => new V1.Waypoint
        {
            WaypointId = IdOf(w.WaypointId),
            Kind = w.Kind,
            State = w.State,
            Location = w.Location,
            EstimatedArrival = w.EstimatedArrival,
            ArrivedAt = w.ArrivedAt,
            DoneAt = w.DoneAt,
        }));
        return shared;
    }

    private static V1.Route Of(V1.Route route)
    {
        var shared = new V1.Route { Version = route.Version, EncodedPolyline = route.EncodedPolyline, Source = route.Source, ComputedAt = route.ComputedAt };
        shared.Legs.AddRange(route.Legs.Select(l => new V1.RouteLeg
        {
            WaypointId = IdOf(l.WaypointId),
            DistanceMeters = l.DistanceMeters,
            Duration = l.Duration,
            WalkMeters = l.WalkMeters,
        }));
        return shared;
    }

    private static V1.RouteProgress Of(V1.RouteProgress progress)
    {
        var shared = progress.Clone();
        Rename(shared.Ahead);
        return shared;
    }

    private static void Rename(RepeatedField<V1.WaypointAhead> ahead)
    {
        foreach (var waypoint in ahead)
        {
            waypoint.WaypointId = IdOf(waypoint.WaypointId);
        }
    }

    // Without the trip's.
    private static string IdOf(string waypointId) => waypointId[(waypointId.LastIndexOf('.') + 1)..];

    private static string FirstName(string displayName) => displayName.Split(' ', 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) is [var first, ..] ? first : "";
}
