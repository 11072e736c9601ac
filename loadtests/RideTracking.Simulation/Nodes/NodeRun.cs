using Microsoft.Extensions.DependencyInjection;
using RideTracking.Engine.Dispatch;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Index;
using RideTracking.Engine.Ingest;
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
    private readonly MatchingRounds _matching;
    private readonly Deadlines _deadlines;
    private readonly LostDrivers _lost;
    private readonly FeedReader _feed;
    private readonly StoreTime _time;
    private bool _asksForTime;
    private readonly NodeLease _lease;
    private readonly LinksLoading _linksLoading;
    private readonly LostLinks _lostLinks;
    private readonly RedisStore _store;
    private readonly DriverLinks _links;
    private readonly LogWriter _writer;
    private readonly SimulatedClock _machine;
    private readonly Dictionary<string, ulong> _taken = new(StringComparer.Ordinal);
    private string _claimsBy;
    private int _writers;
    private int _claimedAfter;
    private bool _isMachineAsleep;
    private DateTimeOffset _troubledUntil = DateTimeOffset.MinValue;
    private DateTimeOffset _servesSince;
    private Task _feedStep = Task.CompletedTask;
    private bool _feedWanted;
    private Task _matchingStep = Task.CompletedTask;
    private bool _matchingWanted;

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
        _feed = _services.GetRequiredKeyedService<FeedReader>("dispatch");
        _store = _services.GetRequiredService<RedisStore>();
        _links = _services.GetRequiredService<DriverLinks>();
        _links.Changed = LinkChanged;
        _lostLinks = _services.GetRequiredService<LostLinks>();
        _writer = _services.GetRequiredService<LogWriter>();
        _claimsBy = _writer.Id;
        _time = ActivatorUtilities.CreateInstance<StoreTime>(_services);
        var area = _services.GetRequiredService<Area>();
        var known = area.TimeKnownAsync;
        area.TimeKnownAsync = () => _time.IsKnown ? Task.CompletedTask : AskForTimeAsync(known);
        _linksLoading = ActivatorUtilities.CreateInstance<LinksLoading>(_services);
        _present = ActivatorUtilities.CreateInstance<TripPresent>(_services);
        _matching = ActivatorUtilities.CreateInstance<MatchingRounds>(_services);
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

    /// <summary>The streams of the drivers connected here.</summary>
    public SortedDictionary<string, DriverLine> Lines { get; } = new(StringComparer.Ordinal);

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

    /// <summary>A stream of a driver has ended that had the driver by this claim.</summary>
    public void StreamEnded(string driverId, DriverClaim claim) => _lostLinks.Add(driverId, claim);

    /// <summary>The store has forgotten who carries the drivers: all streams claim them anew.</summary>
    public void ClaimAnew()
    {
        foreach (var line in Lines.Values.ToArray())
        {
            line.ClaimAnew();
        }
    }

    /// <summary>A driver of this node is where its fix says: in its index, in the log, and soon in that of every other node.</summary>
    public void Place(string driverId, GeoPoint at)
    {
        var fix = PlaceElsewhere(driverId, at);
        SetLink(driverId, DriverLink.Connected);
        _city.Placed(this, driverId, at, LastFix.Write(0, "s"u8, fix, [], []));
    }

    /// <summary>Where a driver of some node is.</summary>
    public Fix PlaceElsewhere(string driverId, GeoPoint at)
    {
        var slot = _services.GetRequiredService<DriverSlots>().GetOrAdd(driverId);
        var now = Clock.GetUtcNow().ToUnixTimeMilliseconds();
        var fix = new Fix
        {
            SensorTimeUnixMs = now,
            FixedAtUnixMs = now,
            LatitudeE7 = (int)(at.LatitudeDegrees * 1e7),
            LongitudeE7 = (int)(at.LongitudeDegrees * 1e7),
        };
        _services.GetRequiredService<DriverIndex>().Update(slot, fix, out _);
        return fix;
    }

    /// <summary>A driver's stream to this node or another one has come or gone.</summary>
    public void LinkChanged(string driverId) =>
        SetLink(driverId, Lines.ContainsKey(driverId) || _links.IsConnected(driverId) ? DriverLink.Connected : DriverLink.Lost);

    private void SetLink(string driverId, DriverLink link) =>
        _services.GetRequiredService<DriverIndex>().SetLink(_services.GetRequiredService<DriverSlots>().GetOrAdd(driverId), link);

    /// <summary>A trip as this node sees it.</summary>
    public async Task<Trip?> FindAsync(string tripId) => Book.Find(tripId) ?? await _services.GetRequiredService<TripStore>().ReadTripAsync(tripId);

    /// <summary>It is gone, with all it knew; what it sent to the store still arrives.</summary>
    public void Die()
    {
        Life.End();
        IsServing = false;
        foreach (var line in Lines.Values.ToArray())
        {
            line.Lost();
        }
    }

    public void Dispose() => _process.DisposeAsync().AsTask().GetAwaiter().GetResult();

    private async Task StartAsync()
    {
        await AskForTimeAsync(() => _time.StepAsync(CancellationToken.None));
        await FeedAsync(_feed.LookAsync);
        await _lease.StepAsync(CancellationToken.None);
        await _present.StepAsync(CancellationToken.None);
        await _linksLoading.StepAsync(CancellationToken.None);
        foreach (var (driverId, at) in _city.Places)
        {
            PlaceElsewhere(driverId, at);
        }

        IsServing = true;
        _servesSince = _city.Queue.Now;
        Repeat(TimeInterval, "the time", () => AskForTimeAsync(() => _time.StepAsync(CancellationToken.None)));
        Every(EverySecond, () => StepFeed(_feed.LookAsync));
        Repeat(EverySecond, "the lease", () => _lease.StepAsync(CancellationToken.None));
        Repeat(EverySecond, "links", () => _linksLoading.StepAsync(CancellationToken.None));
        Repeat(EverySecond, "streams that ended", TellLostLinksAsync);
        Repeat(PresentInterval, "the present", () => _present.StepAsync(CancellationToken.None));
        Repeat(DeadlineInterval, "deadlines", () => _deadlines.StepAsync(CancellationToken.None));
        Repeat(LostInterval, "lost drivers", () => _lost.StepAsync(CancellationToken.None));
        Every(MatchInterval, () =>
        {
            _matching.Tick();
            WantMatching();
        });
    }

    /// <summary>After each event: takes the dispatch's word that a round is wanted, the lease's that it was ended, the feed's that the store has forgotten.</summary>
    public void LookAround()
    {
        if (_claimsBy != _writer.Id || _claimedAfter != _store.Forgettings)
        {
            (_claimsBy, _claimedAfter) = (_writer.Id, _store.Forgettings);
            if (_city.Planted is not { KeepsClaims: true })
            {
                ClaimAnew();
            }
        }

        if (Dispatcher.MatchingWanted.TryTake())
        {
            WantMatching();
        }
    }

    /// <summary>An entry of the area's feed was published.</summary>
    public void Hear(ReadOnlyMemory<byte> entry)
    {
        _feed.Hear(_city.Planted?.ChangeHeard?.Invoke(entry) ?? entry);
        StepFeed(_feed.TakeInAsync);
    }

    // One after the other: waiting for a turn would leave the simulation's thread.
    private void StepFeed(Func<CancellationToken, Task> step)
    {
        if (!_feedStep.IsCompleted)
        {
            _feedWanted = true;
            return;
        }

        _feedStep = FeedAsync(step);
        Watch("the feed", _feedStep);
        _feedStep.ContinueWith(
            _ =>
            {
                if (_feedWanted)
                {
                    _feedWanted = false;
                    StepFeed(_feed.TakeInAsync);
                }
            },
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private async Task FeedAsync(Func<CancellationToken, Task> step)
    {
        try
        {
            await step(CancellationToken.None);
        }
        catch (Exception e) when (StoreFailure.Passes(e))
        {
            // The next look takes it up.
            if (step == _feed.LookAsync)
            {
                _feed.LookedInVain();
            }
        }
    }

    // Of several that wait for one task all but one go on on other threads: so one asks at a time, and the others look whether it is done.
    private async Task AskForTimeAsync(Func<Task> ask)
    {
        while (_asksForTime)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), _machine);
        }

        _asksForTime = true;
        try
        {
            await ask();
        }
        finally
        {
            _asksForTime = false;
        }
    }

    private async Task TellLostLinksAsync()
    {
        try
        {
            await _lostLinks.WriteAsync(CancellationToken.None);
        }
        catch (Exception e) when (StoreFailure.Passes(e))
        {
            // They wait.
        }
    }

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
        area.AddSingleton(new LogWriter(() => $"{Name}-{++_writers}"));
    }

    private void WantMatching()
    {
        if (_matchingWanted)
        {
            return;
        }

        _matchingWanted = true;
        _city.Queue.After(TimeSpan.FromMilliseconds(1), Life, () =>
        {
            if (!_matchingStep.IsCompleted)
            {
                // Again when the present look is done.
                _matchingStep.ContinueWith(_ => { _matchingWanted = false; WantMatching(); }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
                return;
            }

            _matchingWanted = false;
            _matchingStep = _matching.MatchAllAsync(CancellationToken.None);
            Watch("matching", _matchingStep);
        });
    }

    // As a periodic timer does: no next one before the last is done.
    private void Repeat(TimeSpan interval, string what, Func<Task> step)
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

    private void Every(TimeSpan interval, Action happens) => _city.Queue.After(interval, Life, () =>
    {
        Every(interval, happens);
        happens();
    });
}
