using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using RideTracking.Benchmarks.Kills.Loads;
using RideTracking.Server.Hosting;
using RideTracking.Server.Store;
using StackExchange.Redis;

namespace RideTracking.Benchmarks.Kills;

/// <summary>The embedded store in a process of its own, without the server around it; to be killed.</summary>
internal static class StoreHost
{
    public const string Verb = "store-host";

    private const string Ready = "store at ";
    private const string Damaged = "--damaged";

    public static readonly TimeSpan NoteInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>In the process: serves until it is killed.</summary>
    public static async Task<int> RunAsync(string folder, string[] options)
    {
        using var loggers = LoggerFactory.Create(logging => logging.AddSimpleConsole(c => c.SingleLine = true).SetMinimumLevel(LogLevel.Warning));
        using var meter = new Meter("store-host");
        await using var store = new EmbeddedStore(
            Microsoft.Extensions.Options.Options.Create(new StoreOptions { StartDamaged = options.Contains(Damaged) }), Microsoft.Extensions.Options.Options.Create(new DataOptions { DataFolder = folder }), loggers,
            new Loops(new LoopMetrics(meter), _ => false, loggers), loggers.CreateLogger<EmbeddedStore>());
        string endpoint;
        try
        {
            endpoint = (await store.StartAsync(CancellationToken.None))!;
        }
        catch (StoreDamagedException e)
        {
            Console.WriteLine(e.Message);
            return 3;
        }

        Console.WriteLine(Ready + endpoint);
        await using var connection = await ConnectionMultiplexer.ConnectAsync($"{endpoint},asyncTimeout=60000,connectTimeout=60000");
        var writer = new StoreWriter(connection.GetDatabase(), isEmbedded: true, new RecordFormat());
        _ = Task.Run(() => CompactWhenToldAsync(store));
        using var notes = new PeriodicTimer(NoteInterval);
        while (await notes.WaitForNextTickAsync())
        {
            try
            {
                await store.NoteProgressAsync(() => writer.SetAsync("store-host:note", "", TimeSpan.FromMinutes(1)));
            }
            catch (Exception e) when (StoreFailure.Passes(e))
            {
                // It copies itself.
            }
        }

        return 0;
    }

    private static async Task CompactWhenToldAsync(EmbeddedStore store)
    {
        while (await Console.In.ReadLineAsync() is not null)
        {
            try
            {
                await store.CompactAsync(CancellationToken.None);
            }
            catch (Exception e)
            {
                Console.WriteLine($"The copy failed: {e}");
            }
        }
    }

    /// <summary>Starts such a process.</summary>
    /// <exception cref="InvalidOperationException">It did not start; the message is what it said.</exception>
    public static async Task<StoreProcess> StartAsync(string folder, bool damaged = false)
    {
        List<string> arguments = [typeof(StoreHost).Assembly.Location, Verb, folder];
        if (damaged)
        {
            arguments.Add(Damaged);
        }

        var process = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        var said = new List<string>();
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.StartsWith(Ready, StringComparison.Ordinal))
            {
                _ = Task.Run(PassOnAsync);
                return new StoreProcess(line[Ready.Length..], Compact, KillAsync);
            }

            said.Add(line);
        }

        throw new InvalidOperationException(string.Join('\n', said));

        async Task PassOnAsync()
        {
            while (await process.StandardOutput.ReadLineAsync() is { } line)
            {
                Console.WriteLine(line);
            }
        }

        void Compact()
        {
            try
            {
                process.StandardInput.WriteLine();
            }
            catch (IOException)
            {
                // It was killed before.
            }
        }

        async Task KillAsync()
        {
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }
    }
}
