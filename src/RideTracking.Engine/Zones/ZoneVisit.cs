using System.Collections.Immutable;
using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Zones;

/// <summary>A driver's stay in a zone that has not ended. Plain values, to be kept anywhere.</summary>
/// <param name="ZoneId">The zone.</param>
/// <param name="ZoneVersion">Its version that the driver was judged by last.</param>
/// <param name="ZoneKind">What it is for.</param>
/// <param name="EnteredAtUnixMs">By the server's clock, milliseconds since 1970.</param>
/// <param name="EnterId">The enter event.</param>
/// <param name="SessionId">The session of the fix that told.</param>
/// <param name="Sequence">The sequence of the fix that told.</param>
/// <param name="DwellTold">The dwell event is out.</param>
public sealed record ZoneVisit(
    string ZoneId, long ZoneVersion, ZoneKind ZoneKind, long EnteredAtUnixMs, Guid EnterId, string SessionId, ulong Sequence,
    bool DwellTold);

/// <summary>What must survive a restart so that no enter is made up: a driver's visits and last fix.</summary>
/// <param name="Visits">In any order, one for a zone.</param>
/// <param name="FixedAtUnixMs">The last fix, by the server's clock, milliseconds since 1970.</param>
/// <param name="Place">Where that was.</param>
/// <param name="SessionId">Its session.</param>
/// <param name="Sequence">Its sequence.</param>
/// <param name="LastOrdinal">The ordinal of the driver's last event; 0 for none.</param>
/// <param name="IsPresent">False once stale or signed off.</param>
public sealed record DriverZoneState(
    ImmutableArray<ZoneVisit> Visits, long FixedAtUnixMs, GeoPoint Place, string SessionId, ulong Sequence, long LastOrdinal,
    bool IsPresent);
