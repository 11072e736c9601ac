using System.Globalization;

namespace RideTracking.Server.Store;

/// <summary>What a server of the store says of itself (<c>INFO</c>). What it does not say is null.</summary>
internal sealed class StoreServerInfo
{
    private readonly Dictionary<string, string> _fields = new(StringComparer.Ordinal);

    /// <summary>Reads the sections; a line that is none of <c>name:value</c> is passed over.</summary>
    public StoreServerInfo(string sections)
    {
        foreach (var line in sections.Split("\r\n"))
        {
            if (line.Split(':', 2) is [var name, var value])
            {
                _fields[name] = value;
            }
        }
    }

    /// <summary>Which Redis it is, or is as; for Valkey the last one that both were.</summary>
    public Version? RedisVersion => Version.TryParse(Find("redis_version"), out var version) ? version : null;

    /// <summary>Another one with each start.</summary>
    public string Run => Find("run_id") ?? "";

    /// <summary>How much memory it may use, in bytes; 0 for no limit.</summary>
    public long? MaxMemoryBytes => Number("maxmemory");

    /// <summary>What it does when it has used that.</summary>
    public string? MaxMemoryPolicy => Find("maxmemory_policy");

    /// <summary>Whether it writes what changes to a file as it happens.</summary>
    public bool? HasAppendOnlyFile => Number("aof_enabled") is { } enabled ? enabled != 0 : null;

    /// <summary>How many replicas follow it.</summary>
    public long? Replicas => Number("connected_slaves");

    /// <summary>Whether it takes writes only while enough replicas follow closely (<c>min-replicas-to-write</c>).</summary>
    public bool RequiresReplicas => _fields.ContainsKey("min_slaves_good_slaves");

    private string? Find(string name) => _fields.GetValueOrDefault(name);

    private long? Number(string name) => long.TryParse(Find(name), CultureInfo.InvariantCulture, out var number) ? number : null;
}
