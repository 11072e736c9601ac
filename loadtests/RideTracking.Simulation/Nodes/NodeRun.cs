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
    private static readonly TimeSpan FeedInterval = TimeSpan.FromSeconds(1);

    private readonly City _city;
    private readonly ServiceProvider _process;
    private readonly IServiceProvider _services;
    private readonly TripPresent _present;
    private readonly MatchingRounds _matching;
    private readonly Deadlines _deadlines;
    private readonly LostDrivers _lost;
    private readonly FeedReader _feed;
    private Task _feedStep = Task.CompletedTask;
    private bool _feedWanted;
    private Task _matchingStep = Task.CompletedTask;
    private bool _matchingWanted;

    public NodeRun(City city, string name, TimeSpan clockError)
    {
        (_city, Name) = (city, name);
        Clock = new SimulatedClock(city.Queue, Life, clockError);
        _process = ServerParts.Build(
            city.Keys, Clock, () => StoreLink.Open(city.Store, city.Queue, Life, city.Chance, () => city.StoreTrouble),
            new NodeLog(what => city.History.Add(new Unexpected(city.Queue.Now, Name, what))), city.Conditions.Trips);
        _services = _process.GetRequiredService<AreaSet>().Home.Services;
        Dispatcher = _services.GetRequiredService<Dispatcher>();
        if (city.PlantedDecision is { } planted)
        {
            Dispatcher.Decide = planted(Dispatcher.Decide);
        }

        // Two holders, or five, do no harm.
        _services.GetRequiredService<NodeLease>().HoldsAll = true;
        _feed = _services.GetRequiredKeyedService<FeedReader>("dispatch");
        _present = ActivatorUtilities.CreateInstance<TripPresent>(_services);
        _matching = ActivatorUtilities.CreateInstance<MatchingRounds>(_services);
        _deadlines = ActivatorUtilities.CreateInstance<Deadlines>(_services);
        _lost = ActivatorUtilities.CreateInstance<LostDrivers>(_services);
    }

    public string Name { get; }

    public Life Life { get; } = new();

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

    /// <summary>The store was away and is back.</summary>
    public void Reload() => _present.Reload();

    /// <summary>Where a driver is, as its fixes tell.</summary>
    public void Place(string driverId, GeoPoint at)
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
        SetLink(driverId, DriverLink.Connected);
    }

    public void SetLink(string driverId, DriverLink link) =>
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
        await FeedAsync(_feed.LookAsync);
        await _present.StepAsync(CancellationToken.None);
        IsServing = true;
        Every(FeedInterval, () => StepFeed(_feed.LookAsync));
        Repeat(PresentInterval, "the present", () => _present.StepAsync(CancellationToken.None));
        Repeat(DeadlineInterval, "deadlines", () => _deadlines.StepAsync(CancellationToken.None));
        Repeat(LostInterval, "lost drivers", () => _lost.StepAsync(CancellationToken.None));
        Every(MatchInterval, () =>
        {
            _matching.Tick();
            WantMatching();
        });
    }

    /// <summary>Takes the dispatch's word that a round is wanted.</summary>
    public void LookAtMatching()
    {
        if (Dispatcher.MatchingWanted.TryTake())
        {
            WantMatching();
        }
    }

    /// <summary>An entry of the area's feed was published.</summary>
    public void Hear(ReadOnlyMemory<byte> entry)
    {
        _feed.Hear(entry);
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

    private static async Task FeedAsync(Func<CancellationToken, Task> step)
    {
        try
        {
            await step(CancellationToken.None);
        }
        catch (Exception e) when (StoreFailure.Passes(e))
        {
            // The next look takes it up.
        }
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
