using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RideTracking.Server.Areas;
using RideTracking.Server.Drivers;
using RideTracking.Server.Hosting;
using RideTracking.Server.Log;
using RideTracking.Server.Store;
using RideTracking.Server.Store.Events;
using RideTracking.Server.Store.Feeds;
using RideTracking.Server.Telemetry;
using RideTracking.Simulation.Bugs;

namespace RideTracking.Simulation.Nodes;

/// <summary>The log of fixes on a node: the server's own log, feed, fences and checkpoints, whose loops are stepped by the simulation's clock.</summary>
internal sealed class NodeLogging
{
    private static readonly TimeSpan EverySecond = TimeSpan.FromSeconds(1);

    private readonly City _city;
    private readonly NodeRun _node;
    private readonly FeedReader _reader;
    private readonly FeedSteps _feed;
    private readonly LoggedDrivers _drivers;
    private readonly FenceWatch _fences;
    private readonly LostLinks _lostLinks;
    private readonly LogCheckpoints _checkpoints;
    private Backoff _retry = new(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(2));
    private bool _isWriting;
    private bool _waitsToRetry;
    private bool _isRestoreWanted;

    public NodeLogging(City city, NodeRun node, IServiceProvider services)
    {
        (_city, _node) = (city, node);
        Log = services.GetRequiredService<FixLog>();
        Carriers = services.GetRequiredService<Carriers>();
        _drivers = services.GetRequiredService<LoggedDrivers>();
        _reader = services.GetRequiredKeyedService<FeedReader>("log");
        // Claims, looks and checkpoints wait for each other, on the simulation's thread.
        _reader.Turns.GoOn = TaskCreationOptions.None;
        _feed = new FeedSteps(_reader, step => node.Watch("the log's feed", step));
        services.GetRequiredService<LogAppend>().Appended = entry =>
        {
            _reader.Hear(entry);
            _feed.TakeIn();
        };
        services.GetRequiredService<ConnectionClaims>().WaitsForLog = city.Planted is not { ClaimsDoNotWait: true };
        _lostLinks = services.GetRequiredService<LostLinks>();
        _fences = ActivatorUtilities.CreateInstance<FenceWatch>(services);
        _checkpoints = services.GetRequiredService<LogCheckpoints>();
    }

    public FixLog Log { get; }

    public Carriers Carriers { get; }

    /// <summary>As the server wires it, but for what the simulation steps in its stead.</summary>
    /// <param name="area">The area's services.</param>
    /// <param name="machine">The clock of the node's machine.</param>
    /// <param name="planted">A mistake in it.</param>
    /// <param name="begunAgain">Called when all that memory has of the log was read anew.</param>
    public static void Wire(IServiceCollection area, TimeProvider machine, PlantedBug? planted, Action begunAgain)
    {
        area.AddKeyedSingleton(FixLog.Pacing, (s, _) => s.GetRequiredService<Loops>().Create("fix_log", machine));
        area.AddKeyedSingleton("log", (s, _) =>
        {
            var (one, append) = (s.GetRequiredService<Area>(), s.GetRequiredService<LogAppend>());
            var source = new LogFeed(
                s.GetRequiredService<RedisStore>(), one.Keys, s.GetRequiredService<LogReader>(), s.GetRequiredService<CheckpointStore>(),
                s.GetRequiredService<LoggedDrivers>(), s.GetRequiredService<SegmentConnections>());
            var deaf = planted is { IsDeafToLog: true } ? new DeafLogFeed(source, s.GetRequiredService<SegmentConnections>()) : null;
            Action<EventEntry> apply = entry => s.GetRequiredService<ElsewhereFixes>().Apply(entry);
            return new FeedReader(
                deaf is null ? source : deaf, append.Own, deaf is null ? apply : entry => deaf.Apply(entry, apply), _ => begunAgain(),
                new FeedMetrics(s.GetRequiredService<AreaMeter>(), "log"), one.MachineLoop("log_feed"), s.GetRequiredService<ILogger<FeedReader>>());
        });
    }

    /// <summary>Reads the log, or its last checkpoint and what comes after it.</summary>
    public async Task StartAsync()
    {
        await _feed.LookAsync();
        Restore();
        _node.Every(EverySecond, _feed.Look);
        _node.Repeat(EverySecond, "streams that ended", TellLostLinksAsync);
        _node.Repeat(EverySecond, "fences", () => _city.Planted is { KeepsClaims: true } ? Task.CompletedTask : _fences.StepAsync(CancellationToken.None));
        _node.Repeat(_city.Conditions.CheckpointInterval, "checkpoints", () => _checkpoints.StepAsync(CancellationToken.None));
    }

    /// <summary>An entry of the log was published.</summary>
    public void Hear(ReadOnlyMemory<byte> entry)
    {
        _reader.Hear(entry);
        _feed.TakeIn();
    }

    /// <summary>All is to be shown where the log has it.</summary>
    public void WantRestore() => _isRestoreWanted = true;

    /// <summary>After each event: whether the log has something to do.</summary>
    public void LookAround()
    {
        if (_isRestoreWanted)
        {
            Restore();
        }

        if (!_isWriting && Log.HasWork)
        {
            _isWriting = true;
            _city.Queue.After(_waitsToRetry ? _retry.Next() : _city.Chance.Milliseconds(25, 250), _node.Life, () => _node.Watch("the log", WriteAsync()));
        }
    }

    private async Task WriteAsync()
    {
        _waitsToRetry = await Log.StepAsync(CancellationToken.None) != LookOutcome.Done;
        if (!_waitsToRetry)
        {
            _retry.Reset();
        }

        _isWriting = false;
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

    private void Restore()
    {
        _isRestoreWanted = false;
        foreach (var driver in _drivers.All)
        {
            if (driver.Present is { } present)
            {
                _node.Places.Show(driver.DriverId, present);
            }
        }
    }
}
