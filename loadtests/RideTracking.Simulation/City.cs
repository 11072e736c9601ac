using RideTracking.Engine.Geo;
using RideTracking.Server.Areas;
using RideTracking.Server.Directories;
using RideTracking.Simulation.Actors;
using RideTracking.Simulation.Bugs;
using RideTracking.Simulation.Checking;
using RideTracking.Simulation.Nodes;
using RideTracking.Simulation.Store;
using RideTracking.Simulation.Time;
using StackExchange.Redis;
using StoreFailure = RideTracking.Server.Store.StoreFailure;

namespace RideTracking.Simulation;

/// <summary>
/// A city for one run: nodes, a store, drivers and riders, on one thread, one queue and one source of chance. It has a day, on
/// which everything may go wrong, and an evening, on which nothing does until all is settled.
/// </summary>
internal sealed class City : IDisposable
{
    private static readonly DateTimeOffset Morning = new(2026, 1, 1, 8, 0, 0, TimeSpan.Zero);
    private static readonly GeoPoint Center = new(41.15, -8.61);

    private readonly IDatabase _database;
    private readonly StoreWatch _watch;
    private readonly Cluster _cluster;
    private readonly Faults _faults;
    private readonly Company _company;
    private readonly List<SimulatedDriver> _drivers = [];
    private readonly List<SimulatedRider> _riders = [];
    private readonly bool _isEmbedded;
    private int _tripIds;
    private ulong _tokens;

    public City(IDatabase database, bool isEmbedded, int seed, double hours, PlantedBug? bug)
    {
        _database = database;
        Chance = new Chance(seed);
        Conditions = new Conditions(Chance, hours, isEmbedded);
        _isEmbedded = isEmbedded;
        Planted = bug;
        // The area is part of every key and every id: runs share a store, and have the same history wherever they run.
        Keys = new StoreKeys($"sim{seed}");
        _watch = new StoreWatch(database, Keys, Queue, History);
        _cluster = new Cluster(this, Conditions.Nodes);
        _faults = new Faults(this, _cluster);
        _company = new Company(this, _faults);
        _watch.Published += entry => _cluster.Publish(run => run.Hear(entry));
        _watch.Log.Published += entry => _cluster.Publish(run => run.HearLog(entry));
        if (isEmbedded)
        {
            _watch.OutboxChanged += TellNodes;
        }

        Store = new SharedStore(database, isEmbedded, _watch, Queue, bug);
        Queue.AfterEach = _cluster.LookAround;
        for (var i = 0; i < Conditions.Drivers; i++)
        {
            _drivers.Add(new SimulatedDriver(this, $"d{i}", Chance.Of(Conditions.Sleepers)));
        }
    }

    public EventQueue Queue { get; } = new(Morning);

    public Chance Chance { get; }

    public Conditions Conditions { get; }

    public StoreKeys Keys { get; }

    public SharedStore Store { get; }

    public History History { get; } = new();

    /// <summary>A mistake made on purpose.</summary>
    public PlantedBug? Planted { get; }

    /// <summary>Whose events are nobody else's.</summary>
    public Life Life { get; } = new();

    /// <summary>Whether things may go wrong.</summary>
    public bool IsDay { get; private set; } = true;

    /// <summary>Nobody does anything any more.</summary>
    public bool IsOver { get; private set; }

    public StoreTrouble StoreTrouble => IsDay ? Conditions.Trouble : StoreTrouble.None;

    public IReadOnlyList<NodeRun> ServingNodes => _cluster.Serving;

    /// <summary>Somewhere within some 3 km.</summary>
    public GeoPoint SomePlace() => new(Center.LatitudeDegrees + Chance.Number(-0.02, 0.02), Center.LongitudeDegrees + Chance.Number(-0.03, 0.03));

    public string SomeDriver() => Chance.Pick(_drivers).Id;

    public string NewTripId() => TripId(++_tripIds);

    public ulong NextToken() => ++_tokens;

