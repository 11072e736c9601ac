using Microsoft.Extensions.Options;
using RideTracking.Engine.Dispatch.Matching;
using RideTracking.Server.Hosting;

namespace RideTracking.Server.Matching;

/// <summary>How requests are matched.</summary>
public enum MatchingMode
{
    /// <summary>All open requests at once, at least cost together.</summary>
    Batch,

    /// <summary>One after the other, in the order in which they came.</summary>
    Greedy,
}

/// <summary>Who is asked to drive whom.</summary>
public sealed class MatchingOptions
{
    /// <summary>Batch or Greedy.</summary>
    public MatchingMode Mode { get; set; } = MatchingMode.Batch;

    /// <summary>How often all open requests are looked at, beside at once when something happens: 50 ms to 10 s.</summary>
    public TimeSpan TickInterval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// While drivers are scarce requests are collected for so long before they are matched together: from
    /// <see cref="TickInterval"/> to 1 min.
    /// </summary>
    public TimeSpan ScarceTickInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Drivers are scarce when less than this share of those at work is free: 0 (never) to 1 (always).</summary>
    public double ScarceBelow { get; set; } = 0.2;

    /// <summary>Free drivers nearest to a pick-up who are weighed for it: 1 to 1,000.</summary>
    public int MaxCandidates { get; set; } = 100;

    /// <summary>A driver who drops off within this time can be asked for the next trip: 0 to 1 h.</summary>
    public TimeSpan BackToBackMaxRemaining { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Seconds of driving that a second of waiting is worth: 0 to 100; 0 lets a far request starve.</summary>
    public double WaitingWeight { get; set; } = 0.2;

    /// <summary>Seconds of driving that each recent refusal of a driver counts, five at most: 0 to 3,600.</summary>
    public double RefusalSeconds { get; set; } = 20;

    /// <summary>Seconds of driving that a driver counts more who finishes another trip first: -3,600 to 3,600; below 0 prefers them.</summary>
    public double BackToBackSeconds { get; set; } = 30;

    /// <summary>What a second counts that those on board drive longer for a pooled rider: 0 to 100.</summary>
    public double DetourWeight { get; set; } = 1;

    /// <summary>Seconds of driving that going past a queue counts: 0 to 7,200.</summary>
    public double PastQueueSeconds { get; set; } = 1_800;

    /// <summary>How long the company's own matcher may think about a round before the built-in one decides: 10 ms to 5 s.</summary>
    public TimeSpan HookTimeout { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>What the matchers are told.</summary>
    internal MatchCosts ToCosts() => new()
    {
        WaitingWeight = WaitingWeight,
        RefusalSeconds = RefusalSeconds,
        BackToBackSeconds = BackToBackSeconds,
        DetourWeight = DetourWeight,
        PastQueueSeconds = PastQueueSeconds,
    };
}

/// <summary>Says at start what is wrong with <see cref="MatchingOptions"/> and how to mend it.</summary>
internal sealed class MatchingOptionsValidator : IValidateOptions<MatchingOptions>
{
    public ValidateOptionsResult Validate(string? name, MatchingOptions options)
    {
        var check = new OptionsCheck("Matching");
        check.Require(Enum.IsDefined(options.Mode), $"Mode is {options.Mode}. Set it to Batch or Greedy.");
        check.Within("TickInterval", options.TickInterval, TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(10));
        check.Within("ScarceTickInterval", options.ScarceTickInterval, options.TickInterval, TimeSpan.FromMinutes(1));
        check.Within("ScarceBelow", options.ScarceBelow, 0, 1);
        check.Within("MaxCandidates", options.MaxCandidates, 1, 1_000);
        check.Within("BackToBackMaxRemaining", options.BackToBackMaxRemaining, TimeSpan.Zero, TimeSpan.FromHours(1));
        check.Within("WaitingWeight", options.WaitingWeight, 0, 100);
        check.Within("RefusalSeconds", options.RefusalSeconds, 0, 3_600);
        check.Within("BackToBackSeconds", options.BackToBackSeconds, -3_600, 3_600);
        check.Within("DetourWeight", options.DetourWeight, 0, 100);
        check.Within("PastQueueSeconds", options.PastQueueSeconds, 0, 7_200);
        check.Within("HookTimeout", options.HookTimeout, TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds(5));
        return check.Result;
    }
}
