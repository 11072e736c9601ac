using System.ComponentModel.DataAnnotations;

namespace RideTracking.Server.Api.Fleet;

/// <summary>How the fleet is shown to ops.</summary>
public sealed class FleetOptions
{
    /// <summary>Section of the configuration.</summary>
    public const string Section = "Fleet";

    /// <summary>Time between frames of a watcher that asks for none: <see cref="ShortestFrameInterval"/> to 60 s.</summary>
    public TimeSpan DefaultFrameInterval { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Shortest time between frames that a watcher may ask for: 10 ms to 10 s.</summary>
    public TimeSpan ShortestFrameInterval { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How often a frame holds the counts, and so the longest silence of a stream: 100 ms to 60 s.</summary>
    public TimeSpan CountsInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Drivers in one frame, 1 to 10000; more come in several, so that none outgrows a client's largest message (often
    /// 4 MiB; a driver takes up to 110 bytes).
    /// </summary>
    [Range(1, 10_000, ErrorMessage = "Fleet:MaxDriversPerFrame must be 1 to 10000.")]
    public int MaxDriversPerFrame { get; set; } = 2000;

    /// <summary>Streams of <c>WatchFleet</c> that may be open, 1 to 100000; further ones get RESOURCE_EXHAUSTED.</summary>
    [Range(1, 100_000, ErrorMessage = "Fleet:MaxWatchers must be 1 to 100000.")]
    public int MaxWatchers { get; set; } = 1000;
}
