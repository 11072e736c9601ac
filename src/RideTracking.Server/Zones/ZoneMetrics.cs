using RideTracking.Engine.Zones;
using RideTracking.Server.Telemetry;

namespace RideTracking.Server.Zones;

/// <summary>What is measured of zones. Thread-safe.</summary>
public sealed class ZoneMetrics
{
    private static readonly KeyValuePair<string, object?>[] Kinds = Metering.TagPerValue<ZoneEventKind>("kind");

    private readonly AreaMeter _meter;
    private readonly AreaCounter _events;
    private readonly AreaCounter _unjudged;
    private readonly AreaCounter _lost;

    /// <summary>Made once, by <c>AddZones</c>.</summary>
    public ZoneMetrics(AreaMeter meter)
    {
        _meter = meter;
        _events = meter.Counter("ridetracking.zones.events", "{event}", "Zone events written to the store, by kind.");
        _unjudged = meter.Counter("ridetracking.zones.unjudged", "{fix}", "Fixes that were not held against the zones since too many changes waited for the store.");
        _lost = meter.Counter("ridetracking.zones.lost", "{event}", "Zone events that could not be written for a reason of their own, and were let go.");
    }

    internal void ObserveWaiting(Func<int> waiting) => _meter.Gauge(
        "ridetracking.zones.waiting", "{change}", "Drivers' zone changes that wait for the store.", () => waiting());

    internal void Written(ZoneEventKind kind) => _events.Add(1, Kinds[(int)kind]);

    internal void Unjudged() => _unjudged.Add(1);

    internal void Lost(int events) => _lost.Add(events);
}
