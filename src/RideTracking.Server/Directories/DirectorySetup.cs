using RideTracking.Server.Areas;

namespace RideTracking.Server.Directories;

/// <summary>Wires the directory.</summary>
public static class DirectorySetup
{
    /// <summary>Adds the company's directory, which all areas share. After the store.</summary>
    public static WebApplicationBuilder AddDirectory(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<CompanyDirectory>();
        builder.Services.AddHostedService<DirectoryLoading>();
        return builder;
    }

    /// <summary>Adds what the area's searches know of the directory.</summary>
    public static AreaBuilder AddDirectory(this AreaBuilder area)
    {
        area.Share<CompanyDirectory>();
        area.Services.AddSingleton<FleetTraits>();
        area.Services.AddHostedService(s => s.GetRequiredService<FleetTraits>());
        return area;
    }
}
