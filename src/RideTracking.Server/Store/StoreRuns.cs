using System.Security.Cryptography;
using Microsoft.Extensions.Options;

namespace RideTracking.Server.Store;

/// <summary>
/// The run of Garnet that is the embedded store, and the next one that takes its place over a new file. Meanwhile writes are
/// refused, and a kill, or whatever goes wrong, leaves the file that there was.
/// </summary>
/// <remarks><see cref="Fault"/> and <see cref="NoteProgressAsync"/> from any thread; the rest by one.</remarks>
internal sealed class StoreRuns(IOptions<StoreOptions> options, ILoggerFactory loggers) : IAsyncDisposable
{
    private readonly WriteGate _gate = new();

    // Held while one run takes the place of another: what is noted is of one of them.
    private readonly SemaphoreSlim _switching = new(1);

    private volatile GarnetRun? _current;
    private volatile string? _fault;

    /// <summary>The store; null before it is open, and when it is lost (<see cref="Fault"/>).</summary>
    public GarnetRun? Current => _current;

    /// <summary>What who connects must know; the same for all runs, since connections come back to the next one.</summary>
    public string Secret { get; } = RandomNumberGenerator.GetHexString(64);

    /// <summary>How to connect to the store while it is open; with its secret, so not to be shown.</summary>
    public string? Configuration => _current is { } run ? $"127.0.0.1:{run.Port},password={Secret}" : null;

    /// <summary>What has left the store half done, or without a file; null when there is nothing.</summary>
    public string? Fault => _fault ?? _current?.Faults.FirstOrDefault();

    /// <summary>For tests: told the folder that everything was copied into, before it is opened as the store.</summary>
    internal Func<string, Task> Copied { get; set; } = _ => Task.CompletedTask;

    /// <summary>Opens the first one.</summary>
    public async Task<GarnetRun> OpenAsync(LogFolder folder) => _current = await StartAsync(folder, GarnetRun.AnyPort(), _gate);

    /// <summary>Copies what the store holds into a new file, which takes the place of the one that it has.</summary>
    /// <param name="stopping">It is given up, and goes on with the file that it has.</param>
    /// <exception cref="Exception">It could not; it goes on with the file that it had, or <see cref="Fault"/> says that it cannot.</exception>
    public async Task CopyAsync(CancellationToken stopping)
    {
        var old = _current!;
        await _switching.WaitAsync(stopping);
        try
        {
            await _gate.CloseAsync(Apply.Opening);
            var next = old.Folder.Next();
            try
            {
                await FollowAsync(old, next, await CopyAsync(old, next, stopping));
            }
            catch
            {
                next.Delete();
                throw;
            }

            old.Folder.Delete();
        }
        finally
        {
            _gate.Open();
            _switching.Release();
        }
    }

    /// <summary>Refuses writes until <see cref="Admit"/>.</summary>
    /// <param name="refusal">What they are answered: a code that <see cref="StoreFailure"/> knows, and why.</param>
    public Task RefuseAsync(string refusal) => _gate.CloseAsync(refusal);

    /// <summary>Takes writes again.</summary>
    public void Admit() => _gate.Open();

    /// <summary>
    /// Begins again with what is in the file, as a start does: Garnet writes nothing more into one after a write that failed. What memory has beyond it
    /// was never answered for.
    /// </summary>
    /// <param name="reason">Why, for <see cref="Fault"/> when that does not succeed either.</param>
    public async Task ReopenAsync(string reason)
    {
        var old = _current!;
        await _switching.WaitAsync();
        try
        {
            await _gate.CloseAsync(Apply.Opening);
            await old.DisposeAsync();
            await GoBackAsync(old, reason);
        }
        finally
        {
            _gate.Open();
            _switching.Release();
        }
    }

    /// <summary>Notes how far it has got, so that a start which finds less knows that something is lost.</summary>
    /// <param name="write">Writes something; what was there before is in the file when it is done.</param>
    public async Task NoteProgressAsync(Func<Task> write)
    {
        if (!await _switching.WaitAsync(TimeSpan.Zero))
        {
            await write();
            return;
        }

        try
        {
            var run = _current;
            var applied = run is null ? default : await run.AppliedAsync();
            await write();
            run?.Folder.Progress.Write(applied);
        }
        finally
        {
            _switching.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_current is { } run)
        {
            _current = null;
            await run.DisposeAsync();
        }
    }

    private async Task<Applied> CopyAsync(GarnetRun old, LogFolder next, CancellationToken stopping)
    {
        Applied copied;
        await using (var copy = await StartAsync(next, GarnetRun.AnyPort(), new WriteGate()))
        {
            await StoreCopy.RunAsync(old.Connection, copy.Connection, stopping);
            copied = await copy.AppliedAsync();
        }

        await Copied(next.Path);
        // What memory has and the file has not must not become the store.
        RequireNoFault(old);
        return copied;
    }

    // The new file is run again as at any start, and is the store only when all of it was found whole.
    private async Task FollowAsync(GarnetRun old, LogFolder next, Applied copied)
    {
        await old.DisposeAsync();
        GarnetRun? run = null;
        try
        {
            RequireReadable(next);
            run = await StartAsync(next, [old.Port], _gate);
            RequireNoFault(run);
            if (run.Replay.HasGap || await run.AppliedAsync() != copied)
            {
                throw new InvalidDataException("What was copied was not found again.");
            }

            next.Succeed(copied);
            _current = run;
        }
        catch (Exception e)
        {
            await (run?.DisposeAsync() ?? ValueTask.CompletedTask);
            // The disk may be full of it.
            next.Delete();
            await GoBackAsync(old, $"what it holds could not be copied ({e.Message})");
            throw;
        }
    }

    // Its file was not touched.
    private async Task GoBackAsync(GarnetRun old, string reason)
    {
        _current = null;
        try
        {
            RequireReadable(old.Folder);
            var run = await StartAsync(old.Folder, [old.Port], _gate);
            _current = run;
            if (await StoreDamage.OfAsync(run) is { } damage)
            {
                throw new InvalidDataException(damage);
            }
        }
        catch (Exception e)
        {
            _fault = $"{reason}, and its file could not be opened again ({e.Message})";
        }
    }

    private static void RequireReadable(LogFolder folder)
    {
        if (StoreDamage.Of(folder) is { } damage)
        {
            throw new InvalidDataException(damage.Words);
        }
    }

    private static void RequireNoFault(GarnetRun run)
    {
        if (run.Faults.FirstOrDefault() is { } fault)
        {
            throw new InvalidDataException(fault);
        }
    }

    private Task<GarnetRun> StartAsync(LogFolder folder, IEnumerable<int> ports, WriteGate gate) =>
        GarnetRun.StartAsync(folder, ports, options.Value.EmbeddedMemoryMegabytes, Secret, gate, loggers);
}
