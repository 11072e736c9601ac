using System.Diagnostics.Metrics;
using RideTracking.Server.Telemetry;

namespace RideTracking.Server.Api.Fleet;

/// <summary>What is measured of the frames to ops. Thread-safe, allocates nothing.</summary>
public sealed class FleetMetrics
{
    private readonly Counter<long> _frames;
    private readonly Counter<long> _drivers;

    /// <summary>Made once, by <c>AddFleet</c>.</summary>
    public FleetMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(Metering.MeterName);
        _frames = meter.CreateCounter<long>("ridetracking.fleet.frames", "{frame}", "Frames written to watchers of the fleet.");
        _drivers = meter.CreateCounter<long>("ridetracking.fleet.drivers", "{driver}", "Drivers in those frames.");
    }

    /// <summary>Counts a frame as it is handed to its stream.</summary>
    public void Sent(int drivers)
    {
        _frames.Add(1);
        _drivers.Add(drivers);
    }
}
