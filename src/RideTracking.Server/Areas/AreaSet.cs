using System.Diagnostics.Metrics;
using Microsoft.Extensions.Options;
using RideTracking.Server.Hosting;
using RideTracking.Server.Store;
using RideTracking.Server.Telemetry;

namespace RideTracking.Server.Areas;

/// <summary>
/// The process's areas. It opens them, starts and stops their loops, and answers whose a request is. An endpoint asks it for
/// a door each time, and a stream once, when it begins: <c>areas.OfTrip(id).Rides</c>.
/// </summary>
public sealed class AreaSet : BackgroundService, IHostedLifecycleService, IAsyncDisposable
{
    private readonly IServiceProvider _process;
    private readonly Action<AreaBuilder> _rooms;
    private readonly AreaHost _home;

    internal AreaSet(IServiceProvider process, AreaRooms rooms)
    {
        (_process, _rooms) = (process, rooms.Add);
        _home = Open(process.GetRequiredService<IOptions<AreaOptions>>().Value.Area);
    }

    /// <summary>The area of what names no place and no trip.</summary>
    public AreaHost Home => _home;

    /// <summary>The area of a trip, an offer, an incident or a share link, by its id, which begins with the area's.</summary>
    /// <remarks>Of what no area of this process has made, the home area says that it is not there.</remarks>
    public AreaHost OfTrip(string id) => Home;

    /// <summary>The area of a driver.</summary>
    public AreaHost OfDriver(string driverId) => Home;

    /// <inheritdoc/>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await _home.StartAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public Task StoppingAsync(CancellationToken cancellationToken) => _home.StoppingAsync(cancellationToken);

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await _home.StopAsync(cancellationToken);
        await base.StopAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _home.DisposeAsync();
        Dispose();
    }

    /// <summary>Makes an area's container, whole and checked. Nothing of it runs before it is started.</summary>
    internal AreaHost Open(string id)
    {
        var services = new ServiceCollection();
        var builder = new AreaBuilder(services, _process);
        var area = new Area(id, _process.GetRequiredService<RedisStore>(), _process.GetRequiredService<ServerClock>(), _process.GetRequiredService<Loops>());
        services.AddSingleton(area).AddSingleton(area.Keys);
        services.AddSingleton<TimeProvider>(area.Clock);
        services.AddSingleton(s => new AreaMeter(s.GetRequiredService<IMeterFactory>(), s.GetRequiredService<ObservedInstruments>(), id));
        services.AddSingleton<AreaTroubles>();
        services.AddSingleton(typeof(ILogger<>), typeof(Logger<>));
        builder.Share<IMeterFactory>().Share<ObservedInstruments>().Share<Troubles>().Share<SettingsDigest>();
        builder.Share<RedisStore>().Share<ServerClock>().Share<Loops>().Share<ILoggerFactory>().Share<IConfiguration>().Share<IHostApplicationLifetime>();
        _rooms(builder);
        foreach (var change in _process.GetServices<AreaChange>())
        {
            change.Apply(services);
        }

        return new AreaHost(id, services.BuildServiceProvider(new ServiceProviderOptions { ValidateOnBuild = true, ValidateScopes = true }), builder);
    }

    /// <summary>A loop that ends with a fault ends the process, as it does for the host's own loops.</summary>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var running = _home.Running.ToList();
        while (running.Count > 0)
        {
            var ended = await Task.WhenAny(running);
            running.Remove(ended);
            await ended;
        }
    }
}

/// <summary>The rooms that each area is made of.</summary>
internal sealed record AreaRooms(Action<AreaBuilder> Add);

/// <summary>For tests and the simulation: what an area is to have instead of, or besides, its own.</summary>
internal sealed record AreaChange(Action<IServiceCollection> Apply);
