using System.Collections.Frozen;

namespace RideTracking.Server.Areas;

/// <summary>
/// An open area: its container, its loops, its doors. Nothing in it can be had but by a door, and the process's own
/// container knows none of its types, so that no endpoint and no request can hold a piece of a city.
/// </summary>
public sealed class AreaHost : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly FrozenDictionary<Type, object> _doors;
    private IHostedService[] _loops = [];

    internal AreaHost(string id, ServiceProvider services, AreaBuilder built)
    {
        Id = id;
        _services = services;
        Shared = built.Shared;
        _doors = built.Doors.ToFrozenDictionary(door => door, door => services.GetRequiredService(door));
    }

    /// <summary>The area's id.</summary>
    public string Id { get; }

    /// <summary>For tests and the simulation, which look behind the doors.</summary>
    internal IServiceProvider Services => _services;

    /// <summary>The types of which this area has the process's instance.</summary>
    internal IReadOnlyList<Type> Shared { get; }

    /// <summary>The loops that run for as long as the area is open.</summary>
    internal IEnumerable<Task> Running => _loops.OfType<BackgroundService>().Select(loop => loop.ExecuteTask).OfType<Task>();

    /// <summary>One of the area's doors; an error for what no room has made one.</summary>
    public T Door<T>()
        where T : class =>
        _doors.TryGetValue(typeof(T), out var door) ? (T)door : throw new InvalidOperationException($"{typeof(T).Name} is no door of an area.");

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _services.DisposeAsync();

    internal async Task StartAsync(CancellationToken cancellationToken)
    {
        _loops = [.. _services.GetServices<IHostedService>()];
        foreach (var loop in _loops)
        {
            await loop.StartAsync(cancellationToken);
        }
    }

    /// <summary>The process is about to stop: streams are told before anything else ends.</summary>
    internal async Task StoppingAsync(CancellationToken cancellationToken)
    {
        foreach (var loop in _loops.OfType<IHostedLifecycleService>())
        {
            await loop.StoppingAsync(cancellationToken);
        }
    }

    internal async Task StopAsync(CancellationToken cancellationToken)
    {
        foreach (var loop in _loops.Reverse())
        {
            await loop.StopAsync(cancellationToken);
        }
    }
}
