using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;
using RideTracking.Server.Hosting;

namespace RideTracking.Server.Store;

/// <summary>
/// A Garnet server in this process, for a start without set-up. Used when no Redis is configured. Everything is written to it
/// by <see cref="Apply"/>, into an append-only file, which is all that it keeps: where that has grown, what the store holds is
/// copied into a new one, in a folder beside it (<see cref="LogFolder"/>). Writes are refused meanwhile, and connections break
/// off at the end of it and come back, as when a store goes away for a moment.
/// </summary>
public sealed partial class EmbeddedStore(
    IOptions<StoreOptions> options, IOptions<DataOptions> data, ILoggerFactory loggers, Loops loops, ILogger<EmbeddedStore> logger) : IAsyncDisposable
{
    // What a start may run again without anybody waiting for long.
    private const long MaxBytesAtStart = 64 << 20;

    // A file that was just copied is not copied again before it has doubled, and after a failure not before it has grown.
    private const int Growth = 2;

    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    private readonly WriteGate _gate = new();

    // Held while one run takes the place of another: what is noted is of one of them.
    private readonly SemaphoreSlim _switching = new(1);

    private FileStream? _lock;
    private int _port;
    private GarnetRun? _run;
    private string? _fault;
    private long _failedAt;
    private int _compactions;
    private CancellationTokenSource? _stopping;
    private Task _looking = Task.CompletedTask;

    /// <summary>Whether its files were taken away while it runs. It would go on in memory, and come back with nothing.</summary>
    public bool IsLost => _lock is { } held && _run is { } run && !(File.Exists(held.Name) && run.Folder.Progress.IsNoted);

    /// <summary>What Garnet itself could not do, and has left half done; null when there is nothing.</summary>
    public string? Fault => _fault ?? _run?.Faults.FirstOrDefault();

    /// <summary>How often what it holds was copied into a new file.</summary>
    public int Compactions => Volatile.Read(ref _compactions);

    /// <summary>How large its append-only file is; 0 when it is not used.</summary>
    public long LogBytes => _run?.Folder.Bytes ?? 0;

    /// <summary>For tests: told the folder that everything was copied into, before it is opened as the store.</summary>
    internal Func<string, Task> Copied { get; set; } = _ => Task.CompletedTask;

    private long MaxLogBytes => options.Value.MaxLogMegabytes << 20;

    /// <summary>Where its files are.</summary>
    internal static string FolderIn(string dataFolder) => Path.GetFullPath(Path.Combine(dataFolder, "store"));

    /// <summary>Starts the server and returns its endpoint, or null when another Redis is configured.</summary>
    /// <exception cref="StartException">The folder cannot be written, or another server has it.</exception>
    /// <exception cref="StoreDamagedException">Something that was written is not there, and it was not asked to start without it.</exception>
    public async Task<string?> StartAsync(CancellationToken cancellationToken)
    {
        if (options.Value.Redis.Length > 0)
        {
            return null;
        }

        var folder = FolderIn(data.Value.DataFolder);
        _lock = DataFolder.Use(folder, () => FolderLock.Take(folder));
        _port = FreePort();
        var log = DataFolder.Use(folder, () => LogFolder.Current(folder));
        _run = await OpenAsync(log, _port, _gate);
        var isWhole = await IsWholeAsync(_run);
        if (!isWhole || IsDue(Math.Min(MaxBytesAtStart, MaxLogBytes)))
        {
            await CompactAtStartAsync(isWhole);
        }

        _run.Folder.Progress.Write(await _run.AppliedAsync());
        LogStarted(_port, folder);
        _stopping = new CancellationTokenSource();
        _looking = loops.Create("store_compaction", TimeProvider.System).EveryAsync(LookInterval, _ => LookAsync(), _stopping.Token);
        return $"127.0.0.1:{_port}";
    }

    /// <summary>Notes how far it has got, so that a start which finds less knows that something is lost.</summary>
    /// <param name="write">Writes something; what was there before is in the file when it is done.</param>
    internal async Task NoteProgressAsync(Func<Task> write)
    {
        if (_run is null || !await _switching.WaitAsync(TimeSpan.Zero))
        {
            await write();
            return;
        }

        try
        {
            var applied = await _run.AppliedAsync();
            await write();
            _run.Folder.Progress.Write(applied);
        }
        finally
        {
            _switching.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_stopping is not null)
        {
            await _stopping.CancelAsync();
            await _looking;
            _stopping.Dispose();
            _stopping = null;
        }

        if (_run is not null)
        {
            await _run.DisposeAsync();
            _run = null;
        }

        if (_lock is not null)
        {
            await _lock.DisposeAsync();
            _lock = null;
        }
    }

    /// <summary>Copies what it holds into a new file, which takes the place of the one that it has.</summary>
    /// <exception cref="Exception">It could not; it goes on with the file that it had, or <see cref="Fault"/> says that it cannot.</exception>
    internal async Task CompactAsync()
    {
        await _switching.WaitAsync();
        try
        {
            var (old, started) = (_run!, TimeProvider.System.GetTimestamp());
            var before = old.Folder.Bytes;
            // Until it has succeeded.
            _failedAt = before;
            await _gate.CloseAsync();
            LogCompacting(before >> 20);
            var next = old.Folder.Next();
            try
            {
                var copied = await CopyAsync(old, next);
                await Copied(next.Path);
                await SwitchAsync(old, next, copied);
            }
            catch
            {
                next.Delete();
                throw;
            }

            old.Folder.Delete();
            _failedAt = 0;
            Interlocked.Increment(ref _compactions);
            LogCompacted(before >> 20, next.Bytes >> 20, TimeProvider.System.GetElapsedTime(started));
        }
        finally
        {
            _gate.Open();
            _switching.Release();
        }
    }

    private async Task<Applied> CopyAsync(GarnetRun old, LogFolder next)
    {
        await using var copy = await OpenAsync(next, FreePort(), new WriteGate());
        await StoreCopy.RunAsync(old.Connection, copy.Connection);
        return await copy.AppliedAsync();
    }

    // Its file is run again as at any start, and is the store only when all of it was found whole.
    private async Task SwitchAsync(GarnetRun old, LogFolder next, Applied copied)
    {
        await old.DisposeAsync();
        GarnetRun? run = null;
        try
        {
            run = await OpenAsync(next, _port, _gate);
            if (run.Replay.HasGap || run.Faults.Count > 0 || await run.AppliedAsync() is var found && found != copied)
            {
                throw new InvalidDataException($"what was copied is not whole {string.Join("; ", run.Faults)}");
            }

            next.Succeed(copied);
            _run = run;
        }
        catch (Exception e)
        {
            await GoBackAsync(old.Folder, run, e);
            throw;
        }
    }

    // Its file was not touched.
    private async Task GoBackAsync(LogFolder old, GarnetRun? run, Exception reason)
    {
        try
        {
            await (run?.DisposeAsync() ?? ValueTask.CompletedTask);
            _run = await OpenAsync(old, _port, _gate);
        }
        catch (Exception e)
        {
            _fault = $"what it holds could not be copied ({reason.Message}), nor its file opened again ({e.Message})";
        }
    }

    private Task<GarnetRun> OpenAsync(LogFolder folder, int port, WriteGate gate) =>
        GarnetRun.StartAsync(folder, port, options.Value.EmbeddedMemoryMegabytes, gate, loggers);

    private bool IsDue(long most)
    {
        var bytes = LogBytes;
        return bytes > most && bytes > Growth * _run!.Folder.CopiedBytes && bytes > Growth * _failedAt;
    }

    private async Task CompactAtStartAsync(bool isWhole)
    {
        try
        {
            await CompactAsync();
        }
        catch (Exception e) when (_fault is null && isWhole)
        {
            LogCompactionFailed(e);
        }
        catch (Exception e)
        {
            throw new StartException($"The embedded store could not copy what it holds into a new file: {_fault ?? e.Message}", e);
        }
    }

    private async Task LookAsync()
    {
        if (!IsDue(MaxLogBytes))
        {
            return;
        }

        try
        {
            await CompactAsync();
        }
        catch (Exception e)
        {
            // A store of this process is not away; this is told each time.
            LogCompactionFailed(e);
        }
    }

    // False when it was damaged and is to start all the same.
    private async Task<bool> IsWholeAsync(GarnetRun run)
    {
        if (await StoreDamage.OfAsync(run) is not { } damage)
        {
            return true;
        }

        if (!options.Value.StartDamaged)
        {
            throw new StoreDamagedException(
                $"The embedded store's files in {run.Folder.Path} are damaged: {damage}. Nothing was changed. Put a copy of the folder in its place that is whole; "
                + "or start once with --Store:StartDamaged true, which keeps what is whole and forgets the rest. Copy the folder away before that.");
        }

        LogDamaged(run.Folder.Path, damage);
        run.ForgetFaults();
        return false;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    [LoggerMessage(LogLevel.Information, "Embedded store on 127.0.0.1:{Port}, data in {Folder}")]
    private partial void LogStarted(int port, string folder);

    [LoggerMessage(LogLevel.Information, "The embedded store copies what it holds into a new file, since the one that it has is {Megabytes} MB large; what writes waits, and at the end of it what reads")]
    private partial void LogCompacting(long megabytes);

    [LoggerMessage(LogLevel.Information, "The embedded store has a file of {After} MB instead of {Before} MB, after {Elapsed}")]
    private partial void LogCompacted(long before, long after, TimeSpan elapsed);

    [LoggerMessage(LogLevel.Error, "The embedded store could not copy what it holds into a new file; the one that it has keeps growing, and it tries again when that has doubled")]
    private partial void LogCompactionFailed(Exception exception);

    [LoggerMessage(LogLevel.Critical, "The embedded store's files in {Folder} were damaged and it starts with what is whole (Store:StartDamaged): {Damage}")]
    private partial void LogDamaged(string folder, string damage);
}
