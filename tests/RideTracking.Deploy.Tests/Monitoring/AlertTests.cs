using System.Text.RegularExpressions;
using RideTracking.Server.Tests.Fixtures;

namespace RideTracking.Deploy.Tests.Monitoring;

/// <summary>Alerts fire when they should and only then, and each has a runbook.</summary>
public sealed partial class AlertTests
{
    [Fact]
    public async Task Promtool_finds_nothing_wrong()
    {
        foreach (var arguments in (string[][])
            [["check", "config", AlertFiles.PathOf("prometheus.yml")], ["check", "rules", AlertFiles.PathOf("alerts.yml")], ["test", "rules", AlertFiles.PathOf("alerts_test.yml")]])
        {
            var (exitCode, said) = await AlertFiles.PromtoolAsync(arguments);
            Assert.True(exitCode == 0, said);
        }
    }

    [Fact]
    public void Each_alert_is_tried_where_it_fires_and_where_it_does_not()
    {
        Assert.NotEmpty(AlertFiles.Alerts);
        foreach (var (name, _, _) in AlertFiles.Alerts)
        {
            Assert.True(AlertFiles.Cases.Any(c => c.Alert == name && c.Found > 0), $"Nothing makes {name} fire in alerts_test.yml.");
            Assert.True(AlertFiles.Cases.Any(c => c.Alert == name && c.Found == 0), $"Nothing leaves {name} quiet in alerts_test.yml.");
        }
    }

    [Fact]
    public async Task Each_alert_has_a_runbook_and_each_runbook_an_alert()
    {
        var text = await File.ReadAllTextAsync(Repository.PathOf("docs/runbooks.md"), TestContext.Current.CancellationToken);
        var runbooks = Headings().Matches(text).Select(m => m.Groups[1].Value).ToList();

        Assert.Equal(AlertFiles.Alerts.Select(a => a.Name).Order(), runbooks.Order());
        foreach (var (name, _, runbook) in AlertFiles.Alerts)
        {
            Assert.Equal("docs/runbooks.md#" + name.ToLowerInvariant(), runbook);
        }

        // Links within lead somewhere.
        var anchors = runbooks.Select(r => r.ToLowerInvariant()).ToHashSet();
        Assert.All(Links().Matches(text), link => Assert.Contains(link.Groups[1].Value, anchors));
    }

    [GeneratedRegex("^### (.+)$", RegexOptions.Multiline)]
    private static partial Regex Headings();

    [GeneratedRegex(@"\]\(#([a-z]+)\)")]
    private static partial Regex Links();
}
