using Microsoft.Extensions.DependencyInjection;
using RideTracking.Engine.Dispatch;
using RideTracking.Server.Areas;
using RideTracking.Server.Drivers;
using RideTracking.Server.Log;
using RideTracking.Server.Matching;
using RideTracking.Server.Outbox;
using RideTracking.Server.Store;
using RideTracking.Server.Store.Feeds;
using RideTracking.Server.Trips;
using RideTracking.Simulation.Checking;
using RideTracking.Simulation.Store;
using RideTracking.Simulation.Time;

namespace RideTracking.Simulation.Nodes;

/// <summary>
/// One run of a server node, from its start until it dies: the server's own dispatch, whose loops are stepped by the
/// simulation's clock.
/// </summary>
internal sealed class NodeRun : IDisposable
{
    private static readonly TimeSpan DeadlineInterval = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan MatchInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LostInterval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan PresentInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan EverySecond = TimeSpan.FromSeconds(1);

    // Seldomer than the server does: nothing drifts here.
    private static readonly TimeSpan TimeInterval = TimeSpan.FromSeconds(3);

    private readonly City _city;
    private readonly ServiceProvider _process;
    private readonly IServiceProvider _services;
    private readonly TripPresent _present;
    private readonly MatchingSteps _matching;
    private readonly Deadlines _deadlines;
    private readonly LostDrivers _lost;
    private readonly FeedReader _feedReader;
    private readonly FeedSteps _feed;
    private readonly NodeLogging _logging;
    private readonly StoreTime _time;
    private readonly TimeAsking _asking;
    private readonly NodeLease _lease;
    private readonly LinksLoading _linksLoading;
    private readonly RedisStore _store;
    private readonly DriverLinks _links;
    private readonly LogWriter _writer;
    private readonly SimulatedClock _machine;
    private readonly Dictionary<string, ulong> _taken = new(StringComparer.Ordinal);
    private int _writers;
    private bool _isMachineAsleep;
    private DateTimeOffset _troubledUntil = DateTimeOffset.MinValue;
    private DateTimeOffset _servesSince;

    public NodeRun(City city, string name, TimeSpan clockError)
    {
        (_city, Name) = (city, name);
        _machine = new SimulatedClock(city.Queue, Life, clockError);
        _process = ServerParts.Build(
            city.Keys, _machine, () => StoreLink.Open(city.Store, city.Queue, Life, _machine, city.Chance, () => city.StoreTrouble),
            new NodeLog(what => city.History.Add(new Unexpected(city.Queue.Now, Name, what))), ChangeArea, city.Planted);
        _services = _process.GetRequiredService<AreaSet>().Home.Services;
        Clock = _services.GetRequiredService<Area>().Clock;
        Dispatcher = _services.GetRequiredService<Dispatcher>();
        Dispatcher.NewToken = city.NextToken;
        if (city.Planted?.ChangeDecision is { } planted)
        {
            Dispatcher.Decide = planted(Dispatcher.Decide);
        }

        city.Planted?.ChangeBook?.Invoke(Book);
        Book.KeepUp(trip => Took("trip " + trip.Id, trip.Version), plan => Took("plan " + plan.DriverId, plan.Version));
        _lease = _services.GetRequiredService<NodeLease>();
        _lease.HoldsAll = city.Conditions.EveryNodeHoldsAll || city.Planted is { EveryNodeHoldsAll: true };
        _feedReader = _services.GetRequiredKeyedService<FeedReader>("dispatch");
        _feed = new FeedSteps(_feedReader, step => Watch("the feed", step));
        _logging = new NodeLogging(city, this, _services);
        _store = _services.GetRequiredService<RedisStore>();
        _links = _services.GetRequiredService<DriverLinks>();
        Places = new NodePlaces(_services);
        _links.Changed = Places.LinkChanged;
        _writer = _services.GetRequiredService<LogWriter>();
        _asking = new TimeAsking(_machine);
        _time = ActivatorUtilities.CreateInstance<StoreTime>(_services);
        var area = _services.GetRequiredService<Area>();
        var known = area.TimeKnownAsync;
        area.TimeKnownAsync = () => _time.IsKnown ? Task.CompletedTask : _asking.AskAsync(known);
        _linksLoading = ActivatorUtilities.CreateInstance<LinksLoading>(_services);
        _present = ActivatorUtilities.CreateInstance<TripPresent>(_services);
        _matching = new MatchingSteps(city.Queue, this, ActivatorUtilities.CreateInstance<MatchingRounds>(_services));
        _deadlines = ActivatorUtilities.CreateInstance<Deadlines>(_services);
        _lost = ActivatorUtilities.CreateInstance<LostDrivers>(_services);
    }

