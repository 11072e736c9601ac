using System.Diagnostics.Metrics;
using RideTracking.Engine.Zones;
using RideTracking.Server.Telemetry;

namespace RideTracking.Server.Zones;

/// <summary>What is measured of zones. Thread-safe.</summary>
public sealed class ZoneMetrics
{
    private static readonly KeyValuePair<string, object?>[] Kinds = Metering.TagPerValue<ZoneEventKind>("kind");

    private readonly Meter _meter;
    private readonly Counter<long> _events;
    private readonly Counter<long> _unjudged;

    /// <summary>Made once, by <c>AddZones</c>.</summary>
    public ZoneMetrics(IMeterFactory meters)
    {
        _meter = meters.Create(Metering.MeterName);
        _events = _meter.CreateCounter<long>("ridetracking.zones.events", "{event}", "Zone events written to the store, by kind.");
        _unjudged = _meter.CreateCounter<long>("ridetracking.zones.unjudged", "{fix}", "Fixes that were not held against the zones since too many changes waited for the store.");
    }

    internal void ObserveWaiting(Func<int> waiting) => _meter.CreateObservableGauge(
        "ridetracking.zones.waiting", waiting, "{change}", "Drivers' zone changes that wait for the store.");

    internal void Written(ZoneEventKind kind) => _events.Add(1, Kinds[(int)kind]);

    internal void Unjudged() => _unjudged.Add(1);
}
