using RideTracking.Engine.Dispatch;
using RideTracking.Engine.Geo;
using RideTracking.Server.Areas;
using RideTracking.Server.Directories;
using RideTracking.Server.Trips;
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
    private readonly List<NodeRun> _runs = [];
    private readonly NodeRun?[] _nodes;
    private readonly List<SimulatedDriver> _drivers = [];
    private readonly List<SimulatedRider> _riders = [];
    private int _tripIds;

    public City(IDatabase database, bool isEmbedded, int seed, double hours, PlantedBug? bug)
    {
        _database = database;
        Chance = new Chance(seed);
        Conditions = new Conditions(Chance, hours);
        // The area is part of every key and every id: runs share a store, and have the same history wherever they run.
        Keys = new StoreKeys($"sim{seed}");
        _watch = new StoreWatch(database, Keys, Queue, History);
        _watch.Published += Publish;
        if (isEmbedded)
        {
            _watch.OutboxChanged += TellNodes;
        }

        Store = new SharedStore(database, isEmbedded, _watch, bug is null ? null : bug.ChangeScript);
        PlantedDecision = bug?.ChangeDecision;
        _nodes = new NodeRun?[Conditions.Nodes];
        Queue.AfterEach = () =>
        {
            foreach (var run in _nodes)
            {
                run?.LookAtMatching();
            }
        };
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

    public Decision? PlantedDecision { get; }

    /// <summary>Whose events are nobody else's.</summary>
    public Life Life { get; } = new();

    /// <summary>Whether things may go wrong.</summary>
    public bool IsDay { get; private set; } = true;

    /// <summary>Nobody does anything any more.</summary>
    public bool IsOver { get; private set; }

    public StoreTrouble StoreTrouble => IsDay ? Conditions.Trouble : StoreTrouble.None;

    public IReadOnlyList<NodeRun> ServingNodes => [.. _nodes.OfType<NodeRun>().Where(n => n.IsServing)];

    /// <summary>Somewhere within some 3 km.</summary>
    public GeoPoint SomePlace() => new(Center.LatitudeDegrees + Chance.Number(-0.02, 0.02), Center.LongitudeDegrees + Chance.Number(-0.03, 0.03));

    public string SomeDriver() => Chance.Pick(_drivers).Id;

    public string NewTripId() => $"{Keys.Area}.{++_tripIds:x32}";

    /// <summary>Lets the day and the evening pass.</summary>
    public FinalStore Run()
    {
        EnterDrivers();
        for (var i = 0; i < _nodes.Length; i++)
        {
            StartNode(i);
        }

        _drivers.ForEach(d => d.Start());
        RidersCome();
        ThingsGoWrong();
        CompanyActs();
        Queue.RunUntil(Morning + Conditions.Day);
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
        return _watch.Final();
    }

    public void Dispose()
    {
        _runs.ForEach(r => r.Dispose());
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

    // Every node hears of it a little later, or not at all.
    private void Publish(ReadOnlyMemory<byte> entry)
    {
        foreach (var run in _nodes.OfType<NodeRun>().Where(_ => !Chance.Of(Conditions.LostMessages)))
        {
            Queue.After(Chance.Milliseconds(0.3, 5), run.Life, () => run.Hear(entry));
        }
    }

    // On the embedded store, which has no feed and no second node outside of here.
    private void TellNodes(string driverId)
    {
        foreach (var run in _nodes.OfType<NodeRun>())
        {
            Queue.After(Chance.Milliseconds(0.3, 5), run.Life, () => run.Outbox.Look(driverId));
        }
    }

    private void StartNode(int i)
    {
        var run = new NodeRun(this, $"n{i}", Chance.Milliseconds(-1, 1) * Conditions.ClockError.TotalMilliseconds);
        _nodes[i] = run;
        _runs.Add(run);
        run.Start();
    }

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

    private void ThingsGoWrong()
    {
        Wrong(Conditions.NodeDeaths, KillNode);
        Wrong(Conditions.NodeFreezes, () => FreezeNode(Chance.Seconds(1, 40)));
        Wrong(Conditions.StoreOutages, () => LoseStore(Chance.Seconds(1, 60)));
        Wrong(Conditions.StoreStalls, () =>
        {
            Store.StalledUntil = Queue.Now + Chance.Seconds(1, 20);
            Note($"the store stalls until {Store.StalledUntil:HH:mm:ss.fff}");
        });
    }

    private void CompanyActs()
    {
        Wrong(Conditions.Blocks, () =>
        {
            var driver = SomeDriver();
            Dispatch(driver, _ => new BlockRequested(driver, "a complaint"));
            Queue.After(Chance.Seconds(5, 200), Life, () => Unblock(driver));
        });
        Wrong(Conditions.RouteChanges, () =>
        {
            var driver = SomeDriver();
            Dispatch(driver, node => node.Book.PlanOf(driver).Route is { } route ? new RouteOutdated(driver, route.Version, RouteChangeReason.RoadsChanged) : null);
        });
        Wrong(Conditions.RouteChanges, () =>
        {
            var driver = SomeDriver();
            var place = Chance.Number(1, 20);
            Call(
                async node =>
                {
                    await node.Dispatcher.TellAsync(driver, CommandWire.QueuePosition("z1", "Station", place, 20, 5, node.Clock.GetUtcNow()));
                    return "";
                },
                _ => { });
        });
    }

    private void Unblock(string driver) => Dispatch(driver, _ => new BlockRequested(driver, null));

    private void Dispatch(string driver, Func<NodeRun, DispatchEvent?> what) => Call(
        async node =>
        {
            if (what(node) is { } happened)
            {
                await node.Dispatcher.DispatchAsync(null, happened);
            }

            return driver;
        },
        _ => { });

    private void Wrong(TimeSpan mean, Action happens) => Every(() => Chance.Exponential(mean), () =>
    {
        if (IsDay)
        {
            happens();
        }
    });

    private void KillNode()
    {
        var i = Chance.Number(0, _nodes.Length);
        if (_nodes[i] is { } run)
        {
            Note($"{run.Name} dies");
            run.Die();
            _nodes[i] = null;
            Queue.After(Chance.Seconds(1, 60), Life, () => StartAgain(i));
        }
    }

    private void StartAgain(int i)
    {
        if (_nodes[i] is null)
        {
            Note($"n{i} starts again");
            StartNode(i);
        }
    }

    private void FreezeNode(TimeSpan span)
    {
        if (Chance.Pick(_nodes) is { } run)
        {
            run.Life.FrozenUntil = Queue.Now + span;
            Note($"{run.Name} freezes for {span}");
        }
    }

    private void LoseStore(TimeSpan span)
    {
        if (!Store.IsAway)
        {
            Store.IsAway = true;
            Note($"the store is away for {span}");
            Queue.After(span, Life, FindStore);
        }
    }

    private void FindStore()
    {
        if (Store.IsAway)
        {
            Store.IsAway = false;
            Note("the store is back");
            foreach (var run in _nodes.OfType<NodeRun>())
            {
                Queue.After(Chance.Milliseconds(1, 2000), run.Life, run.Reload);
            }
        }
    }

    private void BeginEvening()
    {
        IsDay = false;
        Note("evening");
        Store.StalledUntil = DateTimeOffset.MinValue;
        FindStore();
        for (var i = 0; i < _nodes.Length; i++)
        {
            StartAgain(i);
            _nodes[i]!.Life.FrozenUntil = DateTimeOffset.MinValue;
        }

        _drivers.ForEach(d => d.ComeBack());
        foreach (var driver in _drivers)
        {
            Queue.After(TimeSpan.FromSeconds(20), Life, () => Unblock(driver.Id));
        }
    }

    private bool IsSettled() =>
        _riders.TrueForAll(r => r.IsSettled) && _drivers.TrueForAll(d => d.IsSettled)
        && _database.SortedSetLength(Keys.Deadlines) == 0
        && _drivers.TrueForAll(d => _database.HashLength(Keys.Outbox(d.Id)) <= 1);

    private void Note(string what) => History.Add(new Fault(Queue.Now, what));
}
