using Google.Protobuf;
using RideTracking.Server.Hosting;
using StackExchange.Redis;

namespace RideTracking.Server.Store.Events;

/// <summary>
/// Events of an area in the order in which the store took them, each under the next cursor, without a gap. Scripts write
/// them, together with what caused them; this reads. The oldest are removed. Thread-safe.
/// </summary>
/// <param name="store">The store.</param>
/// <param name="events">Sorted set of events by cursor; each member is its cursor, a space and the event.</param>
/// <param name="cursor">String: the cursor of the last event.</param>
/// <param name="parser">Reads an event.</param>
/// <param name="number">Writes the cursor into an event that was read.</param>
internal sealed class EventLog<T>(RedisStore store, RedisKey events, RedisKey cursor, MessageParser<T> parser, Action<T, ulong> number)
    where T : IMessage<T>
{
    private readonly Pulse _written = new();

    /// <summary>Completes when this node has written something more.</summary>
    public Task NextWrite => _written.Next;

    /// <summary>Rises each time the store is back: it may not be as it was.</summary>
    public int Restorations => store.Restorations;

    /// <summary>Tells who waits that this node has written something.</summary>
    public void Written() => _written.Beat();

    /// <summary>The cursor of the newest event; 0 before the first.</summary>
    /// <exception cref="RedisException">The store is away.</exception>
    public async Task<ulong> NewestAsync() => (ulong)await store.Bulk.StringGetAsync(cursor);

    /// <summary>The cursor before the oldest event that is kept: who is behind it has missed some.</summary>
    /// <exception cref="RedisException">The store is away.</exception>
    public async Task<ulong> OldestAsync()
    {
        // The cursor first: what is written between the two reads is after it, and nobody's loss.
        var newest = await NewestAsync();
        var oldest = await store.Bulk.SortedSetRangeByRankWithScoresAsync(events, 0, 0);
        return oldest.Length == 0 ? newest : (ulong)oldest[0].Score - 1;
    }

    /// <summary>Events after a cursor, oldest first; those that cannot be read are passed over.</summary>
    /// <exception cref="RedisException">The store is away.</exception>
    public async Task<EventPage<T>> ReadAsync(ulong afterCursor, int most)
    {
        var members = await store.Bulk.SortedSetRangeByScoreWithScoresAsync(events, afterCursor, exclude: Exclude.Start, take: most);
        return members.Length == 0
            ? new EventPage<T>([], afterCursor + 1, afterCursor, IsLast: true)
            : new EventPage<T>(
                [.. members.Select(m => store.Unreadable.Read(RecordKind.Event, events, $"{m.Score:F0}", (byte[])m.Element!, Parse)).OfType<T>()],
                (ulong)members[0].Score, (ulong)members[^1].Score, members.Length < most);
    }

    /// <summary>Removes the events up to a cursor.</summary>
    /// <exception cref="RedisException">The store is away; removing may be repeated.</exception>
    public Task RemoveThroughAsync(ulong last) => store.Writes.SortedSetRemoveBelowAsync(events, (long)last + 1);

    private T Parse(byte[] member)
    {
        var (at, record) = NumberedRecord.Read(member);
        var happened = parser.ParseFrom(record.Span);
        number(happened, at);
        return happened;
    }
}
