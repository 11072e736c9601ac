using System.ComponentModel.DataAnnotations;

namespace RideTracking.Server.Sharing;

/// <summary>How trips are shared by links.</summary>
public sealed class SharingOptions
{
    /// <summary>Links that a trip may have at once: 1 to 100. A revoked one does not count.</summary>
    [Range(1, 100, ErrorMessage = "Sharing:MaxLinksPerTrip must be 1 to 100.")]
    public int MaxLinksPerTrip { get; set; } = 5;

    /// <summary>How many may watch by one link at once: 1 to 1000; further ones get RESOURCE_EXHAUSTED.</summary>
    [Range(1, 1_000, ErrorMessage = "Sharing:MaxWatchesPerLink must be 1 to 1000.")]
    public int MaxWatchesPerLink { get; set; } = 20;

    /// <summary>Streams of <c>WatchSharedTrip</c> that may be open, 1 to 100000; further ones get RESOURCE_EXHAUSTED.</summary>
    [Range(1, 100_000, ErrorMessage = "Sharing:MaxWatches must be 1 to 100000.")]
    public int MaxWatches { get; set; } = 10_000;

    /// <summary>Tokens that may be looked up in the store at once, 1 to 1000; further callers get RESOURCE_EXHAUSTED. Who guesses costs no more than that.</summary>
    [Range(1, 1_000, ErrorMessage = "Sharing:MaxLookups must be 1 to 1000.")]
    public int MaxLookups { get; set; } = 64;
}
