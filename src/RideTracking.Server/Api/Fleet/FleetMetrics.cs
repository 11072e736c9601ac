using RideTracking.Server.Telemetry;

namespace RideTracking.Server.Api.Fleet;

/// <summary>What is measured of the frames to ops. Thread-safe, allocates nothing.</summary>
public sealed class FleetMetrics
{
    private readonly AreaCounter _frames;
    private readonly AreaCounter _drivers;

    /// <summary>Made once, by <c>AddFleet</c>.</summary>
    public FleetMetrics(AreaMeter meter)
    {
        _frames = meter.Counter("ridetracking.fleet.frames", "{frame}", "Frames written to watchers of the fleet.");
        _drivers = meter.Counter("ridetracking.fleet.drivers", "{driver}", "Drivers in those frames.");
    }

    /// <summary>Counts a frame as it is handed to its stream.</summary>
    public void Sent(int drivers)
    {
        _frames.Add(1);
        _drivers.Add(drivers);
    }
}
