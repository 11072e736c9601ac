using System.Diagnostics;
using System.Globalization;
using RideTracking.Simulation.Bugs;
using RideTracking.Simulation.Store;
using StackExchange.Redis;

namespace RideTracking.Simulation;

/// <summary>Runs seeds from the command line and tells what came of them.</summary>
internal static class SimulationCommand
{
    public const string Usage =
        """
        dotnet run -c Release --project loadtests/RideTracking.Simulation -- [options]

          --seeds 100       how many seeds
          --from 1          the first of them
          --hours 0.5       how long a day is, by the city's clock
          --threads 1       how many seeds at a time
          --store redis     redis (a redis-server of its own), garnet (embedded), or host:port of one that is empty
          --bug n           plants the n-th mistake of those listed with --bugs
          --history file    writes down all that happened; with one seed
        """;

    public static async Task<int> RunAsync(string[] args)
    {
        if (args is ["--bugs"])
        {
            foreach (var (number, planted) in PlantedBug.All.Index())
            {
                Console.WriteLine($"{number,3}  {planted.Name}");
            }

            return 0;
        }

        var options = Parse(args);
        var (seeds, from) = ((int)Number(options, "--seeds", 100), (int)Number(options, "--from", 1));
        var hours = Number(options, "--hours", 0.5);
        var bug = options.TryGetValue("--bug", out var which) ? PlantedBug.All[int.Parse(which, CultureInfo.InvariantCulture)] : null;
        await using var opened = await OpenedStore.OpenAsync(options.GetValueOrDefault("--store", "redis"));
        return Run(opened, [.. Enumerable.Range(from, seeds)], hours, (int)Number(options, "--threads", 1), bug, options.GetValueOrDefault("--history"));
    }

    private static int Run(OpenedStore store, int[] seeds, double hours, int threads, PlantedBug? bug, string? historyFile)
    {
        var watch = Stopwatch.StartNew();
        var printing = new Lock();
        var (done, failed, trips, events, commands, actions) = (0, 0, 0L, 0L, 0L, 0L);
        var (fixes, forgotten, missing) = (0L, 0L, 0L);
        var states = new SortedDictionary<string, long>(StringComparer.Ordinal);
        Parallel.ForEach(seeds, new ParallelOptions { MaxDegreeOfParallelism = threads }, seed =>
        {
            var run = SeedRun.Of(store, seed, hours, bug);
            lock (printing)
            {
                done++;
                failed += run.Checked.Violations.Count > 0 ? 1 : 0;
                trips += run.Checked.Trips;
                events += run.Checked.Events;
                commands += run.Checked.Commands;
                actions += run.Checked.Actions;
                fixes += run.Checked.Fixes.Logged;
                forgotten += run.Checked.Fixes.Forgotten;
                missing += run.Checked.Fixes.Missing;
                foreach (var (state, count) in run.Checked.TripsByState)
                {
                    states[state] = states.GetValueOrDefault(state) + count;
                }

                Tell(run, historyFile, seeds.Length);
                if (done % 100 == 0)
                {
                    Console.WriteLine(FormattableString.Invariant($"{done} seeds, {trips} trips, {failed} seeds with violations, {watch.Elapsed.TotalSeconds:F0} s"));
                }
            }
        });

        Console.WriteLine(FormattableString.Invariant(
            $"{done} seeds, {trips} trips ({string.Join(", ", states.Select(s => $"{s.Value} {s.Key}"))}), {events} events, {commands} commands, {actions} actions, {fixes} fixes ({forgotten} forgotten by the store, {missing} of them after they were told to be kept): {failed} seeds with violations, {watch.Elapsed.TotalSeconds:F1} s"));
        return failed > 0 ? 1 : 0;
    }

    private static void Tell(SeedRun run, string? historyFile, int seeds)
    {
        foreach (var violation in run.Checked.Violations.Take(5))
        {
            Console.WriteLine($"seed {run.Seed}: {violation}");
        }

        if (historyFile is not null && seeds == 1)
        {
            File.WriteAllLines(historyFile, [.. run.History.Entries.Select(e => e.Line), .. run.Checked.Violations.Select(v => "VIOLATION " + v)]);
            Console.WriteLine($"{run.History.Entries.Count} entries, digest {run.History.Digest()}, in {historyFile}");
        }
    }

    private static double Number(Dictionary<string, string> options, string name, double otherwise) =>
        !options.TryGetValue(name, out var text) ? otherwise
        : double.TryParse(text, CultureInfo.InvariantCulture, out var number) && number > 0 ? number
        : throw new FormatException($"{name} must be a number above 0, not '{text}'.");

    private static Dictionary<string, string> Parse(string[] args)
    {
        if (args.Length % 2 == 1 || args.Where((_, i) => i % 2 == 0).FirstOrDefault(a => !Usage.Contains("  " + a + " ", StringComparison.Ordinal)) is not null)
        {
            throw new FormatException($"What is not understood: {string.Join(' ', args)}");
        }

        return args.Chunk(2).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
    }
}
