using System.ComponentModel.DataAnnotations;

namespace RideTracking.Server.Nearby;

/// <summary>What riders are shown of free cars before they ask for a ride, and how much of it.</summary>
public sealed class NearbyOptions
{
    /// <summary>A car is told to be anywhere in a square of this side, in metres: 100 to 2,000. What anybody can ever learn of a parked one.</summary>
    [Range(100, 2_000, ErrorMessage = "Nearby:CellMeters must be 100 to 2000.")]
    public double CellMeters { get; set; } = 250;

    /// <summary>How long a car keeps its shown place and its made-up id: 10 s to 10 min.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "00:10:00", ErrorMessage = "Nearby:Window must be 00:00:10 to 00:10:00.")]
    public TimeSpan Window { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Time between two messages to a watcher: 1 s to 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:01:00", ErrorMessage = "Nearby:FrameInterval must be 00:00:01 to 00:01:00.")]
    public TimeSpan FrameInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Cars in one message: 1 to 100.</summary>
    [Range(1, 100, ErrorMessage = "Nearby:MaxCars must be 1 to 100.")]
    public int MaxCars { get; set; } = 20;

    /// <summary>Widest circle that may be watched, in metres: 100 to 20,000.</summary>
    [Range(100, 20_000, ErrorMessage = "Nearby:MaxRadiusMeters must be 100 to 20000.")]
    public double MaxRadiusMeters { get; set; } = 3_000;

    /// <summary>Streams of <c>WatchNearbyDrivers</c> that may be open, 1 to 100000; further ones get RESOURCE_EXHAUSTED.</summary>
    [Range(1, 100_000, ErrorMessage = "Nearby:MaxWatches must be 1 to 100000.")]
    public int MaxWatches { get; set; } = 10_000;

    /// <summary>Of them, how many one rider may hold: 1 to 100. The company's backend stands for many and has no limit of its own.</summary>
    [Range(1, 100, ErrorMessage = "Nearby:MaxWatchesPerCaller must be 1 to 100.")]
    public int MaxWatchesPerCaller { get; set; } = 3;

    /// <summary>How many a rider may open in a minute: 1 to 1000. A map that is moved opens another; a city that is scanned opens thousands.</summary>
    [Range(1, 1_000, ErrorMessage = "Nearby:MaxOpensPerMinute must be 1 to 1000.")]
    public int MaxOpensPerMinute { get; set; } = 30;
}