    public string Name { get; }

    public Life Life { get; } = new();

    /// <summary>The area's time as this node knows it.</summary>
    public TimeProvider Clock { get; }

    public Dispatcher Dispatcher { get; }

    /// <summary>Takes calls.</summary>
    public bool IsServing { get; private set; }

    public TripBook Book => _services.GetRequiredService<TripBook>();

    public DriverDesk Desk => _services.GetRequiredService<DriverDesk>();

    public CommandOutbox Outbox => _services.GetRequiredService<CommandOutbox>();

    public ConnectionClaims Claims => _services.GetRequiredService<ConnectionClaims>();

    public FixLog Log => _logging.Log;

    public Carriers Carriers => _logging.Carriers;

    /// <summary>Where drivers are as it shows them.</summary>
    public NodePlaces Places { get; }

    /// <summary>The clock of its machine.</summary>
    public TimeProvider Machine => _machine;

    /// <summary>The streams that are open here.</summary>
    public List<DriverLine> Lines { get; } = [];

    public void Start() => Watch("the start", StartAsync());

    /// <summary>Every task of the node is watched: none may fail in a way that nothing handles.</summary>
    public void Watch(string what, Task task) => task.ContinueWith(
        done =>
        {
            if (done.Exception?.InnerException is { } e)
            {
                _city.History.Add(new Unexpected(_city.Queue.Now, Name, $"{what}: {e.GetType().Name} {e.Message}"));
            }
        },
        CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    /// <summary>The store was away and is back: the client has connected again.</summary>
    public void Reload() => _store.WasRestored();

    /// <summary>Nothing of it happens for a while.</summary>
    /// <param name="span">How long.</param>
    /// <param name="isMachine">Whether it is the machine that sleeps, with its monotonic clock, and not the process.</param>
    public void Freeze(TimeSpan span, bool isMachine)
    {
        if (Life.FrozenUntil > _city.Queue.Now)
        {
            return; // It is already.
        }

        Life.FrozenUntil = _city.Queue.Now + span;
        _isMachineAsleep = isMachine;
        if (isMachine)
        {
            _machine.Sleep(span);
        }
    }

    /// <summary>It goes on.</summary>
    public void Thaw()
    {
        var early = Life.FrozenUntil - _city.Queue.Now;
        if (_isMachineAsleep && early > TimeSpan.Zero)
        {
            _machine.Sleep(-early);
        }

        // What came while it slept comes to it when it would have woken up.
        (_troubledUntil, Life.FrozenUntil) = (Life.FrozenUntil, DateTimeOffset.MinValue);
    }

    /// <summary>What it hears of what is published begins then.</summary>
    public DateTimeOffset DeafUntil { get; set; } = DateTimeOffset.MinValue;

    /// <summary>Whether it has served for this long, and was not asleep meanwhile.</summary>
    public bool IsWellFor(TimeSpan span) => IsServing && _servesSince <= _city.Queue.Now - span && Life.FrozenUntil <= _city.Queue.Now - span && _troubledUntil <= _city.Queue.Now - span;

    /// <summary>What its memory holds of trips and plans.</summary>
    /// <param name="isCalm">Nothing has been wrong for a while.</param>
    /// <param name="tripIds">All that there may be.</param>
    /// <param name="driverIds">All that there are.</param>
    public MemoryShown ShowMemory(bool isCalm, IEnumerable<string> tripIds, IEnumerable<string> driverIds) => new(_city.Queue.Now, Name, isCalm,
    [
        .. tripIds.Select(Book.Find).OfType<Trip>().Select(t => ("trip " + t.Id, TripRecords.Write(t).ToString())),
        .. driverIds.Select(Book.PlanOf).Where(p => p.Version > 0).Select(p => ("plan " + p.DriverId, TripRecords.Write(p).ToString())),
    ]);

    /// <summary>Whether the driver holds a stream to another node, as its memory says.</summary>
    public bool KnowsConnectedElsewhere(string driverId) => _links.IsConnected(driverId);

    /// <summary>Whether it is, or was, this node that writes by a name.</summary>
    public bool IsOwnWriter(string writer) => _writer.IsOwn(writer);

    /// <summary>A trip as this node sees it.</summary>
    public async Task<Trip?> FindAsync(string tripId) => Book.Find(tripId) ?? await _services.GetRequiredService<TripStore>().ReadTripAsync(tripId);

    /// <summary>It is gone, with all it knew; what it sent to the store still arrives.</summary>
    public void Die()
    {
        Life.End();
        IsServing = false;
        foreach (var line in Lines.ToArray())
        {
            line.Lost();
        }
    }

    public void Dispose() => _process.DisposeAsync().AsTask().GetAwaiter().GetResult();

    private async Task StartAsync()
    {
        await _asking.AskAsync(() => _time.StepAsync(CancellationToken.None));
        await _feed.LookAsync();
        await _lease.StepAsync(CancellationToken.None);
        await _present.StepAsync(CancellationToken.None);
        await _linksLoading.StepAsync(CancellationToken.None);
        await _logging.StartAsync();
        IsServing = true;
        _servesSince = _city.Queue.Now;
        Repeat(TimeInterval, "the time", () => _asking.AskAsync(() => _time.StepAsync(CancellationToken.None)));
        Every(EverySecond, _feed.Look);
        Repeat(EverySecond, "the lease", () => _lease.StepAsync(CancellationToken.None));
        Repeat(EverySecond, "links", () => _linksLoading.StepAsync(CancellationToken.None));
        Repeat(PresentInterval, "the present", () => _present.StepAsync(CancellationToken.None));
        Repeat(DeadlineInterval, "deadlines", () => _deadlines.StepAsync(CancellationToken.None));
        Repeat(LostInterval, "lost drivers", () => _lost.StepAsync(CancellationToken.None));
        Every(MatchInterval, _matching.Tick);
    }

    /// <summary>After each event: takes the dispatch's word that a round is wanted, and the log's that there is something to write.</summary>
    public void LookAround()
    {
        _logging.LookAround();
        if (Dispatcher.MatchingWanted.TryTake())
        {
            _matching.Want();
        }
    }

    /// <summary>An entry of the area's feed was published.</summary>
    public void Hear(ReadOnlyMemory<byte> entry)
    {
        _feedReader.Hear(_city.Planted?.ChangeHeard?.Invoke(entry) ?? entry);
        _feed.TakeIn();
    }

    /// <summary>A batch of the log was published.</summary>
    public void HearLog(ReadOnlyMemory<byte> entry) => _logging.Hear(entry);

    private void Took(string what, ulong version)
    {
        if (_taken.TryGetValue(what, out var before) && version < before)
        {
            _city.History.Add(new MemoryWentBack(_city.Queue.Now, Name, what, before, version));
        }

        _taken[what] = version;
    }

    private void ChangeArea(IServiceCollection area)
    {
        area.Configure<TripOptions>(_city.Conditions.Trips);
        area.Configure<LogOptions>(_city.Conditions.Log);
        NodeLogging.Wire(area, _machine, _city.Planted, () => _logging!.WantRestore());
        area.AddSingleton(new LogWriter(() => $"{Name}-{++_writers}"));
    }

    /// <summary>Again and again, as a periodic timer does it: no next one before the last is done.</summary>
    public void Repeat(TimeSpan interval, string what, Func<Task> step)
    {
        var last = Task.CompletedTask;
        Every(interval, () =>
        {
            if (last.IsCompleted)
            {
                last = step();
                Watch(what, last);
            }
        });
    }

    /// <summary>Again and again.</summary>
    public void Every(TimeSpan interval, Action happens) => _city.Queue.After(interval, Life, () =>
    {
        Every(interval, happens);
        happens();
    });
}
