using System.ComponentModel.DataAnnotations;

namespace RideTracking.Server.Incidents;

/// <summary>How incidents are kept and watched.</summary>
public sealed class IncidentOptions
{
    /// <summary>Section of the configuration.</summary>
    public const string Section = "Incidents";

    /// <summary>How long a closed incident can be looked at: 1 d to 10 years. An open one stays.</summary>
    [Range(typeof(TimeSpan), "1.00:00:00", "3650.00:00:00", ErrorMessage = "Incidents:Retention must be 1 to 3650 days.")]
    public TimeSpan Retention { get; set; } = TimeSpan.FromDays(90);

    /// <summary>Incidents of one driver or rider that may be open: 1 to 1000; further ones get RESOURCE_EXHAUSTED.</summary>
    [Range(1, 1000, ErrorMessage = "Incidents:MaxOpen must be 1 to 1000.")]
    public int MaxOpen { get; set; } = 10;

    /// <summary>Streams of <c>WatchIncidents</c> that may be open, 1 to 10000; further ones get RESOURCE_EXHAUSTED.</summary>
    [Range(1, 10_000, ErrorMessage = "Incidents:MaxWatchers must be 1 to 10000.")]
    public int MaxWatchers { get; set; } = 1000;
}
