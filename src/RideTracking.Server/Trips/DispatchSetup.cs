using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using RideTracking.Engine.Fanout;
using RideTracking.Engine.Index;
using RideTracking.Server.Api;
using RideTracking.Server.Areas;
using RideTracking.Server.Directories;
using RideTracking.Server.Drivers;
using RideTracking.Server.Incidents;
using RideTracking.Server.Matching;
using RideTracking.Server.Outbox;
using RideTracking.Server.Progress;
using RideTracking.Server.Store;
using RideTracking.Server.Store.Events;

namespace RideTracking.Server.Trips;

/// <summary>Wires the dispatch.</summary>
public static class DispatchSetup
{
    /// <summary>Adds trips, matching, deadlines and commands. After the store and the directory.</summary>
    public static WebApplicationBuilder AddDispatch(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<TripOptions>().BindConfiguration("Trips").ValidateOnStart();
        services.AddSingleton<IValidateOptions<TripOptions>, TripOptionsValidator>();
        services.AddOptions<MatchingOptions>().BindConfiguration("Matching").ValidateOnStart();
        services.AddSingleton<IValidateOptions<MatchingOptions>, MatchingOptionsValidator>();
        services.TryAddSingleton<DriverSlots>();
        services.TryAddSingleton<DriverIndex>();
        services.TryAddSingleton<PositionFanout>();
        services.AddSingleton<TripStore>();
        services.AddSingleton(s =>
        {
            var keys = s.GetRequiredService<StoreKeys>();
            return new EventLog<V1.LoggedTripEvent>(
                s.GetRequiredService<RedisStore>(), keys.TripEvents, keys.TripEventsCursor, V1.LoggedTripEvent.Parser, (e, cursor) => e.Cursor = cursor);
        });
        services.AddSingleton<TripEventWatch>();
        services.AddSingleton<TripList>();
        services.AddSingleton<DriverMessages>();
        services.AddSingleton<TripBook>();
        services.AddSingleton<CommandWire>();
        services.AddSingleton<CommandOutbox>();
        services.AddSingleton<DispatchMetrics>();
        services.AddSingleton<Dispatcher>();
        services.AddSingleton<MatchCandidates>();
        services.AddSingleton<MatchHook>();
        services.AddSingleton<MatchingMetrics>();
        services.AddSingleton<RecentRounds>();
        services.AddSingleton<MatchExplanations>();
        services.AddSingleton<TripTracking>();
        services.AddSingleton<DrivenPaths>();
        services.AddSingleton(s => new DriverDesk(
            s.GetRequiredService<Dispatcher>(), s.GetRequiredService<TripBook>(), s.GetRequiredService<TripStore>(), s.GetRequiredService<StoreKeys>(),
            s.GetRequiredService<CompanyDirectory>(), s.GetRequiredService<IncidentDesk>(), s.GetRequiredService<TimeProvider>()));
        services.AddHostedService<TripPresent>();
        services.AddHostedService<MatchingRounds>();
        services.AddHostedService<Deadlines>();
        services.AddHostedService<TripRetention>();
        services.AddHostedService<RouteRenewal>();
        services.AddHostedService<LostDrivers>();
        services.AddHostedService(s => s.GetRequiredService<DrivenPaths>());
        return builder;
    }

    /// <summary>Serves <c>DispatchService</c>.</summary>
    public static WebApplication MapDispatch(this WebApplication app)
    {
        app.MapGrpcService<DispatchEndpoint>();
        return app;
    }
}
