using Spectre.Console;

namespace RideTracking.Simulator;

/// <summary>Says how it is going while something runs: one living line on a terminal, else a line now and then.</summary>
internal static class Progress
{
    private static readonly TimeSpan _terminalInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan _logInterval = TimeSpan.FromSeconds(5);

    /// <summary>Runs the work; <paramref name="line"/> is asked meanwhile, from another thread.</summary>
    public static async Task ShowAsync(Func<string> line, Func<Task> work)
    {
        if (!AnsiConsole.Profile.Out.IsTerminal)
        {
            await WatchAsync(work(), _logInterval, () => Console.WriteLine(line()));
            return;
        }
        await AnsiConsole.Status().StartAsync("Connecting", status =>
            WatchAsync(work(), _terminalInterval, () => status.Status(Markup.Escape(line()))));
    }

    private static async Task WatchAsync(Task work, TimeSpan interval, Action show)
    {
        using var timer = new PeriodicTimer(interval);
        while (true)
        {
            var tick = timer.WaitForNextTickAsync().AsTask();
            if (await Task.WhenAny(work, tick) == work)
                break;
            show();
        }
        await work;
    }
}
