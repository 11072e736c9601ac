using RideTracking.Server.Store;
using StackExchange.Redis;

namespace RideTracking.Benchmarks.Kills.Loads;

/// <summary>
/// Holds what a store has after a kill against a Redis that was told the same calls and never died: of each load it must be
/// what all its answered calls left, or one more.
/// </summary>
/// <param name="loads">The loads.</param>
/// <param name="reference">The Redis, empty at first.</param>
/// <param name="keepsEach">Whether to remember what there was after each call, for <see cref="FaultsOfPrefixAsync"/>.</param>
internal sealed class StoreTrial(IReadOnlyList<StoreLoad> loads, IConnectionMultiplexer reference, bool keepsEach)
{
    private readonly StoreWriter _reference = new(reference.GetDatabase(), isEmbedded: false, new RecordFormat());
    private readonly Dictionary<StoreLoad, List<string>> _dumps = loads.ToDictionary(l => l, _ => new List<string>());
    private readonly Dictionary<StoreLoad, int> _made = loads.ToDictionary(l => l, _ => 0);

    /// <summary>Calls that were in doubt and turned out to be written.</summary>
    public int Written { get; private set; }

    /// <summary>Calls that were in doubt and turned out not to be.</summary>
    public int NotWritten { get; private set; }

    /// <summary>What is wrong.</summary>
    public async Task<List<string>> FaultsAsync(IConnectionMultiplexer store)
    {
        var faults = new List<string>();
        foreach (var load in loads)
        {
            var found = await StoreDump.OfAsync(store, load.Area);
            var answered = await AfterAsync(load, load.Answered);
            var isInDoubt = load.Calls.Count > load.Answered;
            if (found == answered)
            {
                NotWritten += isInDoubt ? 1 : 0;
                load.Settle(wasWritten: false);
            }
            else if (isInDoubt && found == await AfterAsync(load, load.Calls.Count))
            {
                Written++;
                load.Settle(wasWritten: true);
            }
            else
            {
                faults.Add($"{load.Area} after {load.Answered} calls: {FirstDifference(found, answered)}");
            }
        }

        return faults;
    }

    /// <summary>
    /// What is wrong with a store that has lost its newest calls: of each load it must be what some of its calls left, and no
    /// call may be there that began after one that is not there was answered.
    /// </summary>
    /// <param name="store">The store.</param>
    /// <returns>The faults, and how many calls are there.</returns>
    public async Task<(List<string> Faults, int Calls)> FaultsOfPrefixAsync(IConnectionMultiplexer store)
    {
        var faults = new List<string>();
        var (calls, newest, missing) = (0, 0L, long.MaxValue);
        foreach (var load in loads)
        {
            await AfterAsync(load, load.Answered);
            var found = await StoreDump.OfAsync(store, load.Area);
            // Calls that change nothing are there and not there.
            var (first, last) = (_dumps[load].IndexOf(found), _dumps[load].LastIndexOf(found));
            if (first < 0)
            {
                faults.Add($"{load.Area}: is as it never was");
                continue;
            }

            calls += last;
            newest = Math.Max(newest, first == 0 ? 0 : load.Calls[first - 1].Begun);
            missing = Math.Min(missing, last == load.Answered ? long.MaxValue : load.Calls[last].Answered);
        }

        if (newest > missing)
        {
            faults.Add("A call is there that began after another was answered, which is not");
        }

        return (faults, calls);
    }

    // What the reference has after so many calls; each is made once.
    private async Task<string> AfterAsync(StoreLoad load, int calls)
    {
        var dumps = _dumps[load];
        if (keepsEach && dumps.Count == 0)
        {
            dumps.Add("");
        }

        while (_made[load] < calls)
        {
            await load.Calls[_made[load]++].Call(_reference);
            if (keepsEach)
            {
                dumps.Add(await StoreDump.OfAsync(reference, load.Area));
            }
        }

        return keepsEach ? dumps[calls] : await StoreDump.OfAsync(reference, load.Area);
    }

    private static string FirstDifference(string found, string expected)
    {
        string[] there = found.Split('\n'), wanted = expected.Split('\n');
        return $"there is [{string.Join(" | ", there.Except(wanted).Take(3))}], there was [{string.Join(" | ", wanted.Except(there).Take(3))}]";
    }
}