    /// <summary>Lets the day and the evening pass.</summary>
    public FinalStore Run()
    {
        EnterDrivers();
        for (var i = 0; i < _cluster.Count; i++)
        {
            _cluster.Start(i);
        }

        _drivers.ForEach(d => d.Start());
        RidersCome();
        _faults.Begin();
        _company.Begin();
        Every(() => TimeSpan.FromSeconds(20), ShowMemory);
        Queue.RunUntil(Morning + Conditions.Day);
        Queue.RunUntil(_faults.UndisturbedUntil > Queue.Now ? _faults.UndisturbedUntil : Queue.Now);
        BeginEvening();
        // Longer than what may still come of a trip for later: its time, a search, and the longest trip, twice.
        var latest = Queue.Now + TimeSpan.FromMinutes(26);
        while (!IsSettled() && Queue.Now < latest)
        {
            Queue.RunUntil(Queue.Now + TimeSpan.FromSeconds(30));
        }

        // What is under way arrives: acknowledgements, late answers.
        IsOver = true;
        Queue.RunUntil(Queue.Now + TimeSpan.FromSeconds(30));
        _drivers.ForEach(d => d.ShowWay());
        ShowMemory();
        ShowLinks();
        _watch.Log.Show();
        return _watch.Final();
    }

    public void Dispose()
    {
        _cluster.Dispose();
        Store.Clear();
    }

    /// <summary>Calls some node over the network, as a rider's app or the company does; perhaps no answer ever comes.</summary>
    public void Call<T>(Func<NodeRun, Task<T?>> call, Action<T?> answered)
        where T : class
    {
        var nodes = ServingNodes;
        if (nodes.Count == 0)
        {
            return;
        }

        var node = Chance.Pick(nodes);
        Queue.After(Chance.Milliseconds(5, 150), node.Life, () => node.Watch("a call", CallAsync()));

        async Task CallAsync()
        {
            T? answer;
            try
            {
                answer = await call(node);
            }
            catch (Exception e) when (StoreFailure.Passes(e))
            {
                // The caller gets UNAVAILABLE.
                answer = null;
            }

            Queue.After(Chance.Milliseconds(5, 150), Life, () => answered(answer));
        }
    }

    /// <summary>Again and again, each time after another while.</summary>
    public void Every(Func<TimeSpan> interval, Action happens) => Queue.After(interval(), Life, () =>
    {
        Every(interval, happens);
        happens();
    });

    private void EnterDrivers()
    {
        foreach (var driver in _drivers)
        {
            _database.HashSet(CompanyKeys.Directory("drivers"), driver.Id, Google.Protobuf.MessageExtensions.ToByteArray(new V1.Driver { DriverId = driver.Id }));
        }
    }

    private void ShowMemory()
    {
        foreach (var run in ServingNodes)
        {
            var isCalm = !_isEmbedded && _faults.IsCalm(run);
            History.Add(run.ShowMemory(isCalm, Enumerable.Range(1, _tripIds).Select(TripId), _drivers.Select(d => d.Id)));
        }
    }

    private void ShowLinks()
    {
        foreach (var run in _isEmbedded ? [] : ServingNodes)
        {
            var inStore = _database.HashKeys(Keys.Nodes).Select(n => n.ToString()).Where(n => !n.StartsWith('#') && !run.IsOwnWriter(n))
                .SelectMany(n => _database.HashKeys(Keys.Links(n))).Select(d => d.ToString()).ToHashSet(StringComparer.Ordinal);
            History.Add(new LinksShown(
                Queue.Now, run.Name, [.. _drivers.Select(d => d.Id).Where(run.KnowsConnectedElsewhere)], [.. _drivers.Select(d => d.Id).Where(inStore.Contains)]));
        }
    }

    // On the embedded store, which has no feed and no second node outside of here.
    private void TellNodes(string driverId)
    {
        foreach (var run in _cluster.Running)
        {
            Queue.After(Chance.Milliseconds(0.3, 5), run.Life, () => run.Outbox.Look(driverId));
        }
    }

    private string TripId(int number) => $"{Keys.Area}.{number:x32}";

    private void RidersCome() => Queue.After(Chance.Exponential(Conditions.BetweenRequests), Life, () =>
    {
        if (IsDay)
        {
            var rider = new SimulatedRider(this, $"r{_riders.Count}");
            _riders.Add(rider);
            rider.Start();
            RidersCome();
        }
    });

    private void BeginEvening()
    {
        IsDay = false;
        _faults.End();
        _drivers.ForEach(d => d.ComeBack());
        foreach (var driver in _drivers)
        {
            Queue.After(TimeSpan.FromSeconds(20), Life, () => _company.Unblock(driver.Id));
        }
    }

    private bool IsSettled() =>
        _riders.TrueForAll(r => r.IsSettled) && _drivers.TrueForAll(d => d.IsSettled)
        && _database.SortedSetLength(Keys.Deadlines) == 0
        && _drivers.TrueForAll(d => _database.HashLength(Keys.Outbox(d.Id)) <= 1);
}
