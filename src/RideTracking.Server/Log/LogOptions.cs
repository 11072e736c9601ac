using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using RideTracking.Server.Hosting;

namespace RideTracking.Server.Log;

/// <summary>How fixes are kept.</summary>
public sealed class LogOptions
{
    /// <summary>How long fixes stay in the log: one minute to a year.</summary>
    public TimeSpan Retention { get; set; } = TimeSpan.FromHours(24);

    /// <summary>How long one segment is written to before the next begins: 1 s to 1 h. Retention is exact to this.</summary>
    public TimeSpan SegmentLength { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Shortest time fixes are collected before they are written, at full load: 1 ms to 10 s.</summary>
    public TimeSpan MinFlushWindow { get; set; } = TimeSpan.FromMilliseconds(25);

    /// <summary>Longest time fixes are collected before they are written, where they are few: small batches are what costs.</summary>
    public TimeSpan MaxFlushWindow { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// The same while other nodes are there, whose followers see a fix when it is written: 1 ms to 10 s; counts where it is between the two.
    /// </summary>
    public TimeSpan SharedFlushWindow { get; set; } = TimeSpan.FromMilliseconds(40);

    /// <summary>Fixes in one batch at the most: 1 to 1500 (a script's arguments are limited).</summary>
    [Range(1, 1500, ErrorMessage = "Log:MaxBatchFixes must be 1 to 1500.")]
    public int MaxBatchFixes { get; set; } = 1000;

    /// <summary>
    /// Fixes of this node that may wait for the store, 1000 to 100 million (about 120 bytes each). Beyond it the
    /// oldest are dropped from here, and the app is asked to send them again once the store is back.
    /// </summary>
    [Range(1000, 100_000_000, ErrorMessage = "Log:MaxWaitingFixes must be 1000 to 100000000.")]
    public int MaxWaitingFixes { get; set; } = 500_000;
}

/// <summary>Checks the time spans of <see cref="LogOptions"/>.</summary>
internal sealed class LogOptionsTimes : IValidateOptions<LogOptions>
{
    private static readonly TimeSpan LongestFlushWindow = TimeSpan.FromSeconds(10);

    public ValidateOptionsResult Validate(string? name, LogOptions options)
    {
        var check = new OptionsCheck("Log");
        check.Within("Retention", options.Retention, TimeSpan.FromMinutes(1), TimeSpan.FromDays(366));
        check.Within("SegmentLength", options.SegmentLength, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
        check.Within("MinFlushWindow", options.MinFlushWindow, TimeSpan.FromMilliseconds(1), LongestFlushWindow);
        check.Within("MaxFlushWindow", options.MaxFlushWindow, options.MinFlushWindow, LongestFlushWindow);
        check.Within("SharedFlushWindow", options.SharedFlushWindow, TimeSpan.FromMilliseconds(1), LongestFlushWindow);
        return check.Result;
    }
}
