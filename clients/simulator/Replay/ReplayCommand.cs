using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace RideTracking.Simulator.Replay;

/// <summary>The verb <c>replay</c>.</summary>
internal static class ReplayCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("file") { Description = "CSV file of recorded traces, also .csv.gz, in order of time." };
        var speedUp = new Option<double>("--speed-up")
        {
            DefaultValueFactory = _ => 1,
            Description = "How much faster than recorded; the server's --time-scale.",
        };
        var timeStart = new Option<DateTimeOffset?>("--time-start")
        {
            Description = "Where in the recording the phones' clocks start. Without it: the server's clock when that is within the recording (--time-start of a development server), else the recording's beginning.",
            CustomParser = result =>
            {
                if (DateTimeOffset.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
                    return time;
                result.AddError($"--time-start must be a time such as 2013-07-01T00:00:00Z, not '{result.Tokens[0].Value}'.");
                return null;
            },
        };
        var availability = new Option<bool>("--availability") { Description = "Enters the vehicles in the directory as drivers who say that they are available, and paused while the recording says occupied." };
        var columns = new Option<string[]>("--column") { Description = "A column that the header calls otherwise: --column time=Zeit --column vehicle=Wagen; also latitude, longitude, speed, course, accuracy, occupied." };
        var skipGaps = new Option<TimeSpan?>("--skip-gaps") { Description = "Waits no longer than this (00:05:00) where the recording has nothing, by the recording's clock." };
        var report = new Option<FileInfo?>("--report") { Description = "Writes the summary, a sample of the rejected fixes and where each vehicle stands, as JSON." };
        var ackedOut = new Option<FileInfo?>("--acked-out") { Description = "Writes a line driver,session,sequence for each fix that was acknowledged and not rejected." };
        var command = new Command("replay", "Replays recorded traces: each vehicle on its own stream, with the recorded sensor times.")
        {
            file, speedUp, timeStart, availability, columns, skipGaps, report, ackedOut,
        };
        var server = new ServerOptions();
        server.AddTo(command);
        speedUp.InRange(1, 1000);
        command.SetAction(async (parsed, ct) =>
        {
            using var connections = server.Connect(parsed);
            using var acked = parsed.GetValue(ackedOut) is { } path ? path.CreateText() : null;
            using var reader = TraceReader.Open(parsed.GetValue(file)!, parsed.GetValue(columns));
            var run = new ReplayRun(reader, connections, parsed.GetValue(speedUp), parsed.GetValue(timeStart), parsed.GetValue(availability), parsed.GetValue(skipGaps), acked);
            await Progress.ShowAsync(run.ProgressLine, () => run.RunAsync(ct));
            var summary = run.Summary();
            Console.WriteLine(summary);
            if (parsed.GetValue(report) is { } reportFile)
                await File.WriteAllTextAsync(reportFile.FullName, JsonSerializer.Serialize(run.Report(summary), ReplayReport.JsonOptions), CancellationToken.None);
            return summary.Unacknowledged == 0 && summary.DroppedBeforeSending == 0 ? 0 : 1;
        });
        return command;
    }
}
