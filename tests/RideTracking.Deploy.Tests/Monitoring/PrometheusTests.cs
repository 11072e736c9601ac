using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using RideTracking.Deploy.Tests.Edges;
using RideTracking.Faults.Processes;
using RideTracking.Server.Tests.Fixtures;

namespace RideTracking.Deploy.Tests.Monitoring;

/// <summary>A real Prometheus with the files of deploy/prometheus, before two real nodes and a real balancer.</summary>
[Collection(nameof(TwoNodes))]
public sealed partial class PrometheusTests(TwoNodes nodes)
{
    [Fact]
    public async Task Every_target_is_up_and_whatever_alerts_and_board_ask_for_is_there()
    {
        var folder = Directory.CreateTempSubdirectory("prometheus-").FullName;
        await using var edge = await Edge.StartAsync("haproxy", nodes);
        await using var phone = new Phone(edge.Channel(), nodes, "scraped-driver");
        phone.Report(41.15, -8.61);
        await phone.FlushAsync();
        var port = FreePort.Take();
        File.Copy(AlertFiles.PathOf("alerts.yml"), Path.Combine(folder, "alerts.yml"));
        var settings = (await File.ReadAllTextAsync(AlertFiles.PathOf("prometheus.yml"), TestContext.Current.CancellationToken))
            .Replace("interval: 15s", "interval: 1s", StringComparison.Ordinal)
            .Replace("node-1:9464", $"127.0.0.1:{nodes.Nodes[0].ManagementPort}", StringComparison.Ordinal)
            .Replace("node-2:9464", $"127.0.0.1:{nodes.Nodes[1].ManagementPort}", StringComparison.Ordinal)
            .Replace("haproxy:8405", $"127.0.0.1:{edge.NumbersPort}", StringComparison.Ordinal);
        var file = Path.Combine(folder, "prometheus.yml");
        await File.WriteAllTextAsync(file, settings, TestContext.Current.CancellationToken);
        using var prometheus = ChildProcess.Start(
            "prometheus",
            [$"--config.file={file}", $"--storage.tsdb.path={Path.Combine(folder, "data")}", $"--web.listen-address=127.0.0.1:{port}"],
            "Server is ready to receive web requests",
            Path.Combine(folder, "prometheus.log"));
        await prometheus.Ready;
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}/api/v1/") };

        await Until.SoAsync(async () => (await AskAsync(http, "query", "sum(up) == 3")).EnumerateArray().Any(), "all three targets are up");
        await Until.SoAsync(async () => (await AskAsync(http, "query", "ridetracking_fixes_total")).EnumerateArray().Any(), "a fix was counted");

        var wrong = new List<string>();
        foreach (var (where, expression) in AlertFiles.Alerts.Select(a => (a.Name, a.Expression)).Concat(BoardFile.Read()))
        {
            try
            {
                await AskAsync(http, "query", expression);
            }
            catch (InvalidOperationException e)
            {
                wrong.Add($"{where}: {e.Message}");
            }

            foreach (Match selector in Selectors().Matches(expression))
            {
                wrong.AddRange((await MissingAsync(http, selector.Groups[1].Value, selector.Groups[2].Value)).Select(missing => $"{where}: {missing}"));
            }
        }

        Assert.True(wrong.Count == 0, string.Join("\n", wrong.Distinct()));
        prometheus.Signal("TERM");
        await prometheus.EndsAsync(Until.Patience);
        Directory.Delete(folder, recursive: true);
    }

    // Scraped with these tags; or documented with them, where it appears only after something has happened.
    private static async Task<IEnumerable<string>> MissingAsync(HttpClient http, string metric, string selector)
    {
        if (metric is "up" or "ALERTS")
        {
            return [];
        }

        var series = await AskAsync(http, "series", metric);
        var known = series.EnumerateArray().SelectMany(s => s.EnumerateObject()).Select(label => label.Name).ToHashSet();
        var isDocumented = DocumentedMetrics.Tags.TryGetValue(metric, out var documented);
        if (known.Count == 0 && !isDocumented)
        {
            return [$"nobody tells {metric}, and no document has it"];
        }

        known.UnionWith(documented ?? []);
        return Labels().Matches(selector).Select(l => l.Groups[1].Value).Where(label => !known.Contains(label)).Select(label => $"{metric} has no {label}");
    }

    private static async Task<JsonElement> AskAsync(HttpClient http, string what, string expression)
    {
        var name = what == "series" ? "match[]" : "query";
        using var answer = await http.GetAsync(new Uri($"{what}?{name}={Uri.EscapeDataString(expression)}", UriKind.Relative), TestContext.Current.CancellationToken);
        var said = await answer.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        if (said.GetProperty("status").GetString() != "success")
        {
            throw new InvalidOperationException(said.GetProperty("error").GetString());
        }

        return what == "series" ? said.GetProperty("data") : said.GetProperty("data").GetProperty("result");
    }

    [GeneratedRegex(@"\b([A-Za-z_:][\w:]*)\{([^}]*)\}")]
    private static partial Regex Selectors();

    [GeneratedRegex(@"(\w+)\s*(?:=~|!~|!=|=)\s*""")]
    private static partial Regex Labels();
}
