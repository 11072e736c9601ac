using System.Collections.Immutable;
using RideTracking.Faults.Checking;
using RideTracking.Faults.Schedule;
using RideTracking.Server.Store;
using RideTracking.Server.Store.Feeds;
using RideTracking.Simulation.Bugs;

namespace RideTracking.Faults.Plants;

/// <summary>A mistake made on purpose in every node, to show that the rig reports it: in a script's text, or in how a node hears of the others.</summary>
/// <param name="Name">What is wrong.</param>
internal sealed record Plant(string Name)
{
    /// <summary>Faults by which it shows soonest; all where there are none.</summary>
    public ImmutableArray<FaultKind> BroughtOutBy { get; private init; } = [];

    /// <summary>What is not kept because of it: one of these is to be reported.</summary>
    public ImmutableArray<Broken> Breaks { get; private init; } = [];

    private ImmutableArray<ScriptChange> Changes { get; init; } = [];

    private Func<IFeedSource, IFeedSource>? Feed { get; init; }

    private bool ClaimsDoNotWait { get; init; }

    /// <summary>All of them, numbered from 1.</summary>
    public static ImmutableArray<Plant> All { get; } =
    [
        // What is answered is kept aside for a moment, and written with the next batch, if there is one.
        InScript(
            "an acknowledgement before the write", "log-append.lua",
            "write('RPUSH', KEYS[4], entry)",
            "local held = redis.call('GET', KEYS[4] .. ':held') if held then write('RPUSH', KEYS[4], held) end write('SET', KEYS[4] .. ':held', entry, 'PX', 300)",
            Broken.FixLost),
        InScript(
            "a change that is not atomic: one plan in three is not written with its trip", "trip-commit.lua",
            "if #records > 0 then", "if #records > 0 and (ARGV[6] == '' or tonumber(ARGV[1]) % 3 > 0) then",
            Broken.TripDoubled, Broken.NodesDisagree),
        InScript(
            "the outbox forgotten: one commit in four leaves its commands out", "trip-commit.lua",
            "write('HSET', outbox, unpack(entries))", "if tonumber(ARGV[1]) % 4 > 0 then write('HSET', outbox, unpack(entries)) end",
            Broken.CommandLost),
        InScript("the fence not checked", "log-append.lua", "if #fenced > 1 then", "if false then", Broken.FixDoubled) with
        {
            BroughtOutBy = [FaultKind.StoreLinkBroken, FaultKind.StoreLinkSilent, FaultKind.StoreRepliesLost],
        },
        InScript(
            "a retried append doubled: what a writer wrote last is noted one too low", "log-append.lua",
            "write('SET', KEYS[2], ARGV[1] .. ' '", "write('SET', KEYS[2], string.format('%d', tonumber(ARGV[1]) - 1) .. ' '",
            Broken.FixDoubled).And("log-append.lua", "if (done or 0) < tonumber(ARGV[2]) then", "if (done or 0) + 1 < tonumber(ARGV[2]) then") with
        {
            BroughtOutBy = [FaultKind.StoreRepliesLost],
        },
        InScript(
            "a feed gap not read, where one message in five is lost", "prologue-feed.lua",
            "publish(head, entry)", "if last % 5 > 0 then publish(head, entry) end",
            Broken.NodesDisagree, Broken.CommandLost) with
        {
            Feed = source => new DeafFeed(source),
        },
        InScript(
            "a lease believed: who holds the work commits without comparing, and all hold it", "trip-commit.lua",
            "if changed then", "if false then",
            Broken.TripDoubled, Broken.EventContradicted, Broken.ActionLost, Broken.NodesDisagree).And("node-lease.lua", "return isClaimed or", "return true or isClaimed or") with
        {
            BroughtOutBy = [FaultKind.NodeFrozen, FaultKind.StoreLinkSlow, FaultKind.StoreLinkSilent],
        },
        InScript(
            "a segment gone before its checkpoint", "log-append.lua",
            "if packed ~= segment then", "if packed ~= segment then write('PEXPIRE', string.gsub(KEYS[4], '%d+$', string.format('%d', segment)), 1000)",
            Broken.FixLost),
        InScript(
            "a claim that does not wait for the log, whose messages are lost", "log-append.lua",
            "if ARGV[9] == '1' then", "if false then",
            Broken.FixDoubled) with
        {
            ClaimsDoNotWait = true,
            BroughtOutBy = [FaultKind.ClientLinkCut, FaultKind.ClientLinkBroken],
        },
    ];

    /// <summary>The mistake of that number; null for 0.</summary>
    public static Plant? Of(int number) => number == 0 ? null : All[number - 1];

    /// <summary>Makes it in this process; before anything of the server is used.</summary>
    public void InNode()
    {
        PlantedMistakes.Script = (script, text) => ScriptChange.Plant(Changes, Name, script, text);
        PlantedMistakes.ClaimsWaitForLog = !ClaimsDoNotWait;
        if (Feed is { } feed)
        {
            PlantedMistakes.DispatchFeed = feed;
        }
    }

    private static Plant InScript(string name, string script, string old, string replacement, params Broken[] breaks) =>
        new(name) { Changes = [new(script, old, replacement)], Breaks = [.. breaks] };

    private Plant And(string script, string old, string replacement) => this with { Changes = Changes.Add(new(script, old, replacement)) };
}
