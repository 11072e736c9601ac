using Google.Protobuf;
using RideTracking.Server.Hosting;
using StackExchange.Redis;

namespace RideTracking.Server.Store.Events;

/// <summary>
/// Events of an area in the order in which the store took them, each under the next number, without a gap, and with a token
/// (<see cref="EventPosition"/>). Scripts write them, together with what caused them; this reads. The oldest are removed.
/// Thread-safe.
/// </summary>
/// <param name="store">The store.</param>
/// <param name="events">Sorted set of events by number; each member is a <see cref="EventEntry"/>.</param>
/// <param name="last">String: number and token of the last event.</param>
/// <param name="parser">Reads an event.</param>
/// <param name="place">Writes into an event that was read where it stands.</param>
internal sealed class EventLog<T>(RedisStore store, RedisKey events, RedisKey last, MessageParser<T> parser, Action<T, EventPosition> place)
    where T : IMessage<T>
{
    private readonly Pulse _written = new();

    /// <summary>Completes when this node has written something more.</summary>
    public Task NextWrite => _written.Next;

    /// <summary>Tells who waits that this node has written something.</summary>
    public void Written() => _written.Beat();

    /// <summary>The place of the newest event.</summary>
    /// <exception cref="RedisException">The store is away.</exception>
    public async Task<EventPosition> NewestAsync() => EventPosition.OfLast((byte[]?)await store.Bulk.StringGetAsync(last));

    /// <summary>The place before the oldest event that is kept: who is behind it has missed some.</summary>
    /// <exception cref="RedisException">The store is away.</exception>
    public async Task<EventPosition> OldestAsync()
    {
        // The newest first: what is written between the two reads is after it, and nobody's loss.
        var newest = await NewestAsync();
        var oldest = await store.Bulk.SortedSetRangeByRankWithScoresAsync(events, 0, 0);
        return oldest.Length == 0 ? newest : EntryOf(oldest[0]).Before;
    }

    /// <summary>Events after a number, oldest first. Of those that cannot be read there is the place only.</summary>
    /// <exception cref="RedisException">The store is away.</exception>
    public async Task<EventPage<T>> ReadAsync(ulong afterNumber, int most)
    {
        // Sent together, and read in this order: what is written in between is after the newest.
        var newest = NewestAsync();
        var read = store.Bulk.SortedSetRangeByScoreWithScoresAsync(events, afterNumber, exclude: Exclude.Start, take: most);
        await Task.WhenAll(newest, read);
        return new EventPage<T>(
            await newest,
            [.. (await read).Select(EntryOf).Select(e => (e, store.Unreadable.Read(RecordKind.Event, events, $"{e.At.Number}", e, Parse)))],
            (await read).Length < most);
    }

    /// <summary>Removes the events up to a number.</summary>
    /// <exception cref="RedisException">The store is away; removing may be repeated.</exception>
    public Task RemoveThroughAsync(ulong number) => store.Writes.SortedSetRemoveBelowAsync(events, (long)number + 1);

    private static EventEntry EntryOf(SortedSetEntry member) => EventEntry.Read((ulong)member.Score, (byte[])member.Element!);

    private T Parse(EventEntry entry)
    {
        var happened = parser.ParseFrom(entry.Record.Span);
        place(happened, entry.At);
        return happened;
    }
}
