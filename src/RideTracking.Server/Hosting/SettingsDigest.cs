using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace RideTracking.Server.Hosting;

/// <summary>
/// What tells whether two nodes are set alike: for each section a digest of all its settings, defaults included, but for those
/// that are a node's own (<see cref="OfThisNodeAttribute"/>). No value can be read out of it.
/// </summary>
public sealed class SettingsDigest
{
    private const int DigestBytes = 4;

    private readonly SortedDictionary<string, string> _sections = new(StringComparer.Ordinal);

    /// <summary>Made once, of all sections.</summary>
    public SettingsDigest(IEnumerable<SettingsSection> sections, IConfiguration configuration)
    {
        // A section may be shared by several options.
        foreach (var section in sections.GroupBy(s => s.Name, StringComparer.Ordinal))
        {
            var text = new StringBuilder();
            foreach (var type in section.Select(s => s.Options).Distinct().OrderBy(t => t.FullName, StringComparer.Ordinal))
            {
                Write(text, type.Name, configuration.GetSection(section.Key).Get(type) ?? Defaults(type));
            }

            _sections[section.Key] = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())).AsSpan(0, DigestBytes));
        }
    }

    /// <summary>As other nodes are told: <c>Section=digest</c>, with spaces between.</summary>
    public override string ToString() => string.Join(' ', _sections.Select(s => $"{s.Key}={s.Value}"));

    /// <summary>The sections in which another node is set otherwise; one that it does not know is of another version, and told as well.</summary>
    /// <param name="other">What that node tells of itself.</param>
    public IReadOnlyList<string> DifferencesTo(string other)
    {
        var told = other.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(s => s.Split('=', 2)).ToDictionary(s => s[0], s => s[^1], StringComparer.Ordinal);
        return [.. _sections.Keys.Union(told.Keys).Where(s => _sections.GetValueOrDefault(s) != told.GetValueOrDefault(s)).Order(StringComparer.Ordinal)];
    }

    // Null where there are none: then nothing is set.
    private static object? Defaults(Type type) => type.GetConstructor([]) is null ? null : Activator.CreateInstance(type);

    private static void Write(StringBuilder text, string name, object? value)
    {
        switch (value)
        {
            case null or string or IFormattable or bool:
                text.Append(CultureInfo.InvariantCulture, $"{name}={value}\n");
                break;
            case IEnumerable many:
                foreach (var one in many)
                {
                    Write(text, name, one);
                }

                break;
            default:
                WriteProperties(text, name, value);
                break;
        }
    }

    private static void WriteProperties(StringBuilder text, string name, object options)
    {
        if (IsOfThisNode(options.GetType()))
        {
            return;
        }

        foreach (var property in options.GetType().GetProperties().Where(p => !IsOfThisNode(p)).OrderBy(p => p.Name, StringComparer.Ordinal))
        {
            Write(text, $"{name}:{property.Name}", property.GetValue(options));
        }
    }

    private static bool IsOfThisNode(MemberInfo member) => member.IsDefined(typeof(OfThisNodeAttribute));
}
