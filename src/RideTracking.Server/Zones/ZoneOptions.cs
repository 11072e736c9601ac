using System.ComponentModel.DataAnnotations;
using RideTracking.Engine.Zones;

namespace RideTracking.Server.Zones;

/// <summary>How zones are kept and watched.</summary>
public sealed class ZoneOptions
{
    /// <summary>Section of the configuration.</summary>
    public const string Section = "Zones";

    /// <summary>Zones there may be: 1 to 100000.</summary>
    [Range(1, 100_000, ErrorMessage = "Zones:MaxZones must be 1 to 100000.")]
    public int MaxZones { get; set; } = 10_000;

    /// <summary>Points that all zones together may have: 1000 to 100000000; up to 400 bytes of memory each.</summary>
    [Range(1000, 100_000_000, ErrorMessage = "Zones:MaxPointsTogether must be 1000 to 100000000.")]
    public int MaxPointsTogether { get; set; } = 2_000_000;

    /// <summary>Zone events that are kept for watchers who come back: 1000 to 10000000; some 200 bytes each.</summary>
    [Range(1000, 10_000_000, ErrorMessage = "Zones:EventsKept must be 1000 to 10000000.")]
    public int EventsKept { get; set; } = 100_000;

    /// <summary>
    /// Drivers' changes that may wait for the store: 100 to 1000000. Beyond it nobody is judged: what happens meanwhile
    /// is told late, by the first fix after the store is back.
    /// </summary>
    [Range(100, 1_000_000, ErrorMessage = "Zones:MaxWaitingChanges must be 100 to 1000000.")]
    public int MaxWaitingChanges { get; set; } = 10_000;

    /// <summary>Streams of <c>WatchZoneEvents</c> that may be open, 1 to 10000; further ones get RESOURCE_EXHAUSTED.</summary>
    [Range(1, 10_000, ErrorMessage = "Zones:MaxWatchers must be 1 to 10000.")]
    public int MaxWatchers { get; set; } = 100;

    /// <summary>How big a zone may be.</summary>
    public ZoneLimits Limits { get; } = new();

    /// <summary>How sure a driver must be in or out.</summary>
    public ZoneTrackerLimits Tracker { get; } = new();

    /// <summary>How patient queues are.</summary>
    public ZoneQueueLimits Queue { get; } = new();
}
