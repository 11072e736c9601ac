using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using RideTracking.Engine.Fanout;
using RideTracking.Engine.Index;
using RideTracking.Server.Hosting;
using RideTracking.Server.Store;
using RideTracking.Server.Store.Feeds;
using RideTracking.Server.Telemetry;
using StackExchange.Redis;

namespace RideTracking.Server.Areas;

/// <summary>Wires the areas.</summary>
public static class AreasSetup
{
    /// <summary>Adds the areas, each of a container of its own made of these rooms. After what the process shares.</summary>
    public static WebApplicationBuilder AddAreas(this WebApplicationBuilder builder, Action<AreaBuilder> rooms)
    {
        builder.Services.AddSettings<AreaOptions>("Store");
        var city = new ServiceCollection();
        rooms(new AreaBuilder(city, process: null));
        foreach (var section in SettingsSection.Of(city))
        {
            section.AddTo(builder.Services);
        }

        builder.Services.TryAddSingleton<ReadStoreTime>(StoreReading.ReadAsync);
        builder.Services.AddSingleton(new AreaRooms(rooms));
        builder.Services.AddSingleton(process => new AreaSet(process, process.GetRequiredService<AreaRooms>()));
        builder.Services.AddHostedService(process => process.GetRequiredService<AreaSet>());
        return builder;
    }

    /// <summary>Checks the settings of what areas are made of; nothing is opened.</summary>
    /// <exception cref="OptionsValidationException">Some are wrong; or several of it in an <see cref="AggregateException"/>.</exception>
    public static void CheckAreaSettings(IServiceProvider process)
    {
        var services = new ServiceCollection();
        services.AddSingleton(process.GetRequiredService<IConfiguration>());
        process.GetRequiredService<AreaRooms>().Add(new AreaBuilder(services, process: null));
        using var checking = services.BuildServiceProvider();
        checking.GetRequiredService<IStartupValidator>().Validate();
    }

    /// <summary>Adds the look at whether the store is still the one that it was. Before everything that is read from it.</summary>
    public static AreaBuilder AddGeneration(this AreaBuilder area)
    {
        area.Share<StoreGenerations>().Share<ServerEnd>();
        area.Services.AddHostedService<AreaGeneration>();
        return area;
    }

    /// <summary>Adds the following of the store's time. First: the rest goes by it.</summary>
    public static AreaBuilder AddTime(this AreaBuilder area)
    {
        area.Share<ReadStoreTime>();
        area.Services.AddHostedService<StoreTime>();
        return area;
    }

    /// <summary>Adds the feed of what the area's scripts decide. Before everything that is read from the store.</summary>
    public static AreaBuilder AddDispatchFeed(this AreaBuilder area) => area.AddFeed("dispatch", one => one.Keys.DispatchFeed.Head, (s, one, loop) => new FeedReader(
        PlantedMistakes.DispatchFeed(new FeedEntries(s.GetRequiredService<RedisStore>(), one.Keys.DispatchFeed)),
        one.Feed.Own,
        new FeedListeners(s.GetServices<FeedListener>(), s.GetRequiredService<RedisStore>().Format, loop).Apply,
        why => s.GetRequiredService<StoreGenerations>().BeginAgain($"dispatch ({one.Id})", why),
        new FeedMetrics(s.GetRequiredService<AreaMeter>(), "dispatch"),
        loop,
        s.GetRequiredService<ILogger<FeedReader>>()));

    /// <summary>Adds a feed: its reader under its name, and what makes it read.</summary>
    internal static AreaBuilder AddFeed(
        this AreaBuilder area, string name, Func<Area, RedisKey> channel, Func<IServiceProvider, Area, Loop, FeedReader> reader, bool onEmbedded = false)
    {
        area.Services.AddFeed(
            name, s => channel(s.GetRequiredService<Area>()), static (s, loop) => s.GetRequiredService<Area>().MachineLoop(loop),
            (s, loop) => reader(s, s.GetRequiredService<Area>(), loop), onEmbedded);
        return area;
    }

    /// <summary>Adds the area's drivers as memory has them.</summary>
    public static AreaBuilder AddCityFleet(this AreaBuilder area)
    {
        area.Services.AddSingleton<DriverSlots>();
        area.Services.AddSingleton<DriverIndex>();
        area.Services.AddSingleton<PositionFanout>();
        area.Services.AddSingleton<CityFleet>();
        area.Services.AddSingleton(s => s.GetRequiredService<CityFleet>().Rejects);
        return area;
    }
}
