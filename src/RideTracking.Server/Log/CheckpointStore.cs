using System.Globalization;
using Microsoft.Extensions.Options;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;
using RideTracking.Server.Store;
using RideTracking.Server.Store.Events;
using StackExchange.Redis;

namespace RideTracking.Server.Log;

/// <summary>
/// The last checkpoint in the store: what the log has of every driver, up to a batch. It is written beside the one before, whole, before a
/// script makes it the last one; so it is there whole, or not at all, whoever else writes one and whenever one is interrupted. Thread-safe.
/// </summary>
internal sealed partial class CheckpointStore(
    RedisStore store, StoreKeys keys, LogReader reader, ServerClock clock, IOptions<LogOptions> options, ILogger<CheckpointStore> logger)
{
    // The embedded store takes calls of up to 1 MB.
    private const int BytesOfPart = 256 << 10;

    // Of segments that are covered, and of drivers, in one call.
    private const int AtATime = 500;

    /// <summary>Reads the last checkpoint.</summary>
    /// <param name="anew">What is in it is added there.</param>
    /// <returns>The segment from whose beginning the log is to be read; null where there is none, and where it cannot be read.</returns>
    /// <exception cref="RedisException">The store is away.</exception>
    public async Task<long?> ReadAsync(LoggedAnew anew)
    {
        // While it is read another one may take its place, and its parts go.
        for (var pointer = await PointerAsync(); Parse(pointer) is { } checkpoint;)
        {
            if (await ReadPartsAsync(checkpoint, anew))
            {
                return checkpoint.Segment;
            }

            var passed = pointer;
            pointer = await PointerAsync();
            if (pointer == passed)
            {
                LogUnreadable(checkpoint.Name);
                return null;
            }
        }

        return null;
    }

    /// <summary>What says where the last one is; empty for none.</summary>
    /// <exception cref="RedisException">The store is away.</exception>
    public async Task<string> PointerAsync() => (string?)await store.Bulk.StringGetAsync(keys.LogCheckpoint) ?? "";

    /// <summary>What it says; null for nothing, and for what nobody can read, which the next one replaces.</summary>
    public Checkpoint? Parse(string pointer) =>
        pointer.Length == 0 ? null : store.Unreadable.Read(RecordKind.LogCheckpoint, keys.LogCheckpoint, "", pointer, Checkpoint.Parse);

    /// <summary>Writes one, and makes it the last one.</summary>
    /// <param name="before">What says where the last one is now.</param>
    /// <param name="at">The last batch of the log that is surely in it.</param>
    /// <param name="segment">In which segment that stands.</param>
    /// <param name="drivers">What the log has, up to that batch at least.</param>
    /// <param name="reachAsync">Asked once it is copied: a batch of which surely nothing later is in it, and its segment; null where it was begun anew meanwhile.</param>
    /// <param name="stopping">The server stops.</param>
    /// <returns>The new one; null when another is the last one meanwhile, or the store has forgotten that batch.</returns>
    /// <exception cref="RedisException">The store is away, or refuses.</exception>
    public async Task<Checkpoint?> WriteAsync(
        string before, EventPosition at, long segment, LoggedDrivers drivers, Func<Task<(EventPosition At, long Segment)?>> reachAsync, CancellationToken stopping)
    {
        // Whoever was deleted before that batch, also if this node has not heard of it.
        foreach (var (driverId, through) in await ForgottenAsync())
        {
            drivers.Forget(driverId, through);
        }

        var name = EventPosition.NewToken();
        var parts = await WritePartsAsync(name, drivers, stopping);
        if (await reachAsync() is not { } reach)
        {
            return null;
        }

        var next = new Checkpoint(at, segment, name, parts);
        var reply = (string)(await StoreScript.LogCheckpoint.RunAsync(
            store.Writes,
            [keys.LogCheckpoint, keys.LogCheckpointParts(name), keys.LogCheckpointParts(Parse(before)?.Name ?? "-"), keys.LogSegment(reach.Segment)],
            [before, next.ToString(), reach.At.Number, reach.At.Token.ToString("x", CultureInfo.InvariantCulture), parts, clock.RealMilliseconds(StoreExpiries.LastCheckpoint)]))!;
        return reply == "ok" ? next : null;
    }

    /// <summary>Segments that a checkpoint covers go when their time is over.</summary>
    /// <param name="before">The first that is not covered.</param>
    /// <exception cref="RedisException">The store is away, or refuses.</exception>
    public async Task ExpireAsync(long before)
    {
        for (var first = await reader.OldestAsync(before); first < before; first += AtATime)
        {
            RedisKey[] covered = [.. Enumerable.Range(0, (int)Math.Min(AtATime, before - first)).Select(i => keys.LogSegment(first + i))];
            await StoreScript.LogExpire.RunAsync(store.Writes, covered, [clock.RealMilliseconds(options.Value.Retention + options.Value.SegmentLength)]);
        }
    }

    /// <summary>The oldest segment goes now, if the last checkpoint covers it.</summary>
    /// <exception cref="RedisException">The store is away, or refuses.</exception>
    public async Task<bool> DropOldestAsync()
    {
        if (Parse(await PointerAsync()) is not { } last || await reader.OldestAsync(last.Segment) is var oldest && oldest >= last.Segment)
        {
            return false;
        }

        await StoreScript.LogExpire.RunAsync(store.Writes, [keys.LogSegment(oldest)], [1]);
        return true;
    }

    /// <summary>Deleted drivers of whom nothing is in the log any more that is still read.</summary>
    /// <param name="covered">A checkpoint that another one has followed: nobody begins before it.</param>
    /// <exception cref="RedisException">The store is away, or refuses.</exception>
    public async Task ForgetAsync(Checkpoint covered)
    {
        foreach (var some in (await ForgottenAsync()).Where(f => f.Through < covered.At.Number).Chunk(AtATime))
        {
            await StoreScript.LogForget.RunAsync(store.Writes, [keys.LogForgotten], [.. some.SelectMany(f => new RedisValue[] { f.DriverId, f.Through })]);
        }
    }

    /// <summary>Deleted drivers, and up to which batch the log is to say nothing of them.</summary>
    /// <exception cref="RedisException">The store is away.</exception>
    public async Task<IEnumerable<(string DriverId, ulong Through)>> ForgottenAsync() =>
        (await store.Bulk.HashGetAllAsync(keys.LogForgotten)).Select(f => ((string)f.Name!, (ulong)f.Value));

    private async Task<int> WritePartsAsync(string name, LoggedDrivers drivers, CancellationToken stopping)
    {
        var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
        var (buffer, length, parts) = (new byte[BytesOfPart], 0, 0);
        foreach (var driver in drivers.All)
        {
            driver.Write(ref buffer, ref length, now);
            if (length >= BytesOfPart / 2)
            {
                stopping.ThrowIfCancellationRequested();
                await FlushAsync();
            }
        }

        if (length > 0 || parts == 0)
        {
            await FlushAsync();
        }

        return parts;

        async Task FlushAsync()
        {
            var part = buffer.AsSpan(0, length).ToArray();
            await StoreScript.LogCheckpointPart.RunAsync(store.Writes, [keys.LogCheckpointParts(name)], [part, clock.RealMilliseconds(StoreExpiries.CheckpointParts)]);
            (length, parts) = (0, parts + 1);
        }
    }

    private async Task<bool> ReadPartsAsync(Checkpoint checkpoint, LoggedAnew anew)
    {
        var key = keys.LogCheckpointParts(checkpoint.Name);
        for (var part = 0; part < checkpoint.Parts; part++)
        {
            var stored = await store.Bulk.ListGetByIndexAsync(key, part);
            if (stored.IsNull || store.Unreadable.Read(RecordKind.LogCheckpoint, key, $"{part}", (byte[])stored!, ReadPart) is not { } drivers)
            {
                return false;
            }

            drivers.ForEach(driver => anew.Add(driver, checkpoint.At.Number));
        }

        return true;
    }

    private static List<LoggedDriver> ReadPart(byte[] part)
    {
        var reader = new PackedReader(part);
        var drivers = new List<LoggedDriver>();
        while (!reader.AtEnd)
        {
            drivers.Add(LoggedDriver.Read(ref reader));
        }

        return drivers;
    }

    [LoggerMessage(LogLevel.Warning, "The log's last checkpoint ({Name}) cannot be read: the whole log is read instead, and apps send again what was logged before it")]
    private partial void LogUnreadable(string name);
}

/// <summary>What says where a checkpoint is, and how far it reaches.</summary>
/// <param name="At">The last batch of the log that is surely in it.</param>
/// <param name="Segment">From the beginning of which the log goes on after it.</param>
/// <param name="Name">Of its parts.</param>
/// <param name="Parts">How many they are.</param>
internal sealed record Checkpoint(EventPosition At, long Segment, string Name, int Parts)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{At.Number} {At.Token:x} {Segment} {Name} {Parts}");

    /// <summary>What <see cref="ToString"/> has made.</summary>
    /// <exception cref="FormatException">It has not.</exception>
    public static Checkpoint Parse(string pointer) => pointer.Split(' ') is [var number, var token, var segment, var name, var parts]
        ? new Checkpoint(
            new EventPosition(ulong.Parse(number, CultureInfo.InvariantCulture), EventPosition.ParseToken(token)),
            long.Parse(segment, CultureInfo.InvariantCulture), name, int.Parse(parts, CultureInfo.InvariantCulture))
        : throw new FormatException("It does not say where a checkpoint is.");
}
