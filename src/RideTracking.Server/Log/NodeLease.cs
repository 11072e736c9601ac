using System.Diagnostics;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;
using RideTracking.Server.Store;
using StackExchange.Redis;

namespace RideTracking.Server.Log;

/// <summary>
/// Once a second: this node says that it is there, and ends those that have not said so for the length of a lease. One of the nodes holds
/// the area's work, one its matching. A node that finds its own lease ended takes another writer and claims its drivers anew. A lease spares
/// work and protects nothing: every commit is compared by its own means, so two holders do no harm.
/// </summary>
internal sealed partial class NodeLease : LoopService
{
    internal static readonly TimeSpan Length = TimeSpan.FromSeconds(5);
    // By the machine's own time, however far a test's has gone on: who was cut off for longer has been replaced.
    private static readonly TimeSpan HeldFor = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan SendOff = TimeSpan.FromSeconds(2);

    private readonly Area _area;
    private readonly LogWriter _writer;
    private readonly FixLog _log;
    private readonly DriverLinks _links;
    private readonly SettingsDigest _settings;
    private readonly ILogger<NodeLease> _logger;

    // The writer by which it was held last; none yet.
    private volatile string _heldBy = "";
    private volatile string _formerly = "";
    private volatile string _otherwiseSet = "";
    private volatile Holding _holding = new(false, false, 0);
    private int _workTerms;

    public NodeLease(Area area, LogWriter writer, FixLog log, DriverLinks links, SettingsDigest settings, AreaTroubles troubles, ILogger<NodeLease> logger)
        : base(area.MachineLoop("node_lease"), EverySecond, looksAtStart: true)
    {
        (_area, _writer, _log, _links, _settings, _logger) = (area, writer, log, links, settings, logger);
        troubles.Watch("settings", () => _otherwiseSet.Length == 0 ? null : new Trouble($"{_otherwiseSet}: give all nodes of a city the same"));
        links.EndedHere = BeginAgain;
    }

    /// <summary>Whether this node was the one that holds the area's work when it was told last.</summary>
    public bool HeldWork => HoldsAll || (_holding.Work && Stopwatch.GetElapsedTime(_holding.ToldAt) < HeldFor);

    /// <summary>
    /// How often this node came to hold the area's work: while it stays the same and the work is held, no other node has done any of it.
    /// </summary>
    public int WorkTerm => Volatile.Read(ref _workTerms);

    /// <summary>For the simulation, in which every node holds everything: two holders do no harm.</summary>
    internal bool HoldsAll { get; set; }

    /// <summary>Whether what is done once for the area is this node's to do now: deadlines, lost drivers, queues, retention.</summary>
    /// <exception cref="RedisException">It was not told for long, and the store is away.</exception>
    public async ValueTask<bool> HoldsWorkAsync() => HoldsAll || (await HoldingAsync()).Work;

    /// <summary>Whether this node finds drivers for the area's trips now.</summary>
    /// <inheritdoc cref="HoldsWorkAsync"/>
    public async ValueTask<bool> HoldsMatchingAsync() => HoldsAll || (await HoldingAsync()).Matching;

    // A node that was asleep does not know who holds what now, and asks.
    private async ValueTask<Holding> HoldingAsync()
    {
        if (_area.Clock.Machine.GetElapsedTime(_holding.At) >= Length || _heldBy.Length == 0)
        {
            await HoldAsync(movesMatching: false);
        }

        return _holding;
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        if (_heldBy.Length > 0)
        {
            // It is no news here.
            _links.EndedHere = () => { };
            // Told now, the others need not wait for the lease to run out. Without the store they do.
            await ((Task)EndAsync(_heldBy, RedisValue.EmptyString)).WaitAsync(SendOff, _area.Clock.Machine, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <inheritdoc/>
    protected override Task LookAsync(CancellationToken stopping) => HoldAsync(movesMatching: false);

    /// <summary>Matching moves to this node, between two rounds of whoever has it.</summary>
    /// <exception cref="RedisException">The store is away.</exception>
    internal Task MoveMatchingHereAsync() => HoldAsync(movesMatching: true);

    private async Task HoldAsync(bool movesMatching)
    {
        var by = _writer.Id;
        var at = _area.Clock.Machine.GetTimestamp();
        var reply = (RedisValue[])(await StoreScript.NodeLease.RunAsync(
            _area.Writes, [_area.Keys.Nodes], [by, (long)Length.TotalMilliseconds, _heldBy == by, _area.Writes.IsEmbedded, movesMatching, _formerly, _area.Format.Reads, _area.Format.Offers, $"{Environment.MachineName} {_settings}"]))!;
        if (reply[0] == "form")
        {
            _area.Format.CanRead((int)reply[1]);
            return;
        }

        if (reply[0] != "ok")
        {
            BeginAgain();
            return;
        }

        (_heldBy, _formerly) = (by, by);
        var held = new Holding((bool)reply[1], (bool)reply[2], at);
        if (held.Work && !_holding.Work)
        {
            Interlocked.Increment(ref _workTerms);
        }

        _holding = held;
        _writer.HasListeners = (bool)reply[3];
        _area.Format.Agreed((int)reply[4]);
        Compare((string)reply[5]!);
        for (var i = 6; i < reply.Length; i += 2)
        {
            var ended = (string)reply[i]!;
            if (await EndAsync(ended, reply[i + 1]))
            {
                LogEnded(ended);
            }
        }
    }

    // A line for each other node: its machine, and the digest of its settings.
    private void Compare(string others)
    {
        var differences = from other in others.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                          let parts = other.Split(' ', 2)
                          let sections = _settings.DifferencesTo(parts[^1])
                          where sections.Count > 0
                          orderby parts[0]
                          select $"{string.Join(", ", sections)} differ from those of the node on {parts[0]}";
        var told = string.Join("; ", differences.Distinct());
        if (told.Length > 0 && told != _otherwiseSet)
        {
            LogOtherwiseSet(told);
        }

        _otherwiseSet = told;
    }

    // Only once for each writer.
    private void BeginAgain()
    {
        if (_heldBy == _writer.Id)
        {
            LogEndedHere(_heldBy);
            _heldBy = "";
            _holding = new Holding(false, false, 0);
            _writer.Renew();
            _log.ClaimAnew();
        }
    }

    private async Task<bool> EndAsync(string ended, RedisValue until) =>
        (string)(await _area.Feed.RunAsync(_area.Writes, StoreScript.NodeEnded, [_area.Keys.Nodes, _area.Keys.Links(ended)], [ended, until]))! == "ok";

    [LoggerMessage(LogLevel.Warning, "The node that wrote as {Writer} has ended: it held its lease no longer. Its drivers are connected to nobody until they come back")]
    private partial void LogEnded(string writer);

    [LoggerMessage(LogLevel.Warning, "This node's lease is gone, by which it wrote as {Writer}: it did not hold it in time, or the store has forgotten it. It writes under another name and claims its drivers anew")]
    private partial void LogEndedHere(string writer);

    [LoggerMessage(LogLevel.Warning, "Settings of nodes of one city are not the same: {Differences}. Which has the say depends on where something happens")]
    private partial void LogOtherwiseSet(string differences);

    /// <summary>What it holds, and when it was told so.</summary>
    private sealed record Holding(bool Work, bool Matching, long At)
    {
        public long ToldAt { get; } = Stopwatch.GetTimestamp();
    }
}
