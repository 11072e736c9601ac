namespace RideTracking.Server.Hosting;

/// <summary>A section of the settings: whatever else is set in it is a mistake.</summary>
/// <param name="Name">Such as <c>Trips</c>.</param>
/// <param name="Options">Its properties are the settings, those of its nested objects included.</param>
public sealed record SettingsSection(string Name, Type Options)
{
    // Under a name, since it is nobody's service: it is read before a container is made.
    private const string Key = "settings";

    /// <summary>Adds it to the process's settings, or an area's.</summary>
    public void AddTo(IServiceCollection services) => services.AddKeyedSingleton(Key, this);

    /// <summary>All of a server that was made.</summary>
    public static IEnumerable<SettingsSection> Of(IServiceProvider services) => services.GetKeyedServices<SettingsSection>(Key);

    /// <summary>The sections that were added so far.</summary>
    public static IEnumerable<SettingsSection> Of(IEnumerable<ServiceDescriptor> services) =>
        services.Where(service => service.IsKeyedService).Select(service => service.KeyedImplementationInstance).OfType<SettingsSection>();
}
