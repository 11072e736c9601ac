using System.ComponentModel;
using Microsoft.Extensions.Configuration.CommandLine;
using Microsoft.Extensions.Configuration.EnvironmentVariables;

namespace RideTracking.Server.Hosting;

/// <summary>Finds settings that do not exist, in the server's sections, and values that are none of their kind, from whatever source.</summary>
/// <param name="known">All settings.</param>
internal sealed class ConfigurationCheck(KnownSettings known)
{
    public IEnumerable<string> Faults(IConfigurationRoot configuration)
    {
        foreach (var section in known.Groups.Where(group => !group.Contains(':', StringComparison.Ordinal)))
        {
            foreach (var (name, value) in configuration.GetSection(section).AsEnumerable())
            {
                // A section itself may have a value: an environment variable that happens to be called LOG.
                if (value is not null && !known.IsGroup(name) && FaultOf(configuration, name, value) is { } fault)
                {
                    yield return fault;
                }
            }
        }

        foreach (var (name, value) in configuration.GetSection("Logging").AsEnumerable())
        {
            if (value is not null && name.Contains(":LogLevel:", StringComparison.OrdinalIgnoreCase) && FaultOf(name, typeof(LogLevel), value) is { } fault)
            {
                yield return fault;
            }
        }
    }

    private string? FaultOf(IConfigurationRoot configuration, string name, string value)
    {
        if (known.Find(name) is { } setting)
        {
            return FaultOf(setting.Name, setting.Type, value);
        }

        var source = configuration.Providers.LastOrDefault(provider => provider.TryGet(name, out _));
        if (source is CommandLineConfigurationProvider)
        {
            return null; // Told of the command line, in its own words.
        }

        var nearest = NearestName.Of(name, known.All.Select(s => s.Name));
        return $"There is no setting {name} ({NameOf(source, name)}); {(nearest is null ? "docs/operations.md lists them" : $"the nearest is {nearest}")}.";
    }

    private static string? FaultOf(string name, Type type, string value)
    {
        try
        {
            TypeDescriptor.GetConverter(type).ConvertFromInvariantString(value);
            return null;
        }
        catch (Exception e) when (e is FormatException or ArgumentException or OverflowException)
        {
            return $"{name} is \"{value}\". Set it to {KindOf(Nullable.GetUnderlyingType(type) ?? type)}.";
        }
    }

    private static string KindOf(Type type) =>
        type.IsEnum ? $"one of {string.Join(", ", Enum.GetNames(type))}"
        : type == typeof(TimeSpan) ? "a time such as 00:00:15, or 1.00:00:00 for a day"
        : type == typeof(bool) ? "true or false"
        : type == typeof(double) ? "a number"
        : "a whole number";

    private static string NameOf(IConfigurationProvider? source, string name) => source switch
    {
        EnvironmentVariablesConfigurationProvider => $"environment variable {VariableOf(name)}",
        FileConfigurationProvider file => $"{file.Source.Path}",
        _ => "configuration",
    };

    // As it is written where it was set; its letters may be upper or lower.
    private static string VariableOf(string name)
    {
        var variable = name.Replace(":", "__", StringComparison.Ordinal);
        return Environment.GetEnvironmentVariables().Keys.Cast<string>().FirstOrDefault(set => set.Equals(variable, StringComparison.OrdinalIgnoreCase)) ?? variable;
    }
}
