using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using RideTracking.Engine.Zones;
using RideTracking.Server.Protocol;

namespace RideTracking.Server.Zones;

/// <summary>Zones and their events between the engine's terms and the contract's.</summary>
internal static class ZoneWire
{
    /// <exception cref="ZoneGeometryException">The geometry is none; the message says where.</exception>
    public static Zone Zone(V1.Zone wire, ZoneLimits limits) => new(
        wire.ZoneId, wire.DisplayName, (ZoneKind)wire.Kind, (long)Math.Max(wire.Version, 1), ZoneGeometry.Parse(wire.GeoJson, limits),
        wire.DwellAfter?.ToTimeSpan());

    public static V1.ZoneEvent Event(in ZoneEvent happened, string driverId) => new()
    {
        EventId = happened.Id.ToString("N", CultureInfo.InvariantCulture),
        DriverId = driverId,
        DriverEventNumber = (ulong)happened.Ordinal,
        ZoneId = happened.ZoneId,
        ZoneVersion = (ulong)happened.ZoneVersion,
        ZoneKind = (V1.ZoneKind)happened.ZoneKind,
        Kind = (V1.ZoneEventKind)happened.Kind,
        Cause = (V1.ZoneEventCause)happened.Cause,
        HappenedAt = Timestamp.FromDateTimeOffset(DateTimeOffset.FromUnixTimeMilliseconds(happened.HappenedAtUnixMs)),
        Location = happened.Place.ToLatLng(),
        Late = happened.Late,
        CorrectsEventId = happened.Corrects?.ToString("N", CultureInfo.InvariantCulture) ?? "",
    };
}
