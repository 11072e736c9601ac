namespace RideTracking.Server.Hosting;

/// <summary>Finds what the configuration passes over in silence: options that are none, have no value, or are no options at all.</summary>
/// <param name="known">All settings.</param>
/// <param name="switches">Short options, by their names with dashes.</param>
internal sealed class CommandLineCheck(KnownSettings known, IReadOnlyDictionary<string, string> switches)
{
    private const string Dashes = "--";

    public IEnumerable<string> Faults(string[] args)
    {
        for (var i = 0; i < args.Length; i++)
        {
            if (!IsOption(args[i]))
            {
                yield return $"'{args[i]}' is no option, and the value of none: options are --name value; see --help.";
                continue;
            }

            var parts = args[i].Split('=', 2);
            var hasValue = parts.Length == 2;
            if (!hasValue && i + 1 < args.Length && !IsOption(args[i + 1]))
            {
                hasValue = true;
                i++;
            }

            var fault = FaultOf(parts[0]) ?? (hasValue ? null : $"{parts[0]} has no value.");
            if (fault is not null)
            {
                yield return fault;
            }
        }
    }

    private static bool IsOption(string argument) => argument.Length > Dashes.Length && argument.StartsWith(Dashes, StringComparison.Ordinal);

    private string? FaultOf(string option)
    {
        var name = option[Dashes.Length..];
        if (switches.Keys.Contains(option, StringComparer.OrdinalIgnoreCase) || known.Find(name) is not null || HostSettings.Has(name))
        {
            return null;
        }

        if (known.IsGroup(name))
        {
            return $"{option} is a section and no setting: name one in it, such as --{known.All.First(s => s.Name.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase)).Name}.";
        }

        var names = switches.Keys.Select(key => key[Dashes.Length..]).Concat(HostSettings.Names).Concat(known.All.Select(s => s.Name));
        return $"There is no option {option}; {(NearestName.Of(name, names) is { } nearest ? $"the nearest is --{nearest}" : "see --help")}.";
    }
}
