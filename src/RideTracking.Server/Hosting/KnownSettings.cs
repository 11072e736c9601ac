using System.ComponentModel;

namespace RideTracking.Server.Hosting;

/// <summary>All settings there are, found by name in upper or lower case.</summary>
internal sealed class KnownSettings
{
    private readonly SortedDictionary<string, Setting> _settings = new(StringComparer.OrdinalIgnoreCase);
    private readonly SortedSet<string> _groups = new(StringComparer.OrdinalIgnoreCase);

    public KnownSettings(IEnumerable<SettingsSection> sections)
    {
        foreach (var section in sections)
        {
            Add(section.Name, section.Options);
        }
    }

    public IEnumerable<Setting> All => _settings.Values;

    /// <summary>Sections, and those within sections.</summary>
    public IEnumerable<string> Groups => _groups;

    public bool IsGroup(string name) => _groups.Contains(name);

    public Setting? Find(string name) => _settings.GetValueOrDefault(name);

    private void Add(string group, Type options)
    {
        _groups.Add(group);
        foreach (var property in options.GetProperties())
        {
            var name = $"{group}:{property.Name}";
            if (!TypeDescriptor.GetConverter(property.PropertyType).CanConvertFrom(typeof(string)))
            {
                Add(name, property.PropertyType);
            }
            else if (property.CanWrite)
            {
                _settings[name] = new Setting(name, property.PropertyType);
            }
        }
    }
}
