using Microsoft.Extensions.Options;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;

namespace RideTracking.Server.Log;

/// <summary>Wires the log of fixes.</summary>
public static class LogSetup
{
    /// <summary>Adds the log. First among the loops: it stops last, when all have appended.</summary>
    public static AreaBuilder AddLog(this AreaBuilder area)
    {
        var services = area.Services;
        services.AddSettings<LogOptions>("Log");
        services.AddSingleton<IValidateOptions<LogOptions>, LogOptionsTimes>();
        services.AddSingleton<LogWriter>();
        services.AddSingleton<Carriers>();
        services.AddSingleton<LastFixes>();
        services.AddSingleton<LogMetrics>();
        services.AddSingleton<LogAppend>();
        services.AddSingleton<WriteAhead>();
        services.AddSingleton<LogReader>();
        services.AddSingleton<ConnectionClaims>();
        services.AddSingleton<FixLog>();
        services.AddHostedService(s => s.GetRequiredService<FixLog>());
        services.AddHostedService<FenceWatch>();
        return area.AddDoor<LogReader>();
    }
}
