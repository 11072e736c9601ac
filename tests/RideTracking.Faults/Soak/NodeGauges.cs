using System.Globalization;
using System.Text.RegularExpressions;

namespace RideTracking.Faults.Soak;

/// <summary>What a node says of itself: all that it measures as it is just now, and not since its start.</summary>
internal static partial class NodeGauges
{
    /// <summary>The live objects of the runtime after its last collection, bytes.</summary>
    public const string HeapBytes = "heap";

    private static readonly HttpClient Http = new();

    /// <summary>By name and tags.</summary>
    public static async Task<IReadOnlyDictionary<string, double>> ReadAsync(Uri management)
    {
        var lines = (await Http.GetStringAsync(new Uri(management, "/metrics"))).Split('\n');
        var gauges = lines.Select(l => Kind().Match(l)).Where(m => m.Success && m.Groups[2].Value == "gauge").Select(m => m.Groups[1].Value).ToHashSet();
        var read = new Dictionary<string, double>();
        foreach (var line in lines.Select(l => Sample().Match(l)).Where(m => m.Success))
        {
            var (name, tags) = (line.Groups[1].Value, line.Groups[2].Value);
            var value = double.Parse(line.Groups[3].Value, CultureInfo.InvariantCulture);
            if (name.StartsWith("dotnet_gc_last_collection_heap_size", StringComparison.Ordinal))
            {
                read[HeapBytes] = read.GetValueOrDefault(HeapBytes) + value;
            }
            else if (gauges.Contains(name) && name.StartsWith("ridetracking_", StringComparison.Ordinal))
            {
                read[name["ridetracking_".Length..] + Scope().Replace(tags, "")] = value;
            }
        }

        return read;
    }

    [GeneratedRegex("^# TYPE (\\S+) (\\S+)")]
    private static partial Regex Kind();

    [GeneratedRegex("^([a-z_]+)(\\{.*\\})? (\\S+)( \\d+)?$")]
    private static partial Regex Sample();

    [GeneratedRegex("otel_scope_[a-z_]+=\"[^\"]*\",?")]
    private static partial Regex Scope();
}
