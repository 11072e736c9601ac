using System.Text.Json;
using RideTracking.Server.Tests.Fixtures;

namespace RideTracking.Deploy.Tests.Monitoring;

/// <summary>The board of deploy/grafana.</summary>
internal static class BoardFile
{
    /// <summary>Each panel's expressions, with Grafana's own variables filled in.</summary>
    public static IReadOnlyList<(string Panel, string Expression)> Read()
    {
        using var board = JsonDocument.Parse(File.ReadAllText(Repository.PathOf("deploy/grafana/boards/ride-tracking.json")));
        return
        [
            .. from panel in board.RootElement.GetProperty("panels").EnumerateArray()
               where panel.GetProperty("type").GetString() != "row"
               from target in panel.GetProperty("targets").EnumerateArray()
               select (panel.GetProperty("title").GetString()!, target.GetProperty("expr").GetString()!
                   .Replace("$__rate_interval", "5m", StringComparison.Ordinal)
                   .Replace("$node", ".*", StringComparison.Ordinal).Replace("$area", ".*", StringComparison.Ordinal)),
        ];
    }
}
