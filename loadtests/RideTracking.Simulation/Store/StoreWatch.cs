using System.Text;
using RideTracking.Server.Areas;
using RideTracking.Server.Store.Events;
using RideTracking.Simulation.Checking;
using RideTracking.Simulation.Time;
using StackExchange.Redis;

namespace RideTracking.Simulation.Store;

/// <summary>
/// Writes down what the store holds after each script: the trips, plans and outboxes that it may have touched, as far as they
/// changed. What the checker knows of the store comes from here, past everything that decides.
/// </summary>
internal sealed class StoreWatch(IDatabase database, StoreKeys keys, EventQueue queue, History history)
{
    private Dictionary<string, string> _last = [];
    private (Dictionary<string, string> Last, double Published) _kept = ([], 0);
    private readonly string _trips = keys.Trip("").ToString();
    private readonly string _outboxes = keys.Outbox("").ToString();
    private int _looks;
    private double _published;

    /// <summary>Called with each entry of the area's feed.</summary>
    public event Action<ReadOnlyMemory<byte>>? Published;

    /// <summary>Called with a driver's id when the driver's outbox has changed.</summary>
    public event Action<string>? OutboxChanged;

    /// <summary>Sees the log of fixes.</summary>
    public LogWatch Log { get; } = new(database, keys, queue, history);

    /// <summary>What all keys of the run begin with.</summary>
    public string KeyPrefix => keys.Generation.ToString()[..(keys.Generation.ToString().IndexOf('}', StringComparison.Ordinal) + 1)];

    /// <summary>The store goes back to what it holds now.</summary>
    public void Keep()
    {
        history.Add(new StoreKept(queue.Now));
        _kept = (new(_last), _published);
        Log.Keep();
    }

    /// <summary>It has gone back.</summary>
    public void Forget()
    {
        (_last, _published) = (new(_kept.Last), _kept.Published);
        Log.Forget();
        history.Add(new StoreForgot(queue.Now));
    }

    /// <summary>Looks at what a script with these keys may have touched.</summary>
    /// <param name="touched">Its keys.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="storeTime">What the store's clock says.</param>
    public void Look(RedisKey[] touched, RedisValue[] arguments, DateTimeOffset storeTime)
    {
        _looks++;
        var trips = Named(touched, _trips).ToArray();
        var drivers = Named(touched, _outboxes).Distinct(StringComparer.Ordinal).ToArray();
        // Sent together, awaited together: one round trip.
        var readTrips = trips.Select(id => (Id: id, Record: database.StringGetAsync(keys.Trip(id)), Due: database.SortedSetScoreAsync(keys.Deadlines, id))).ToArray();
        var readDrivers = drivers.Select(id => (Id: id, Plan: database.HashGetAsync(keys.Plans, id), Outbox: database.HashGetAllAsync(keys.Outbox(id)))).ToArray();
        foreach (var (id, record, due) in readTrips)
        {
            var (text, dueAt) = (Text(Now(record)), (long?)Now(due));
            Note("trip " + id, text.Length == 0 && dueAt is null ? "" : $"{text} {dueAt}", () => new TripStored(queue.Now, _looks, id, text, dueAt));
        }

        foreach (var (id, plan, outbox) in readDrivers)
        {
            var record = Text(Now(plan));
            Note("plan " + id, record, () => new PlanStored(queue.Now, _looks, id, record));
            var entries = Now(outbox).OrderBy(e => (string)e.Name!, StringComparer.Ordinal)
                .Select(e => new OutboxEntry((string)e.Name!, (byte[])e.Value!)).ToArray();
            var text = string.Join('\n', entries.Select(e => e.Field + " " + Convert.ToBase64String(e.Value)));
            if (Note("outbox " + id, text, () => new OutboxStored(queue.Now, _looks, id, entries)))
            {
                OutboxChanged?.Invoke(id);
            }
        }

        Log.Look(touched, arguments, drivers, _looks, storeTime);
        if (touched.Contains(keys.Nodes))
        {
            LookAtLeases(storeTime);
        }

        if (touched.Contains(keys.DispatchFeed.Head))
        {
            LookAtFeed();
        }
    }

    private void LookAtLeases(DateTimeOffset storeTime)
    {
        LeaseField[] fields =
        [
            .. database.HashGetAll(keys.Nodes).Select(e => new LeaseField((string)e.Name!, (string)e.Value!))
                .Where(f => f.Name is not ("#seen" or "#judged")).OrderBy(f => f.Name, StringComparer.Ordinal),
        ];
        Note("leases", string.Join(' ', fields.Select(f => f.Name + "=" + f.Value)), () => new LeasesStored(queue.Now, _looks, storeTime.ToUnixTimeMilliseconds(), fields));
    }

    // Everything that a script publishes is in the list, too.
    private void LookAtFeed()
    {
        foreach (var entry in database.SortedSetRangeByScoreWithScores(keys.DispatchFeed.Entries, _published, exclude: Exclude.Start))
        {
            _published = entry.Score;
            Published?.Invoke((byte[])entry.Element!);
        }
    }

    /// <summary>What is left when all is over.</summary>
    public FinalStore Final()
    {
        var deadlines = database.SortedSetRangeByRank(keys.Deadlines).Select(id => (string)id!).ToArray();
        var plans = database.HashGetAll(keys.Plans).OrderBy(e => (string)e.Name!, StringComparer.Ordinal)
            .ToDictionary(e => (string)e.Name!, e => Text(e.Value), StringComparer.Ordinal);
        var trips = _last.Keys.Where(k => k.StartsWith("trip ", StringComparison.Ordinal)).Select(k => k["trip ".Length..])
            .ToDictionary(id => id, id => Text(database.StringGet(keys.Trip(id))), StringComparer.Ordinal);
        var events = database.SortedSetRangeByRankWithScores(keys.TripEvents).Select(ReadEvent).ToArray();
        return new FinalStore(trips, plans, deadlines, events);
    }

    private bool Note(string what, string found, Func<Entry> entry)
    {
        if (_last.GetValueOrDefault(what, "") == found)
        {
            return false;
        }

        _last[what] = found;
        history.Add(entry());
        return true;
    }

    private static (ulong Number, string TripId, ulong Version) ReadEvent(SortedSetEntry entry)
    {
        var stored = EventEntry.Read((ulong)entry.Score, (byte[])entry.Element!);
        var logged = V1.LoggedTripEvent.Parser.ParseFrom(stored.Record.Span);
        return (stored.At.Number, logged.TripId, logged.Event.Version);
    }

    private static IEnumerable<string> Named(RedisKey[] touched, string prefix) =>
        touched.Select(k => k.ToString()).Where(k => k.StartsWith(prefix, StringComparison.Ordinal) && k.Length > prefix.Length).Select(k => k[prefix.Length..]);

    private static T Now<T>(Task<T> read) => read.GetAwaiter().GetResult();

    private static string Text(RedisValue value) => value.IsNull ? "" : Encoding.UTF8.GetString((byte[])value!);
}
