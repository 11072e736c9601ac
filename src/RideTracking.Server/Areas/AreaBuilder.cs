using RideTracking.Server.Store.Feeds;

namespace RideTracking.Server.Areas;

/// <summary>
/// What an area's container is made of. Each room adds its own with an <c>AddX(area)</c>: singletons of the area, its loops
/// as hosted services that start in this order and stop in reverse, and its doors.
/// </summary>
/// <param name="services">The area's own services.</param>
/// <param name="process">Where shared instances come from; none when only settings are to be checked. No room gets hold of it.</param>
public sealed class AreaBuilder(IServiceCollection services, IServiceProvider? process)
{
    private readonly List<Type> _doors = [];
    private readonly List<Type> _shared = [];

    /// <summary>The area's own services.</summary>
    public IServiceCollection Services => services;

    internal IReadOnlyList<Type> Doors => _doors;

    internal IReadOnlyList<Type> Shared => _shared;

    /// <summary>Hands in the process's only instance. Whatever two areas have in common is named by such a line.</summary>
    public AreaBuilder Share<T>()
        where T : class
    {
        if (process is not null)
        {
            services.AddSingleton(process.GetRequiredService<T>());
        }

        _shared.Add(typeof(T));
        return this;
    }

    /// <summary>The same, for one that has a name.</summary>
    public AreaBuilder Share<T>(string name)
        where T : class
    {
        if (process is not null)
        {
            services.AddKeyedSingleton(name, process.GetRequiredKeyedService<T>(name));
        }

        _shared.Add(typeof(T));
        return this;
    }

    /// <summary>Applies changes of one kind that any node has committed (<see cref="FeedListener"/>).</summary>
    /// <param name="kind">As scripts name it.</param>
    /// <param name="apply">Applies one; given what does.</param>
    internal AreaBuilder Hear<T>(string kind, Action<T, FeedChange> apply)
        where T : class
    {
        services.AddSingleton(s =>
        {
            var memory = s.GetRequiredService<T>();
            return new FeedListener(kind, change => apply(memory, change));
        });
        return this;
    }

    /// <summary>What endpoints ask the area for, added by its room; resolved once, when the area opens.</summary>
    public AreaBuilder AddDoor<T>()
        where T : class
    {
        _doors.Add(typeof(T));
        return this;
    }
}
