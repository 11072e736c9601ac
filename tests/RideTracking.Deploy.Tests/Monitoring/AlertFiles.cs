using System.Diagnostics;
using RideTracking.Server.Tests.Fixtures;
using YamlDotNet.RepresentationModel;

namespace RideTracking.Deploy.Tests.Monitoring;

/// <summary>What the files of deploy/prometheus say.</summary>
internal static class AlertFiles
{
    public static string PathOf(string file) => Repository.PathOf("deploy/prometheus/" + file);

    /// <summary>All alerts: name, expression, runbook.</summary>
    public static IReadOnlyList<(string Name, string Expression, string Runbook)> Alerts { get; } =
    [
        .. Children(Root("alerts.yml"), "groups").SelectMany(group => Children(group, "rules"))
            .Select(rule => (Text(rule, "alert"), Text(rule, "expr"), Text((YamlMappingNode)rule["annotations"], "runbook_url"))),
    ];

    /// <summary>All cases that promtool tries: the alert, and how many it is to find.</summary>
    public static IReadOnlyList<(string Alert, int Found)> Cases { get; } =
    [
        .. Children(Root("alerts_test.yml"), "tests").SelectMany(test => Children(test, "alert_rule_test"))
            .Select(test => (Text(test, "alertname"), Children(test, "exp_alerts").Count())),
    ];

    /// <summary>What promtool says, and how it ended.</summary>
    public static async Task<(int ExitCode, string Said)> PromtoolAsync(params string[] arguments)
    {
        using var promtool = Process.Start(new ProcessStartInfo("promtool", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = promtool.StandardError.ReadToEndAsync();
        var said = await promtool.StandardOutput.ReadToEndAsync() + await errors;
        await promtool.WaitForExitAsync();
        return (promtool.ExitCode, said);
    }

    private static YamlMappingNode Root(string file)
    {
        var yaml = new YamlStream();
        using var reader = new StreamReader(PathOf(file));
        yaml.Load(reader);
        return (YamlMappingNode)yaml.Documents[0].RootNode;
    }

    private static IEnumerable<YamlMappingNode> Children(YamlMappingNode node, string name) => ((YamlSequenceNode)node[name]).Children.Cast<YamlMappingNode>();

    private static string Text(YamlMappingNode node, string name) => ((YamlScalarNode)node[name]).Value!;
}
