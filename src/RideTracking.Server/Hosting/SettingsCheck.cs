using Microsoft.Extensions.Options;

namespace RideTracking.Server.Hosting;

/// <summary>Checks that what is set is there to be set: a mistyped name would change nothing, and nobody would know.</summary>
public static class SettingsCheck
{
    /// <summary>After all settings were added, before a container is made of them.</summary>
    /// <param name="builder">The server.</param>
    /// <param name="args">Its command line.</param>
    /// <param name="switches">The short options of the command line.</param>
    /// <exception cref="OptionsValidationException">Each failure says what is wrong, and what was probably meant.</exception>
    public static WebApplicationBuilder RequireKnownSettings(this WebApplicationBuilder builder, string[] args, IReadOnlyDictionary<string, string> switches)
    {
        var known = new KnownSettings(SettingsSection.Of(builder.Services));
        string[] faults = [.. new CommandLineCheck(known, switches).Faults(args), .. new ConfigurationCheck(known).Faults(builder.Configuration)];
        return faults.Length == 0 ? builder : throw new OptionsValidationException("", typeof(SettingsCheck), faults);
    }
}
