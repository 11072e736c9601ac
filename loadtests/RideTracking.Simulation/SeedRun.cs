using System.Runtime.ExceptionServices;
using RideTracking.Simulation.Bugs;
using RideTracking.Simulation.Checking;
using RideTracking.Simulation.Store;

namespace RideTracking.Simulation;

/// <summary>One seed, run and checked.</summary>
/// <param name="Seed">Which.</param>
/// <param name="History">All that happened.</param>
/// <param name="Checked">What the checker says.</param>
internal sealed record SeedRun(int Seed, History History, CheckedRun Checked)
{
    /// <summary>Runs a city's day on a thread of its own and checks it.</summary>
    /// <param name="store">The store; runs with other seeds may use it at the same time.</param>
    /// <param name="seed">Says everything that happens.</param>
    /// <param name="hours">How long the day is, by the city's clock.</param>
    /// <param name="bug">A mistake to plant.</param>
    public static SeedRun Of(OpenedStore store, int seed, double hours, PlantedBug? bug = null)
    {
        SeedRun? run = null;
        ExceptionDispatchInfo? failure = null;
        // Whatever calls this may have a context to which continuations would go; a new thread has none.
        var thread = new Thread(() =>
        {
            try
            {
                using var city = new City(store.Redis.GetDatabase(), store.IsEmbedded, seed, hours, bug);
                var final = city.Run();
                run = new SeedRun(seed, city.History, Checker.Check(city.History, final));
            }
#pragma warning disable CA1031 // Told to the caller, on its own thread.
            catch (Exception e)
#pragma warning restore CA1031
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
        return run!;
    }
}
