using RideTracking.Server.Hosting;
using RideTracking.Server.Store;
using RideTracking.Server.Store.Feeds;

namespace RideTracking.Server.Areas;

/// <summary>
/// One area, a city: the unit of partition. Everything of it in the store lies under its keys, everything of it in memory in
/// its own container (<see cref="AreaHost"/>), and it has one clock. A room that takes this takes no other way to the store.
/// </summary>
/// <param name="id">1 to 32 of a-z, 0-9 and '-': part of every key, and of the ids of trips, offers and links.</param>
/// <param name="store">The process's connections.</param>
/// <param name="clock">The area's time.</param>
/// <param name="loops">Makes its loops.</param>
public sealed class Area(string id, RedisStore store, ServerClock clock, Loops loops)
{
    /// <summary>Its id.</summary>
    public string Id => id;

    /// <summary>Its keys.</summary>
    public StoreKeys Keys { get; } = new(id);

    /// <summary>Its time.</summary>
    public ServerClock Clock => clock;

    /// <summary>
    /// Waits until the area's time is known, which the store says. After that, and where nobody says it, at once. Throws what the store does while it is away.
    /// </summary>
    internal Func<Task> TimeKnownAsync { get; set; } = () => Task.CompletedTask;

    /// <summary>For writing, whatever it is but the log.</summary>
    public StoreWriter Writes => store.Writes;

    /// <summary>For scripts that decide what other nodes must know.</summary>
    internal FeedWriter Feed { get; } = new(new StoreKeys(id).DispatchFeed);

    /// <summary>For reading what decides, and what a caller waits for.</summary>
    public StoreReader Trips => store.Trips;

    /// <summary>For reading much.</summary>
    public StoreReader Bulk => store.Bulk;

    /// <summary>
    /// Rises each time the store is back, or was found emptied or replaced: what is held in memory of it may be out of date then.
    /// </summary>
    public int StoreRestorations => store.Restorations;

    /// <summary>Rises each time the store was found emptied or replaced, as <see cref="StoreRestorations"/> does then too.</summary>
    public int StoreEmptyings => store.Emptyings;

    /// <summary>Rises each time the store was found to have forgotten something, or emptied: claims are to be made anew.</summary>
    internal int StoreForgettings => store.Forgettings;

    /// <summary>In which form records are written, and up to which they can be read.</summary>
    internal RecordFormat Format => store.Format;

    /// <summary>What in the store could not be read, and was left out.</summary>
    internal UnreadableRecords Unreadable => store.Unreadable;

    /// <summary>A loop that goes by the area's time.</summary>
    /// <param name="name">A constant: it is a metric's tag.</param>
    public Loop Loop(string name) => loops.Create(name, clock);

    /// <summary>A loop that goes by the machine's time, however fast the area's runs.</summary>
    /// <param name="name">A constant: it is a metric's tag.</param>
    public Loop MachineLoop(string name) => loops.Create(name, clock.Machine);
}
