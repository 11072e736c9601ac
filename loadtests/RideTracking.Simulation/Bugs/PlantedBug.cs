using System.Collections.Immutable;
using RideTracking.Engine.Dispatch;
using RideTracking.Server.Store.Feeds;
using RideTracking.Server.Trips;

namespace RideTracking.Simulation.Bugs;

/// <summary>What the dispatcher asks: what follows from an event.</summary>
internal delegate Func<Trip?, ImmutableArray<DriverPlan>, DispatchEvent, DateTimeOffset, TripRules, TransitionResult> Decision(
    Func<Trip?, ImmutableArray<DriverPlan>, DispatchEvent, DateTimeOffset, TripRules, TransitionResult> decide);

/// <summary>A mistake made on purpose, to show that the checker finds it: in a script's text, in what is decided, or in how a node is wired.</summary>
/// <param name="Name">What is wrong.</param>
internal sealed record PlantedBug(string Name)
{
    private ImmutableArray<ScriptChange> Changes { get; init; } = [];

    /// <summary>A decision with the mistake in it; null when the mistake is elsewhere.</summary>
    public Decision? ChangeDecision { get; private init; }

    /// <summary>A way to the area's feed with the mistake in it; null when the mistake is elsewhere.</summary>
    public Func<IFeedSource, IFeedSource>? ChangeFeed { get; private init; }

    /// <summary>What is heard of the area's feed, with the mistake in it; null when the mistake is elsewhere.</summary>
    public Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>>? ChangeHeard { get; private init; }

    /// <summary>A node does not read of the log what it has not heard.</summary>
    public bool IsDeafToLog { get; private init; }

    /// <summary>A claim does not wait until its node has read the log.</summary>
    public bool ClaimsDoNotWait { get; private init; }

    /// <summary>Puts the mistake into a node's book; null when the mistake is elsewhere.</summary>
    public Action<TripBook>? ChangeBook { get; private init; }

    /// <summary>Every node holds every lease.</summary>
    public bool EveryNodeHoldsAll { get; private init; }

    /// <summary>Scripts that ask for the time are told that of the machine of the node that sent them.</summary>
    public bool AsksNodesClock { get; private init; }

    /// <summary>Streams keep their claims whatever the store has forgotten.</summary>
    public bool KeepsClaims { get; private init; }

    /// <summary>Nodes go by the clocks of their machines.</summary>
    public bool IgnoresStoreTime { get; private init; }

    /// <summary>All of them.</summary>
    public static ImmutableArray<PlantedBug> All { get; } =
    [
        InCommit(
            "a commit does not compare the plans' versions",
            "changed = changed or name(stored[p]) ~= plan.name", "changed = changed or false") with { EveryNodeHoldsAll = true },
        InCommit(
            "a commit does not compare the trip's version",
            "local changed = ARGV[4] ~= '' and name(trip) ~= ARGV[5]", "local changed = false"),
        InCommit(
            "an answer is not stored",
            "write('SET', KEYS[5], ARGV[9], 'PX', ARGV[10])", ""),
        InCommit(
            "a deadline is not set while a trip is under way",
            "write('ZADD', KEYS[3], ARGV[7], ARGV[4])", "if redis.call('ZSCORE', KEYS[3], ARGV[4]) == false then write('ZADD', KEYS[3], ARGV[7], ARGV[4]) end"),
        InCommit(
            "a final trip stays due",
            "write('ZREM', KEYS[3], ARGV[4])", ""),
        InCommit(
            "the last of several commands is lost",
            "for i, command in ipairs(plan.commands) do", "for i, command in ipairs(plan.commands) do if i == 1 or i < #plan.commands then",
            ("length, has[command.field] = length + 1, true\n      end\n    end", "length, has[command.field] = length + 1, true\n      end end\n    end")),
        InCommit(
            "commands are numbered from what waits",
            "local last = plan.last + #plan.commands", "plan.last = math.max(0, plan.length - 1) local last = plan.last + #plan.commands"),
        InCommit(
            "a commit does not compare the claim",
            "if claim ~= ARGV[3] then", "if false then"),
        InCommit(
            "a withdrawn command stays",
            "write('HDEL', outbox, unpack(plan.superseded))", ""),
        new("an acknowledgement forgets one command too many")
        {
            Changes = [new("outbox-acknowledge.lua", "tonumber(sequence) <= through", "tonumber(sequence) <= through + 1")],
        },
        new("what a node did not hear of the feed it does not read either") { ChangeFeed = source => new DeafFeed(source) },
        new("nobody looks at the feed's head") { ChangeFeed = source => new HeadlessFeed(source) },
        new("an older version is taken in after a newer one") { ChangeBook = book => book.IsNews = (_, _) => true },
        InCommit(
            "two nodes hold the work, and a commit is not compare-and-set",
            "changed = changed or name(stored[p]) ~= plan.name", "changed = changed or false",
            ("local changed = ARGV[4] ~= '' and name(trip) ~= ARGV[5]", "local changed = false")) with { EveryNodeHoldsAll = true },
        new("a script goes by the clock of the node that sent it") { AsksNodesClock = true },
        new("a node goes by the clock of its machine") { IgnoresStoreTime = true },
        new("a broken chain is not noticed: entries of a feed are known by their numbers")
        {
            ChangeFeed = source => new NumberedFeed(source),
            ChangeHeard = NumberedFeed.Heard,
        },
        new("streams keep their claims when the store has forgotten")
        {
            KeepsClaims = true,
            Changes = [new("log-append.lua", "if (done or 0) < tonumber(ARGV[2]) then", "if false then")],
        },
        new("a lease is ended before its time")
        {
            Changes = [new("node-lease.lua", "tonumber(ends) < now or", "tonumber(ends) < now + length / 2 or")],
        },
        Decided("an event is written anew", (trip, plans, happened, now, rules, decide) =>
            decide(trip, plans, happened, now, rules) is Transition { Trip: { Events.Length: > 3 } changed } transition
                ? transition with { Trip = changed with { Events = changed.Events.SetItem(1, changed.Events[1] with { OccurredAt = changed.Events[1].RecordedAt.AddSeconds(-1) }) } }
                : decide(trip, plans, happened, now, rules)),
        Decided("a version is left out", (trip, plans, happened, now, rules, decide) =>
            decide(trip, plans, happened, now, rules) is Transition { Trip: { IsFinal: true } changed } transition
                ? transition with { Trip = changed with { Version = changed.Version + 1 } }
                : decide(trip, plans, happened, now, rules)),
        Decided("a cancellation does not release the driver", (trip, plans, happened, now, rules, decide) =>
            decide(trip, plans, happened, now, rules) is Transition { Trip.State: TripState.Cancelled } transition
                ? transition with { Plans = [] }
                : decide(trip, plans, happened, now, rules)),
        Decided("a driver is not told to forget the passenger", (trip, plans, happened, now, rules, decide) =>
            decide(trip, plans, happened, now, rules) is Transition transition
                ? transition with { Commands = [.. transition.Commands.Where(c => c is not TripRemoved)] }
                : decide(trip, plans, happened, now, rules)),
        Decided("a trip that lasts too long is not ended", (trip, plans, happened, now, rules, decide) =>
            happened is TripTimeEnded ? new Transition(null, [], []) : decide(trip, plans, happened, now, rules)),
        Decided("a trip goes on after its end", (trip, plans, happened, now, rules, decide) =>
            happened is CancelRequested && trip is { State: TripState.Completed or TripState.Unfulfilled }
                ? decide(trip with { State = TripState.Searching, DriverId = null }, plans, happened, now, rules)
                : decide(trip, plans, happened, now, rules)),
        .. LogBugs,
    ];

