using RideTracking.Engine.Fanout;
using RideTracking.Engine.Index;

namespace RideTracking.Server.Areas;

/// <summary>Wires the areas.</summary>
public static class AreasSetup
{
    /// <summary>Adds the areas, each of a container of its own made of these rooms. After what the process shares.</summary>
    public static WebApplicationBuilder AddAreas(this WebApplicationBuilder builder, Action<AreaBuilder> rooms)
    {
        builder.Services.AddOptions<AreaOptions>().BindConfiguration("Store").ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton(process => new AreaSet(process, rooms));
        builder.Services.AddHostedService(process => process.GetRequiredService<AreaSet>());
        return builder;
    }

    /// <summary>Makes the areas' containers, which checks their settings; nothing runs yet.</summary>
    public static void OpenAreas(this IServiceProvider process) => process.GetRequiredService<AreaSet>();

    /// <summary>Adds the area's drivers as memory has them.</summary>
    public static AreaBuilder AddCityFleet(this AreaBuilder area)
    {
        area.Services.AddSingleton<DriverSlots>();
        area.Services.AddSingleton<DriverIndex>();
        area.Services.AddSingleton<PositionFanout>();
        area.Services.AddSingleton<CityFleet>();
        return area;
    }
}
