using Garnet.common;
using Microsoft.Extensions.Options;
using RideTracking.Server.Hosting;
using StackExchange.Redis;

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

    /// <summary>What the file with this start's secret is called, in the store's folder.</summary>
    internal const string SecretFileName = "secret";

    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    private readonly StoreRuns _runs = new(options, loggers);
    private FileStream? _lock;
    private long _failedAt;
    private int _compactions;
    private CancellationTokenSource? _stopping;
    private Task _looking = Task.CompletedTask;

    /// <summary>Whether its files were taken away while it runs. It would go on in memory, and come back with nothing.</summary>
    public bool IsLost => _lock is { } held && _runs.Current is { } run && !(File.Exists(held.Name) && run.Folder.Progress.IsNoted) && run == _runs.Current;

    /// <summary>What Garnet itself could not do, and has left half done; null when there is nothing.</summary>
    public string? Fault => _runs.Fault;

    /// <summary>Whether it answers nobody, since its disk could not be written; it goes on by itself when there is room.</summary>
    internal bool IsDiskFull => _runs.Current?.WriteFailure is not null;

    /// <summary>How often what it holds was copied into a new file.</summary>
    public int Compactions => Volatile.Read(ref _compactions);

    /// <summary>How large its append-only file is, in bytes; 0 when it is not used.</summary>
    public long LogBytes => _runs.Current?.Folder.Bytes ?? 0;

    /// <summary>For tests: told the folder that everything was copied into, before it is opened as the store.</summary>
    internal Func<string, Task> Copied
    {
        set => _runs.Copied = value;
    }

    private long MaxLogBytes => options.Value.MaxLogMegabytes << 20;

    private long MinFreeBytes => (long)options.Value.MinFreeDiskMegabytes << 20;

    /// <summary>Where its files are.</summary>
    internal static string FolderIn(string dataFolder) => Path.GetFullPath(Path.Combine(dataFolder, "store"));

    /// <summary>Starts the server and returns how to connect to it, with its secret; null when another Redis is configured.</summary>
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
        GarnetRun run;
        try
        {
            run = await OpenAsync(folder, cancellationToken);
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException or GarnetException or RedisException)
        {
            throw new StartException($"The embedded store in {folder} cannot be opened: {e.Message}", e);
        }

        WriteSecret(folder);
        LogStarted(run.Port, folder);
        _stopping = new CancellationTokenSource();
        _looking = loops.Create("store_compaction", TimeProvider.System).EveryAsync(LookInterval, LookAsync, _stopping.Token);
        return _runs.Configuration;
    }

    /// <summary>Notes how far it has got, so that a start which finds less knows that something is lost.</summary>
    /// <param name="write">Writes something; what was there before is in the file when it is done.</param>
    internal Task NoteProgressAsync(Func<Task> write) => _runs.NoteProgressAsync(write);

    public async ValueTask DisposeAsync()
    {
        if (_stopping is not null)
        {
            await _stopping.CancelAsync();
            await _looking;
            _stopping.Dispose();
            _stopping = null;
        }

        await _runs.DisposeAsync();
        if (_lock is not null)
        {
            await _lock.DisposeAsync();
            _lock = null;
        }
    }

    /// <summary>Copies what it holds into a new file, which takes the place of the one that it has.</summary>
    /// <exception cref="Exception">It could not; it goes on with the file that it had, or <see cref="Fault"/> says that it cannot.</exception>
    internal async Task CompactAsync(CancellationToken stopping)
    {
        var (before, started) = (LogBytes, TimeProvider.System.GetTimestamp());
        LogCompacting(before >> 20);
        // Until it has succeeded.
        _failedAt = before;
        await _runs.CopyAsync(stopping);
        _failedAt = 0;
        Interlocked.Increment(ref _compactions);
        LogCompacted(before >> 20, LogBytes >> 20, TimeProvider.System.GetElapsedTime(started));
    }

    private async Task<GarnetRun> OpenAsync(string folder, CancellationToken stopping)
    {
        var log = LogFolder.Current(folder);
        // What Garnet would not bear is cut off before it sees it.
        var unreadable = StoreDamage.Of(log);
        if (unreadable is { } part)
        {
            RequireToStartDamaged(log, part.Words);
            new AppendOnlyFile(log.Path).CutAt(part.At);
        }

        var first = await _runs.OpenAsync(log);
        if ((unreadable?.Words ?? await StoreDamage.OfAsync(first)) is { } damage)
        {
            RequireToStartDamaged(log, damage);
            LogDamaged(log.Path, damage);
            first.ForgetFaults();
            // What comes after a damage must not follow it in the same file.
            await CompactAsync(stopping);
        }
        else if (IsDue(Math.Min(MaxBytesAtStart, MaxLogBytes)))
        {
            await TryCompactAsync(stopping);
        }

        var run = _runs.Current ?? throw new InvalidDataException(Fault);
        run.Folder.DeleteOthers();
        run.Folder.Progress.Write(await run.AppliedAsync());
        return run;
    }

    // Whoever may read the store's files may look into it while it runs, too.
    private void WriteSecret(string folder)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var file = new StreamWriter(Path.Combine(folder, SecretFileName), options);
        file.Write(_runs.Secret);
    }

    private bool IsDue(long most) => LogBytes is var bytes && bytes > most && bytes > Growth * Math.Max(_runs.Current!.Folder.CopiedBytes, _failedAt);

    private async Task LookAsync(CancellationToken stopping)
    {
        if (_runs.Current is not { } run)
        {
            return;
        }

        var failure = run.WriteFailure;
        if (StoreDisk.Refusal(run.Folder.Path, MinFreeBytes, isFailing: failure is not null) is { } refusal)
        {
            await _runs.RefuseAsync(refusal);
        }
        else if (failure is not null)
        {
            await _runs.ReopenAsync(failure);
            LogReopened(failure);
        }
        else
        {
            _runs.Admit();
            if (IsDue(MaxLogBytes))
            {
                await TryCompactAsync(stopping);
            }
        }
    }

    private async Task TryCompactAsync(CancellationToken stopping)
    {
        try
        {
            await CompactAsync(stopping);
        }
        catch (Exception e) when (e is not OperationCanceledException || !stopping.IsCancellationRequested)
        {
            // A store of this process is not away; this is told each time.
            LogCompactionFailed(e);
        }
    }

    private void RequireToStartDamaged(LogFolder log, string damage)
    {
        if (!options.Value.StartDamaged)
        {
            throw new StoreDamagedException(
                $"The embedded store's files in {log.Path} are damaged: {damage}. Nothing was changed. Put a copy of the folder in its place that is whole; "
                + "or start once with --Store:StartDamaged true, which keeps what is whole and forgets the rest. Copy the folder away before that.");
        }
    }

    [LoggerMessage(LogLevel.Information, "Embedded store on 127.0.0.1:{Port}, data in {Folder}")]
    private partial void LogStarted(int port, string folder);

    [LoggerMessage(LogLevel.Information, "The embedded store copies what it holds into a new file, since the one that it has is {Megabytes} MB large; what writes waits, and at the end of it what reads")]
    private partial void LogCompacting(long megabytes);

    [LoggerMessage(LogLevel.Information, "The embedded store has a file of {After} MB instead of {Before} MB, after {Elapsed}")]
    private partial void LogCompacted(long before, long after, TimeSpan elapsed);

    [LoggerMessage(LogLevel.Error, "The embedded store could not copy what it holds into a new file; the one that it has keeps growing, and it tries again when that has doubled")]
    private partial void LogCompactionFailed(Exception exception);

    [LoggerMessage(LogLevel.Warning, "The embedded store could not write its file ({Failure}); it can again, and goes on with what is in it: what was not in it was not answered for")]
    private partial void LogReopened(string failure);

    [LoggerMessage(LogLevel.Critical, "The embedded store's files in {Folder} were damaged and it starts with what is whole (Store:StartDamaged): {Damage}")]
    private partial void LogDamaged(string folder, string damage);
}
