using Google.Protobuf;
using Grpc.Core;
using RideTracking.Server.Hosting;
using RideTracking.Server.Protocol;

namespace RideTracking.Server.Store.Events;

/// <summary>
/// Streams of an <see cref="EventLog{T}"/>: first what is kept after a cursor, then what happens. Each reads from the store
/// after its own cursor, as fast as it is read: nothing waits in memory for a slow one.
/// </summary>
/// <param name="log">The events.</param>
/// <param name="clock">For waiting.</param>
/// <param name="maxWatchers">Streams that may be open at once, and the setting that says so.</param>
internal sealed class EventWatch<T>(EventLog<T> log, ServerClock clock, (int Count, string Setting) maxWatchers)
    where T : IMessage<T>
{
    private const int PageEvents = 500;

    // Another node's events are found by looking.
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(20);

    private readonly StreamLimit _open = new("TOO_MANY_WATCHERS", maxWatchers.Count, "streams of these events may be open", maxWatchers.Setting);

    /// <summary>Tells events until it is cancelled. The first telling is empty: who was told its cursor misses nothing after it.</summary>
    /// <param name="afterCursor">Where to begin; null for what happens from now on.</param>
    /// <param name="wanted">Which events are told.</param>
    /// <param name="tellAsync">Writes events, none after a long silence, and the cursor to go on after.</param>
    /// <param name="cancellation">Ends the stream.</param>
    /// <exception cref="RpcException">OUT_OF_RANGE when events after the cursor are not kept any more, or were never there; RESOURCE_EXHAUSTED.</exception>
    public async Task RunAsync(ulong? afterCursor, Func<T, bool> wanted, Func<IEnumerable<T>, ulong, Task> tellAsync, CancellationToken cancellation)
    {
        using var place = _open.Enter();
        await WatchAsync(afterCursor is { } after ? await KnownAsync(after) : await log.NewestAsync(), wanted, tellAsync, cancellation);
    }

    private async Task WatchAsync(ulong cursor, Func<T, bool> wanted, Func<IEnumerable<T>, ulong, Task> tellAsync, CancellationToken cancellation)
    {
        await tellAsync([], cursor);
        var toldAt = clock.Machine.GetTimestamp();
        var checkedAt = toldAt;
        var restorations = log.Restorations;
        while (true)
        {
            var next = log.NextWrite;
            var page = await TryReadAsync(cursor);
            if (page.First > cursor + 1)
            {
                await KnownAsync(cursor); // Too slow: what comes next was removed meanwhile.
            }

            var isEmpty = page.Through == cursor;
            cursor = page.Through;
            List<T> told = [.. page.Events.Where(wanted)];
            if (told.Count > 0 || clock.Machine.GetElapsedTime(toldAt) >= LongestSilence)
            {
                await tellAsync(told, cursor);
                toldAt = clock.Machine.GetTimestamp();
            }

            if (isEmpty)
            {
                if (log.Restorations != restorations || clock.Machine.GetElapsedTime(checkedAt) >= LongestSilence)
                {
                    // A store that lost writes, or was emptied, numbers its events again: there would never be anything after the cursor.
                    (restorations, checkedAt) = (await TryKnowAsync(cursor) ? log.Restorations : restorations, clock.Machine.GetTimestamp());
                }

                await Task.WhenAny(next, Task.Delay(LookInterval, clock.Machine, cancellation));
            }

            cancellation.ThrowIfCancellationRequested();
        }
    }

    private async Task<EventPage<T>> TryReadAsync(ulong cursor)
    {
        try
        {
            return await log.ReadAsync(cursor, PageEvents);
        }
        catch (Exception e) when (StoreFailure.Passes(e))
        {
            return new EventPage<T>([], cursor + 1, cursor, IsLast: true); // It goes on when the store is back.
        }
    }

    private async Task<bool> TryKnowAsync(ulong cursor)
    {
        try
        {
            await KnownAsync(cursor);
            return true;
        }
        catch (Exception e) when (StoreFailure.Passes(e))
        {
            return false;
        }
    }

    private async Task<ulong> KnownAsync(ulong cursor)
    {
        var oldest = await log.OldestAsync();
        if (cursor < oldest)
        {
            throw Refusal.OutOfRange(
                "CURSOR_TOO_OLD", $"The events after {cursor} are not kept any more. Begin anew after {oldest}, and ask for the state by other means.",
                ("oldest_cursor", $"{oldest}")).ToRpcException();
        }

        // Read after the oldest: what is written in between is no reason.
        var newest = await log.NewestAsync();
        return cursor <= newest
            ? cursor
            : throw Refusal.OutOfRange(
                "CURSOR_UNKNOWN",
                $"The newest event is {newest}, so {cursor} is not one of these: the store has lost events, or was emptied. Begin anew after {newest}, and ask for the state by other means.",
                ("newest_cursor", $"{newest}")).ToRpcException();
    }
}
