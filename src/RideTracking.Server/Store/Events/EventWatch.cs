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
    /// <param name="begin">Where to begin.</param>
    /// <param name="wanted">Which events are told.</param>
    /// <param name="tellAsync">Writes events, none after a long silence, and the cursor to go on after.</param>
    /// <param name="cancellation">Ends the stream.</param>
    /// <exception cref="RpcException">
    /// OUT_OF_RANGE when events after the cursor are not kept any more, or it is none of the store's, now or at any time later;
    /// RESOURCE_EXHAUSTED.
    /// </exception>
    public async Task RunAsync(EventWatchBegin begin, Func<T, bool> wanted, Func<IEnumerable<T>, string, Task> tellAsync, CancellationToken cancellation)
    {
        using var place = _open.Enter();
        var at = begin.After ?? (begin.WithKept ? await log.OldestAsync() : await log.NewestAsync());
        // Refused before anything is told.
        await RequireAsync(await log.ReadAsync(at.Number, 1), at);
        await WatchAsync(at, wanted, tellAsync, cancellation);
    }

    private async Task WatchAsync(EventPosition at, Func<T, bool> wanted, Func<IEnumerable<T>, string, Task> tellAsync, CancellationToken cancellation)
    {
        await tellAsync([], $"{at}");
        var toldAt = clock.Machine.GetTimestamp();
        while (true)
        {
            var next = log.NextWrite;
            var found = await TryReadAsync(at);
            at = found.Count > 0 ? found[^1].Entry.At : at;
            List<T> told = [.. found.Select(e => e.Event).OfType<T>().Where(wanted)];
            if (told.Count > 0 || clock.Machine.GetElapsedTime(toldAt) >= LongestSilence)
            {
                await tellAsync(told, $"{at}");
                toldAt = clock.Machine.GetTimestamp();
            }

            if (found.Count == 0)
            {
                await Task.WhenAny(next, Task.Delay(LookInterval, clock.Machine, cancellation));
            }

            cancellation.ThrowIfCancellationRequested();
        }
    }

    private async Task<IReadOnlyList<(EventEntry Entry, T? Event)>> TryReadAsync(EventPosition at)
    {
        try
        {
            var page = await log.ReadAsync(at.Number, PageEvents);
            await RequireAsync(page, at);
            return page.Events;
        }
        catch (Exception e) when (StoreFailure.Passes(e))
        {
            return []; // It goes on when the store is back.
        }
    }

    // At each look, and not only at the first: a slow reader's next events may be gone, and a store that has forgotten its last
    // writes gives their numbers again, so that what comes next would seem to follow.
    private async Task RequireAsync(EventPage<T> page, EventPosition at)
    {
        var gap = page.GapAfter(at);
        if (gap == EventGap.None)
        {
            return;
        }

        var oldest = await log.OldestAsync();
        (string, string)[] cursors = [("oldest_cursor", $"{oldest}"), ("newest_cursor", $"{page.Newest}")];
        throw (gap == EventGap.Removed
            ? Refusal.OutOfRange("CURSOR_TOO_OLD", "The events after this cursor are not kept any more. Begin anew after oldest_cursor, and ask for the state by other means.", cursors)
            : Refusal.OutOfRange(
                "CURSOR_UNKNOWN",
                "This cursor is none of the store's: the store has lost its last events, or was emptied or replaced. Begin anew after newest_cursor, and ask for the state by other means.",
                cursors)).ToRpcException();
    }
}
