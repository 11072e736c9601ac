using RideTracking.Server.Store;
using StackExchange.Redis;

namespace RideTracking.Benchmarks.Kills.Loads;

/// <summary>
/// Kills a process under load, again and again on the same files, half of the times while it copies what it holds into a new
/// one, and looks after the first start and after a second one that follows a kill at rest.
/// </summary>
/// <param name="start">Starts the process on the files.</param>
/// <param name="reference">A Redis, empty.</param>
/// <param name="seed">Decides.</param>
internal sealed class KillRun(Func<Task<StoreProcess>> start, IConnectionMultiplexer reference, int seed)
{
    // It refuses meanwhile, which is quick.
    private const int AnswersDuringCopy = 6000;

    private readonly Random _chance = new(seed);
    private readonly StoreLoad[] _loads = [.. Enumerable.Range(0, 3).SelectMany(i => StoreLoad.Some(seed + (10 * i), $"-{seed}-{i}"))];

    /// <summary>What was wrong.</summary>
    public List<string> Faults { get; } = [];

    /// <summary>Copies that were begun under load.</summary>
    public int Compactions { get; private set; }

    /// <summary>Calls that were answered.</summary>
    public int Answered => _loads.Sum(l => l.Answered);

    /// <summary>Calls that a kill left in doubt, and that were found written, or not.</summary>
    public (int Written, int NotWritten) InDoubt { get; private set; }

    /// <summary>Kills so many times.</summary>
    public async Task KillAsync(int kills)
    {
        var trial = new StoreTrial(_loads, reference, keepsEach: false);
        var process = await start();
        for (var kill = 0; kill < kills; kill++)
        {
            await using (var store = await ConnectAsync(process))
            {
                await LoadAndKillAsync(store, process);
            }

            for (var again = 0; again < 2; again++)
            {
                process = await start();
                await using (var store = await ConnectAsync(process))
                {
                    Faults.AddRange(from fault in await trial.FaultsAsync(store) select $"kill {kill + 1}, start {again + 1}: {fault}");
                }

                if (again == 0)
                {
                    await process.KillAsync();
                }
            }

            InDoubt = (trial.Written, trial.NotWritten);
        }

        await process.KillAsync();
    }

    /// <summary>A connection that fails at once when the process is gone.</summary>
    public static Task<ConnectionMultiplexer> ConnectAsync(StoreProcess process)
    {
        // What is slow is not yet dead.
        var settings = ConfigurationOptions.Parse($"{process.Endpoint},allowAdmin=true,asyncTimeout=60000,syncTimeout=60000,connectTimeout=60000");
        settings.BacklogPolicy = BacklogPolicy.FailFast;
        return ConnectionMultiplexer.ConnectAsync(settings);
    }

    private async Task LoadAndKillAsync(ConnectionMultiplexer store, StoreProcess process)
    {
        var writer = new StoreWriter(store.GetDatabase(), isEmbedded: true, new RecordFormat());
        var (end, answers) = (_chance.Next(20, 1500), 0);
        var compaction = _chance.Next(2 * end);
        if (compaction < end)
        {
            end = compaction + _chance.Next(AnswersDuringCopy);
        }

        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var loading = Task.WhenAll(_loads.Select(load => Task.Run(() => load.RunAsync(writer, int.MaxValue, Answered))));
        // The end of a copy cuts the connections, and a kill then is as good as any.
        await Task.WhenAny(reached.Task, loading);
        await process.KillAsync();
        await loading;

        void Answered()
        {
            var now = Interlocked.Increment(ref answers);
            if (now == compaction)
            {
                Compactions++;
                process.Compact();
            }

            if (now == end)
            {
                reached.TrySetResult();
            }
        }
    }
}
