using System.Globalization;
using Google.Rpc;
using RideTracking.Engine.Dispatch;
using RideTracking.Engine.Geo;

namespace RideTracking.Server.Zones;

/// <summary>Whether a trip may go where it is to go: within the service areas, and with no pick-up where there may be none.</summary>
internal sealed class TripAdmission(ZoneBook book)
{
    /// <summary>Why a trip may not go there; null when it may.</summary>
    /// <param name="asked">Where to go.</param>
    /// <param name="known">Where the trip goes already: what was admitted once stays so.</param>
    /// <returns>FAILED_PRECONDITION with the field, the zone and, for a pick-up, the nearest place where one is allowed.</returns>
    public Status? Refusal(IReadOnlyList<RequestedWaypoint> asked, IEnumerable<Waypoint> known)
    {
        var zones = book.Set;
        if (zones.Zones.IsEmpty)
        {
            return null;
        }

        var admitted = known.ToDictionary(w => w.Id, w => w.Location);
        for (var i = 0; i < asked.Count; i++)
        {
            var waypoint = asked[i];
            if (waypoint.Id is { } id && admitted.TryGetValue(id, out var before) && before == waypoint.Location)
            {
                continue;
            }

            var admission = zones.Admits(waypoint.Location);
            if (!admission.IsServed)
            {
                return Refuse("OUTSIDE_SERVICE_AREA", $"No service area has waypoints[{i}].", i, zone: null, waypoint);
            }

            if (waypoint.Kind == WaypointKind.Pickup && !admission.AllowsPickup)
            {
                var zone = admission.NoPickupZones[0];
                return Refuse("NO_PICKUP_ZONE", $"Nobody may be picked up in {zone.Name}.", i, zone.Id, waypoint);
            }
        }

        return null;
    }

    private Status Refuse(string reason, string message, int index, string? zone, RequestedWaypoint waypoint)
    {
        List<(string, string)> metadata = [("field", $"waypoints[{index}]")];
        if (zone is not null)
        {
            metadata.Add(("zone_id", zone));
        }

        if (waypoint.Kind == WaypointKind.Pickup && book.Set.NearestAllowed(waypoint.Location) is { } nearest)
        {
            metadata.Add(("nearest_latitude", Degrees(nearest.LatitudeDegrees)));
            metadata.Add(("nearest_longitude", Degrees(nearest.LongitudeDegrees)));
            metadata.Add(("nearest_distance_meters", Earth.DistanceMeters(waypoint.Location, nearest).ToString("F0", CultureInfo.InvariantCulture)));
            message += " The nearest place where one may be is in the details.";
        }

        return Protocol.Refusal.Precondition(reason, message, [.. metadata]);
    }

    private static string Degrees(double degrees) => degrees.ToString("F7", CultureInfo.InvariantCulture);
}
