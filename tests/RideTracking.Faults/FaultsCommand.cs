using System.Globalization;
using RideTracking.Faults.Plants;
using RideTracking.Faults.Schedule;

namespace RideTracking.Faults;

/// <summary>The long form: one seed after the other, or one planted mistake after the other.</summary>
internal static class FaultsCommand
{
    public const string Usage =
        """
        --minutes M        how long faults come (5)
        --seed S           the first seed (1)
        --runs N           so many seeds, one after the other (1)
        --store KIND       single, replicated or cluster (single)
        --nodes N          server nodes (3)
        --drivers N        drivers (150)
        --riders N         riders (40)
        --longest S        longest fault in seconds (40)
        --only KINDS       only these faults, by comma
        --wait             acknowledgements and answers wait for the replica, of --store replicated
        --everysec         Redis writes to disk each second, of --store single
        --upgrade          nodes that are rolled come back as another version
        --emptied          the store is emptied now and then, too
        --plant N          a planted mistake, or all: one after the other, each must be reported
        --list-plants      what there is to plant
        --keep             keeps what processes wrote
        """;

    // What is stuck stays stuck: nobody waits for it long.
    private static readonly TimeSpan PlantSettles = TimeSpan.FromMinutes(1);

    public static async Task<int> RunAsync(string[] args)
    {
        var (options, runs, plants) = Read(args);
        if (plants is null)
        {
            for (var i = 0; i < Plant.All.Length; i++)
            {
                Console.WriteLine($"{i + 1} {Plant.All[i].Name}");
            }

            return 0;
        }

        var failed = false;
        foreach (var plant in plants)
        {
            for (var run = 0; run < runs; run++)
            {
                var report = await FaultRun.RunAsync(With(options, plant) with { Seed = options.Seed + run });
                Console.WriteLine(report);
                failed |= plant == 0 ? report.Violations.Total > 0 : !report.IsPlantReported;
                if (plant != 0)
                {
                    Console.WriteLine($"planted: {Plant.All[plant - 1].Name}: {(report.IsPlantReported ? "reported" : "NOT REPORTED")}");
                }
            }
        }

        return failed ? 1 : 0;
    }

    private static RigOptions With(RigOptions options, int plant) => plant == 0 ? options : options with
    {
        Plant = plant,
        Settles = PlantSettles,
        Only = options.Only.Count > 0 ? options.Only : Plant.All[plant - 1].BroughtOutBy,
    };

    // No plants where they are only to be listed.
    private static (RigOptions Options, int Runs, int[]? Plants) Read(string[] args)
    {
        var options = new RigOptions { Say = Console.WriteLine };
        var (runs, plants) = (1, (int[]?)[0]);
        for (var i = 0; i < args.Length; i++)
        {
            string Next() => ++i < args.Length ? args[i] : throw new FormatException($"{args[i - 1]} needs a value.");
            double Number() => double.Parse(Next(), CultureInfo.InvariantCulture);
            switch (args[i])
            {
                case "--minutes":
                    options = options with { Lasts = TimeSpan.FromMinutes(Number()) };
                    break;
                case "--seed":
                    options = options with { Seed = (int)Number() };
                    break;
                case "--runs":
                    runs = (int)Number();
                    break;
                case "--store":
                    options = options with { Store = Next() };
                    break;
                case "--nodes":
                    options = options with { Nodes = (int)Number() };
                    break;
                case "--drivers":
                    options = options with { Drivers = (int)Number() };
                    break;
                case "--riders":
                    options = options with { Riders = (int)Number() };
                    break;
                case "--longest":
                    options = options with { LongestFault = TimeSpan.FromSeconds(Number()) };
                    break;
                case "--only":
                    options = options with { Only = [.. Next().Split(',').Select(k => Enum.TryParse<FaultKind>(k, out var kind) ? kind : throw new FormatException($"There is no fault {k}."))] };
                    break;
                case "--wait":
                    options = options with { WaitsForReplica = true };
                    break;
                case "--everysec":
                    options = options with { IsEverySecond = true };
                    break;
                case "--upgrade":
                    options = options with { Upgrades = true };
                    break;
                case "--emptied":
                    options = options with { IsEmptied = true };
                    break;
                case "--plant" or "--plants":
                    plants = Next() is var which && which == "all" ? [.. Enumerable.Range(1, Plant.All.Length)] : [int.Parse(which, CultureInfo.InvariantCulture)];
                    break;
                case "--list-plants":
                    plants = null;
                    break;
                case "--keep":
                    options = options with { Keep = true };
                    break;
                default:
                    throw new FormatException($"There is no option {args[i]}.");
            }
        }

        return (options, runs, plants);
    }
}
