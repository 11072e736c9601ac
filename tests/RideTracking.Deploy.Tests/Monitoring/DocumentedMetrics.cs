using System.Text.RegularExpressions;
using RideTracking.Server.Tests.Fixtures;

namespace RideTracking.Deploy.Tests.Monitoring;

/// <summary>The metrics of docs/operations.md by the names that Prometheus knows them by, with their tags.</summary>
internal static partial class DocumentedMetrics
{
    public static IReadOnlyDictionary<string, string[]> Tags { get; } = Read();

    private static Dictionary<string, string[]> Read()
    {
        var tags = new Dictionary<string, string[]>();
        foreach (Match row in Rows().Matches(File.ReadAllText(Repository.PathOf("docs/operations.md"))))
        {
            var (name, kind, unit) = (row.Groups["name"].Value.Replace('.', '_'), row.Groups["kind"].Value, row.Groups["unit"].Value);
            name += unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" };
            string[] own = [.. Names().Matches(row.Groups["tags"].Value).Select(m => m.Groups[1].Value), "area", "instance", "job"];
            foreach (var suffix in kind switch { "counter" => (string[])["_total"], "histogram" => ["_bucket", "_count", "_sum"], _ => [""] })
            {
                tags[name + suffix] = suffix == "_bucket" ? [.. own, "le"] : own;
            }
        }

        return tags;
    }

    [GeneratedRegex(@"^\| `(?<name>ridetracking\.[a-z_.]+)` \| (?<kind>counter|gauge|histogram)(, (?<unit>\w+))? \|(?<tags>[^|]*)\|", RegexOptions.Multiline)]
    private static partial Regex Rows();

    [GeneratedRegex("`([a-z_]+)`")]
    private static partial Regex Names();
}
