using RideTracking.Engine.Geo;
using RideTracking.Engine.Index;
using RideTracking.Engine.Ingest;
using RideTracking.Engine.Zones;

namespace RideTracking.Engine.Tests.Zones;

/// <summary>A tracker with one driver, and every event that came of it.</summary>
internal sealed class TrackedDriver
{
    private readonly DriverSlots _slots = new();
    private ulong _sequence;

    public TrackedDriver(ZoneSet zones, ZoneTrackerLimits? limits = null)
    {
        Slot = _slots.GetOrAdd("driver");
        Tracker = new ZoneTracker(_slots, zones, limits ?? new ZoneTrackerLimits());
    }

    public ZoneTracker Tracker { get; }

    public int Slot { get; }

    public List<ZoneEvent> Events { get; } = [];

    /// <summary>An accepted fix so many metres east of Porto, at a second.</summary>
    public void At(double seconds, double eastMeters, float accuracy = 5) =>
        At(seconds, ZoneWorld.Offset(Places.Porto, eastMeters, 0), accuracy, FixOutcome.Accepted);

    public void LateAt(double seconds, double eastMeters, float accuracy = 5) =>
        At(seconds, ZoneWorld.Offset(Places.Porto, eastMeters, 0), accuracy, FixOutcome.HistoryOnly);

    public void At(double seconds, GeoPoint place, float accuracy, FixOutcome outcome) => Tracker.Observe(
        Slot, "session", new Fix
        {
            Sequence = ++_sequence,
            FixedAtUnixMs = Ms(seconds),
            LatitudeE7 = (int)Math.Round(place.LatitudeDegrees * 1e7),
            LongitudeE7 = (int)Math.Round(place.LongitudeDegrees * 1e7),
            HorizontalAccuracyMeters = accuracy,
        }, outcome, Events);

    public static long Ms(double seconds) => 1_000_000 + (long)(seconds * 1_000);

    /// <summary>What happened since the last call, as "Enter z 12 Moved", with "late" and "corrects" where so.</summary>
    public string[] Told()
    {
        string[] told =
        [
            .. Events.Skip(_read).Select(each => string.Join(' ', new[]
            {
                $"{each.Kind}", each.ZoneId, $"{(each.HappenedAtUnixMs - 1_000_000) / 1_000.0}",
                each.Kind == ZoneEventKind.Dwell ? "" : $"{each.Cause}", each.Late ? "late" : "",
                each.Corrects is { } corrects
                    ? $"corrects {(Events.Single(other => other.Id == corrects).HappenedAtUnixMs - 1_000_000) / 1_000.0}" : "",
            }.Where(part => part.Length > 0))),
        ];
        _read = Events.Count;
        return told;
    }

    private int _read;
}
