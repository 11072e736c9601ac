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

    // What went wrong may have been given up on, or waited for, for so long.
    private static readonly TimeSpan Aftermath = TimeSpan.FromSeconds(30);

    // Nodes look at the store's time every few seconds.
    private static readonly TimeSpan TimeCorrection = TimeSpan.FromSeconds(9);

    private readonly IDatabase _database;
    private readonly StoreWatch _watch;
    private readonly List<NodeRun> _runs = [];
    private readonly NodeRun?[] _nodes;
    private readonly List<SimulatedDriver> _drivers = [];
    private readonly List<SimulatedRider> _riders = [];
    private readonly SortedDictionary<string, GeoPoint> _places = new(StringComparer.Ordinal);
    private readonly bool _isEmbedded;
    private DateTimeOffset _troubledUntil = DateTimeOffset.MaxValue;
    private DateTimeOffset _undisturbedUntil = DateTimeOffset.MinValue;
    private bool _isFailingOver;
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
        _watch.Published += Publish;
        if (isEmbedded)
        {
            _watch.OutboxChanged += TellNodes;
        }

        Store = new SharedStore(database, isEmbedded, _watch, Queue, bug);
        _nodes = new NodeRun?[Conditions.Nodes];
        Queue.AfterEach = () =>
        {
            foreach (var run in _nodes)
            {
                run?.LookAround();
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

    /// <summary>A mistake made on purpose.</summary>
    public PlantedBug? Planted { get; }

    /// <summary>Whose events are nobody else's.</summary>
    public Life Life { get; } = new();

    /// <summary>Whether things may go wrong.</summary>
    public bool IsDay { get; private set; } = true;

    /// <summary>Nobody does anything any more.</summary>
    public bool IsOver { get; private set; }

    public StoreTrouble StoreTrouble => IsDay ? Conditions.Trouble : StoreTrouble.None;

    /// <summary>Where drivers were when they last sent a fix.</summary>
    public IReadOnlyDictionary<string, GeoPoint> Places => _places;

    public IReadOnlyList<NodeRun> ServingNodes => [.. _nodes.OfType<NodeRun>().Where(n => n.IsServing)];

    /// <summary>Somewhere within some 3 km.</summary>
    public GeoPoint SomePlace() => new(Center.LatitudeDegrees + Chance.Number(-0.02, 0.02), Center.LongitudeDegrees + Chance.Number(-0.03, 0.03));

    public string SomeDriver() => Chance.Pick(_drivers).Id;

    public string NewTripId() => TripId(++_tripIds);

    public ulong NextToken() => ++_tokens;

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
        Every(() => TimeSpan.FromSeconds(20), ShowMemory);
        _troubledUntil = Conditions.Trouble == StoreTrouble.None ? Queue.Now : DateTimeOffset.MaxValue;
        Queue.RunUntil(Morning + Conditions.Day);
        Queue.RunUntil(_undisturbedUntil > Queue.Now ? _undisturbedUntil : Queue.Now);
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

    /// <summary>A node has a fix of a driver: it is in the log, and every other node reads it there.</summary>
    public void Placed(NodeRun node, string driverId, GeoPoint at, byte[] lastFix)
    {
        _places[driverId] = at;
        Store.Put(Keys.LastFixes, driverId, lastFix);
        foreach (var run in _nodes.OfType<NodeRun>().Where(n => n != node))
        {
            Queue.After(Chance.Milliseconds(5, 400), run.Life, () => run.PlaceElsewhere(driverId, at));
        }
    }

    // Every node hears of it a little later, or not at all.
    private void Publish(ReadOnlyMemory<byte> entry)
    {
        foreach (var run in _nodes.OfType<NodeRun>().Where(n => !Chance.Of(Conditions.LostMessages) && n.DeafUntil <= Queue.Now))
        {
            Queue.After(Chance.Milliseconds(0.3, 5), run.Life, () => run.Hear(entry));
        }
    }

    private void ShowMemory()
    {
        foreach (var run in ServingNodes)
        {
            var isCalm = !_isEmbedded && !Store.IsAway && _troubledUntil <= Queue.Now && run.IsWellFor(Aftermath);
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
        foreach (var run in _nodes.OfType<NodeRun>())
        {
            Queue.After(Chance.Milliseconds(0.3, 5), run.Life, () => run.Outbox.Look(driverId));
        }
    }

    private string TripId(int number) => $"{Keys.Area}.{number:x32}";

    private void StartNode(int i)
    {
        var run = new NodeRun(this, $"n{i}-{_runs.Count}", Chance.Milliseconds(-1, 1) * Conditions.ClockError.TotalMilliseconds);
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
        Wrong(Conditions.NodeFreezes, () => FreezeNode(Chance.Of(0.5) ? Chance.Seconds(1, 8) : Chance.Seconds(8, 100)));
        Wrong(Conditions.SubscriptionCuts, () => CutSubscription(Chance.Seconds(2, 60)));
        Wrong(Conditions.ClockSteps, ReplaceStore);
        Wrong(Conditions.Forgettings, () => FailOver(Chance.Seconds(0.05, 3), isNoticed: Chance.Of(0.5)));
        Wrong(Conditions.StoreOutages, () => LoseStore(Chance.Seconds(1, 60)));
        Wrong(Conditions.StoreStalls, () =>
        {
            Store.StalledUntil = Queue.Now + Chance.Seconds(1, 20);
            Trouble(Store.StalledUntil);
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
        if (IsDay && _undisturbedUntil <= Queue.Now)
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
        if (_undisturbedUntil > Queue.Now)
        {
            Queue.At(_undisturbedUntil, Life, () => StartAgain(i));
        }
        else if (_nodes[i] is null)
        {
            Note($"n{i} starts again");
            StartNode(i);
        }
    }

    private void FreezeNode(TimeSpan span)
    {
        if (Chance.Pick(_nodes) is { } run)
        {
            var isMachine = Chance.Of(0.5);
            Note($"{run.Name} {(isMachine ? "sleeps" : "freezes")} for {span}");
            run.Freeze(span, isMachine);
            foreach (var line in run.Lines.Values)
            {
                // Phones and balancers do not wait forever.
                var patience = Chance.Seconds(10, 60);
                if (patience < span)
                {
                    Queue.After(patience, Life, line.Cut);
                }
            }
        }
    }

    private void CutSubscription(TimeSpan span)
    {
        if (Chance.Pick(_nodes) is { } run)
        {
            run.DeafUntil = Queue.Now + span;
            Note($"{run.Name} hears nothing of what is published for {span}");
        }
    }

    // While somebody is there who knows what time it was, and for long enough to say so: where nobody is, the new clock is the right one.
    private void ReplaceStore()
    {
        if (Store.IsAway || Store.StalledUntil > Queue.Now || !ServingNodes.Any(n => n.IsWellFor(TimeCorrection)))
        {
            return;
        }

        _undisturbedUntil = Queue.Now + TimeCorrection;
        Store.BecomeAnotherServer(Chance.Seconds(-200, 200));
        Note($"another server of the store answers, where it is {Store.Time:HH:mm:ss.fff}");
    }

    // To a replica that was this much behind. Behind a proxy nodes do not even notice that their connections lead elsewhere.
    private void FailOver(TimeSpan behind, bool isNoticed)
    {
        if (_isFailingOver)
        {
            return;
        }

        _isFailingOver = true;
        Store.Keep();
        Queue.After(behind, Life, () =>
        {
            _isFailingOver = false;
            Store.Forget();
            Note($"the store has forgotten the last {behind}{(isNoticed ? ", and connections broke" : "")}");
            if (isNoticed)
            {
                Reconnect();
            }
        });
    }

    private void Reconnect()
    {
        foreach (var run in _nodes.OfType<NodeRun>())
        {
            Queue.After(Chance.Milliseconds(1, 2000), run.Life, run.Reload);
        }
    }

    private void Trouble(DateTimeOffset until) => _troubledUntil = _troubledUntil > until + Aftermath ? _troubledUntil : until + Aftermath;

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
            Trouble(Queue.Now);
            Note("the store is back");
            Reconnect();
        }
    }

    private void BeginEvening()
    {
        IsDay = false;
        Note("evening");
        Store.StalledUntil = DateTimeOffset.MinValue;
        FindStore();
        _troubledUntil = Queue.Now + Aftermath;
        for (var i = 0; i < _nodes.Length; i++)
        {
            StartAgain(i);
            _nodes[i]!.Thaw();
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