    // Those of the log of fixes, as the fault rig plants them, too.
    private static PlantedBug[] LogBugs =>
    [
        // What is answered is kept aside, and written with the next batch, if there is one.
        InAppend(
            "fixes are acknowledged before they are written",
            "write('RPUSH', KEYS[4], entry)",
            "local held = redis.call('GET', KEYS[4] .. ':held') if held then write('RPUSH', KEYS[4], held) end write('SET', KEYS[4] .. ':held', entry)"),
        InAppend("the fence is not checked", "if #fenced > 1 then", "if false then"),
        InAppend(
            "a retried append is doubled: what a writer wrote last is noted one too low",
            "write('SET', KEYS[2], ARGV[1] .. ' '", "write('SET', KEYS[2], string.format('%d', tonumber(ARGV[1]) - 1) .. ' '",
            ("if (done or 0) < tonumber(ARGV[2]) then", "if (done or 0) + 1 < tonumber(ARGV[2]) then")),
        new("what a node did not hear of the log it does not read either") { IsDeafToLog = true },
        InAppend(
            "a segment of the log goes before a checkpoint covers it",
            "if packed ~= segment then",
            "if packed ~= segment then write('PEXPIRE', string.gsub(KEYS[4], '%d+$', string.format('%d', segment)), 1000)"),
        new("a claim does not wait until its node has read the log") { ClaimsDoNotWait = true },
    ];

    /// <summary>The script with the mistake in it, if it is the one.</summary>
    public string ChangeScript(string name, string text) => ScriptChange.Plant(Changes, Name, name, text);

    private static PlantedBug InCommit(string name, string old, string replacement, params (string Old, string New)[] also) =>
        new(name) { Changes = [new("trip-commit.lua", old, replacement), .. also.Select(a => new ScriptChange("trip-commit.lua", a.Old, a.New))] };

    private static PlantedBug InAppend(string name, string old, string replacement, params (string Old, string New)[] also) =>
        new(name) { Changes = [new("log-append.lua", old, replacement), .. also.Select(a => new ScriptChange("log-append.lua", a.Old, a.New))] };

    private static PlantedBug Decided(string name, WrongDecision wrong) =>
        new(name) { ChangeDecision = decide => (trip, plans, happened, now, rules) => wrong(trip, plans, happened, now, rules, decide) };

    private delegate TransitionResult WrongDecision(
        Trip? trip, ImmutableArray<DriverPlan> plans, DispatchEvent happened, DateTimeOffset now, TripRules rules,
        Func<Trip?, ImmutableArray<DriverPlan>, DispatchEvent, DateTimeOffset, TripRules, TransitionResult> decide);
}
