using Microsoft.Extensions.Options;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;

namespace RideTracking.Server.Matching;

/// <summary>Wires the matching.</summary>
public static class MatchingSetup
{
    /// <summary>Adds rounds, the company's own matcher and explanations.</summary>
    public static AreaBuilder AddMatching(this AreaBuilder area)
    {
        var services = area.Services;
        services.AddSettings<MatchingOptions>("Matching");
        services.AddSingleton<IValidateOptions<MatchingOptions>, MatchingOptionsValidator>();
        services.AddSingleton<MatchingMetrics>();
        services.AddSingleton<MatchCandidates>();
        services.AddSingleton<MatchHook>();
        services.AddSingleton<RecentRounds>();
        services.AddSingleton<MatchExplanations>();
        services.AddHostedService<MatchingRounds>();
        services.AddSingleton<RoundsElsewhere>();
        services.AddHostedService(s => s.GetRequiredService<RoundsElsewhere>());
        area.Hear<RoundsElsewhere>("match_asked", (rounds, change) => rounds.HearQuestion(change));
        area.Hear<RoundsElsewhere>("match_told", (rounds, change) => rounds.HearAnswer(change));
        return area.AddDoor<MatchHook>().AddDoor<RoundsElsewhere>();
    }
}
