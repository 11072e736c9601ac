using Microsoft.Extensions.Options;

namespace RideTracking.Server.Hosting;

/// <summary>Wires settings.</summary>
public static class SettingsSetup
{
    /// <summary>Adds options that a section of the settings is bound to, and that are checked by their attributes at the start.</summary>
    /// <param name="services">The process's, or an area's.</param>
    /// <param name="section">Several options may share one.</param>
    public static OptionsBuilder<T> AddSettings<T>(this IServiceCollection services, string section)
        where T : class
    {
        new SettingsSection(section, typeof(T)).AddTo(services);
        services.AddSingleton<IValidateOptions<T>, AttributesCheck<T>>();
        return services.AddOptions<T>().BindConfiguration(section).ValidateOnStart();
    }
}
