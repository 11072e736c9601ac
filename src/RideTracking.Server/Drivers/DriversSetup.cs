using Microsoft.Extensions.Options;
using RideTracking.Engine.Ingest;
using RideTracking.Server.Access;
using RideTracking.Server.Areas;
using RideTracking.Server.Drivers.Reporting;
using RideTracking.Server.Hosting;
using RideTracking.Server.Log;

namespace RideTracking.Server.Drivers;

/// <summary>Wires the drivers' streams.</summary>
public static class DriversSetup
{
    /// <summary>Adds the way of a fix, actions, reporting, lost drivers, and the drain at the end. After all that hears of drivers.</summary>
    public static AreaBuilder AddDrivers(this AreaBuilder area)
    {
        area.Share<TokenValidator>().Share<TimeProvider>(AccessSetup.TokenClock);
        var services = area.Services;
        services.AddSettings<StreamOptions>("Streams");
        services.AddSettings<ReportingOptions>(ReportingOptions.Section);
        services.AddSingleton<IValidateOptions<ReportingOptions>, ReportingOptionsCheck>();
        services.AddSingleton<ReportingPolicies>();
        services.AddSingleton<ReportingMetrics>();
        services.AddSingleton<LongerSilences>();
        services.AddSingleton<DriverMoments>();
        services.AddSingleton<FollowedElsewhere>();
        services.AddHostedService(s => s.GetRequiredService<FollowedElsewhere>());
        area.Hear<FollowedElsewhere>("followed", (followed, change) => followed.Hear(change));
        services.AddSingleton<DriverPaces>();
        services.AddSettings<GateLimits>("Gate");
        services.AddSingleton<IValidateOptions<GateLimits>>(new GateLimitsCheck());
        services.AddSingleton(s => s.GetRequiredService<IOptions<GateLimits>>().Value);
        services.AddSingleton<FixMetrics>();
        services.AddSingleton<FixPath>();
        services.AddSingleton<DriverDesk>();
        services.AddSingleton<StreamServices>();
        services.AddSingleton<DriverSessions>();
        services.AddSingleton<DriverConnections>();
        services.AddSingleton<StreamAdmission>();
        services.AddSingleton<Draining>();
        services.AddSingleton<DriverRemoval>();
        services.AddHostedService<LinksLoading>();
        services.AddSingleton<RejectsTelling>();
        services.AddHostedService(s => s.GetRequiredService<RejectsTelling>());
        area.Hear<RejectsTelling>("rejected", (rejects, change) => rejects.Hear(change));
        services.AddSingleton<ElsewhereFixes>();
        services.AddSingleton<PresentRestore>();
        // What is restored has all that comes before the log's head.
        area.AddLogFeed((s, entry) => s.GetRequiredService<ElsewhereFixes>().Apply(entry), s => s.GetRequiredService<PresentRestore>().Again());
        services.AddHostedService(s => s.GetRequiredService<PresentRestore>());
        services.AddHostedService<StreamSweep>();
        services.AddHostedService<CommandWake>();
        services.AddHostedService<LostDrivers>();
        services.AddHostedService(s => s.GetRequiredService<Draining>());
        return area.AddDoor<DriverRemoval>();
    }

    private sealed class GateLimitsCheck : IValidateOptions<GateLimits>
    {
        public ValidateOptionsResult Validate(string? name, GateLimits options)
        {
            var check = new OptionsCheck("Gate");
            check.Add(options.Problems());
            return check.Result;
        }
    }
}
