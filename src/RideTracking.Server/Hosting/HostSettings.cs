namespace RideTracking.Server.Hosting;

/// <summary>Settings that the framework reads by itself, as far as they do something here.</summary>
internal static class HostSettings
{
    private static readonly string[] Sections = ["Logging:", "Kestrel:", "OTEL_"];

    public static readonly string[] Names = ["environment", "contentRoot", "applicationName", "urls", "AllowedHosts", "shutdownTimeoutSeconds"];

    public static bool Has(string name) =>
        Names.Contains(name, StringComparer.OrdinalIgnoreCase) || Array.Exists(Sections, section => name.StartsWith(section, StringComparison.OrdinalIgnoreCase));
}
