using Microsoft.Extensions.Options;
using RideTracking.Engine.Dispatch;
using RideTracking.Engine.Fanout;
using RideTracking.Engine.Index;
using RideTracking.Engine.Ingest;
using RideTracking.Server.Api;
using RideTracking.Server.Drivers.Reporting;
using RideTracking.Server.Outbox;
using RideTracking.Server.Trips;

namespace RideTracking.Server.Drivers;

/// <summary>Wires the drivers' streams.</summary>
public static class StreamSetup
{
    /// <summary>Adds the way of a fix: gate, index, fan-out, log.</summary>
    public static WebApplicationBuilder AddDriverStreams(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<StreamOptions>().BindConfiguration("Streams").ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<ReportingOptions>().BindConfiguration(ReportingOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<ReportingOptions>, ReportingOptionsCheck>();
        services.AddSingleton<ReportingPolicies>();
        services.AddSingleton<ReportingMetrics>();
        services.AddSingleton<LongerSilences>();
        services.AddSingleton<BusyPlaces>();
        services.AddSingleton<DriverMoments>();
        services.AddOptions<GateLimits>().BindConfiguration("Gate").ValidateOnStart();
        services.AddSingleton<IValidateOptions<GateLimits>>(new GateLimitsCheck());
        services.AddSingleton(s => s.GetRequiredService<IOptions<GateLimits>>().Value);
        services.AddSingleton<DriverSlots>();
        services.AddSingleton<DriverIndex>();
        services.AddSingleton<PositionFanout>();
        services.AddSingleton<FixPath>();
        services.AddSingleton<StreamServices>();
        services.AddSingleton<DriverStreams>();
        services.AddSingleton<DriverConnections>();
        services.AddSingleton<UnaryReports>();
        services.AddSingleton<Draining>();
        services.AddHostedService<PresentRestore>();
        services.AddHostedService<StreamSweep>();
        services.AddHostedService<CommandChannel>();
        return builder;
    }

    /// <summary>Maps the drivers' service, and drains it when the server stops.</summary>
    public static WebApplication MapDriverStreams(this WebApplication app)
    {
        app.MapGrpcService<DriverEndpoint>();
        var streams = app.Services.GetRequiredService<DriverStreams>();
        app.Services.GetRequiredService<CommandOutbox>().CommandsAdded += streams.Wake;
        app.Services.GetRequiredService<TripBook>().PlanChanged += streams.Look;
        var busy = app.Services.GetRequiredService<BusyPlaces>();
        app.Services.GetRequiredService<TripBook>().TripChanged += trip =>
        {
            if (trip.State == TripState.Searching)
            {
                busy.Ask(trip.Waypoints[0].Location);
            }
        };
        var draining = app.Services.GetRequiredService<Draining>();
        // Stopping waits for this callback, and only then does Kestrel wait for the streams to end.
        app.Lifetime.ApplicationStopping.Register(() => draining.DrainAsync().GetAwaiter().GetResult());
        return app;
    }

    private sealed class GateLimitsCheck : IValidateOptions<GateLimits>
    {
        public ValidateOptionsResult Validate(string? name, GateLimits options) =>
            options.Problems() is { Count: > 0 } problems
                ? ValidateOptionsResult.Fail(problems.Select(p => "Gate:" + p))
                : ValidateOptionsResult.Success;
    }
}
