using System.Text.Json;

namespace RideTracking.Simulation.Checking;

/// <summary>One event of a stored trip, and its JSON as it stands there.</summary>
internal sealed record StoredEvent(
    ulong Version, string Kind, DateTimeOffset OccurredAt, DateTimeOffset RecordedAt, string Actor, string State, string? DriverId, string Json);

/// <summary>An offer that waits for an answer.</summary>
internal sealed record StoredOffer(string Id, string DriverId, DateTimeOffset ExpiresAt);

/// <summary>A waypoint of a stored trip.</summary>
internal sealed record StoredWaypoint(string Id, int State);

/// <summary>
/// A trip as the store has it, read without the code that wrote it: names and numbers as the contract and the keys' layout
/// say.
/// </summary>
internal sealed record TripRecord(
    string Id, ulong RecordVersion, ulong Version, string State, string Note, string? DriverId, bool CanShare, string? PickupCode, DateTimeOffset RequestedAt,
    StoredOffer[] Offers, StoredWaypoint[] Waypoints, StoredEvent[] Events)
{
    private static readonly string[] States =
        ["?", "Searching", "Assigned", "EnRouteToPickup", "ArrivedAtPickup", "InProgress", "Completed", "Cancelled", "Unfulfilled", "Scheduled"];

    private static readonly string[] Kinds =
    [
        "?", "Requested", "Offered", "OfferDeclined", "OfferTimedOut", "Assigned", "EnRoute", "Arrived", "WaypointDone", "WaypointsUpdated", "Completed",
        "Cancelled", "Unfulfilled", "?", "OfferUndelivered", "OfferWithdrawn", "SearchStarted", "DriverRemoved", "DriverLost", "DriverFound",
    ];

    private static readonly string[] Actors = ["?", "Rider", "Driver", "Ops", "System", "Service"];

    public bool IsFinal => State is "Completed" or "Cancelled" or "Unfulfilled";

    public static TripRecord Read(string record)
    {
        var (version, json) = Split(record);
        using var document = JsonDocument.Parse(json);
        var trip = document.RootElement;
        return new TripRecord(
            Text(trip, "id")!,
            version,
            Number(trip, "version"),
            Name(States, trip, "state"),
            Text(trip, "note") ?? "",
            Text(trip, "driverId"),
            trip.GetProperty("terms").TryGetProperty("canShare", out var share) && share.GetBoolean(),
            Text(trip.GetProperty("terms"), "pickupCode"),
            Time(trip, "requestedAt"),
            [.. List(trip, "offers").Select(o => new StoredOffer(Text(o, "id")!, Text(o, "driverId")!, Time(o, "expiresAt")))],
            [.. trip.GetProperty("waypoints").EnumerateArray().Select(w => new StoredWaypoint(Text(w, "id")!, (int)Number(w, "state")))],
            [
                .. trip.GetProperty("events").EnumerateArray().Select(e => new StoredEvent(
                    Number(e, "version"), Name(Kinds, e, "kind"), Time(e, "occurredAt"), Time(e, "recordedAt"), Name(Actors, e, "actor"), Name(States, e, "state"),
                    Text(e, "driverId"), e.GetRawText())),
            ]);
    }

    /// <summary>The version that a record begins with, and its JSON, past its token.</summary>
    public static (ulong Version, string Json) Split(string record)
    {
        var space = record.IndexOf(' ', StringComparison.Ordinal);
        return (ulong.Parse(record.AsSpan(0, space), System.Globalization.CultureInfo.InvariantCulture), record[record.IndexOf('{', StringComparison.Ordinal)..]);
    }

    public static string? Text(JsonElement of, string name) =>
        of.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    public static ulong Number(JsonElement of, string name) => of.TryGetProperty(name, out var value) ? value.GetUInt64() : 0;

    public static IEnumerable<JsonElement> List(JsonElement of, string name) =>
        of.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : [];

    private static DateTimeOffset Time(JsonElement of, string name) =>
        of.TryGetProperty(name, out var value) ? value.GetDateTimeOffset() : DateTimeOffset.MinValue;

    private static string Name(string[] names, JsonElement of, string name) => Number(of, name) is var number && number < (ulong)names.Length ? names[number] : $"{number}";
}

/// <summary>A driver's plan as the store has it, read the same way.</summary>
internal sealed record PlanRecord(string DriverId, ulong RecordVersion, ulong Version, string? OfferedTripId, string[] TripIds, string[] StopTripIds, ulong RoutePlanVersion, ulong RecentRefusals, string? BlockedReason)
{
    public static PlanRecord Read(string record)
    {
        var (version, json) = TripRecord.Split(record);
        using var document = JsonDocument.Parse(json);
        var plan = document.RootElement;
        return new PlanRecord(
            TripRecord.Text(plan, "driverId")!,
            version,
            TripRecord.Number(plan, "version"),
            TripRecord.Text(plan, "offeredTripId"),
            [.. TripRecord.List(plan, "trips").Select(t => TripRecord.Text(t, "tripId")!)],
            [.. TripRecord.List(plan, "stops").Select(s => TripRecord.Text(s, "tripId")!)],
            TripRecord.Number(plan, "routePlanVersion"),
            TripRecord.Number(plan, "recentRefusals"),
            TripRecord.Text(plan, "blockedReason"));
    }
}
