using RideTracking.Faults.Links;
using RideTracking.Faults.Processes;

namespace RideTracking.Faults.Schedule;

/// <summary>What a node and its links suffer.</summary>
internal static class NodeFaults
{
    private static readonly LinkState Slow = LinkState.Whole with { Delay = TimeSpan.FromMilliseconds(150) };
    private static readonly LinkState Narrow = LinkState.Whole with { BytesPerSecond = 20_000 };

    /// <summary>From a fault's beginning to its end.</summary>
    /// <param name="node">The node.</param>
    /// <param name="fault">The fault.</param>
    /// <param name="upgrades">Whether a node that is rolled comes back as another version.</param>
    public static async Task SufferAsync(NodeProcess node, PlannedFault fault, bool upgrades)
    {
        switch (fault.Kind)
        {
            case FaultKind.NodeKilled:
                node.Kill();
                await WaitAsync(fault.Length);
                await node.StartAsync();
                break;
            case FaultKind.NodeFrozen:
                node.Freeze();
                await WaitAsync(fault.Length);
                node.Thaw();
                break;
            case FaultKind.NodeRolled:
                await node.StopAsync();
                node.Version = upgrades ? node.Version.Other : node.Version;
                await node.StartAsync();
                break;
            case FaultKind.StoreLinkCut:
                Each(node.Stores, link => link.Cut());
                break;
            case FaultKind.ClientLinkCut:
                node.Clients.Cut();
                break;
            default:
                var links = fault.Kind is >= FaultKind.StoreLinkCut and <= FaultKind.StoreLinkNarrow ? node.Stores : [node.Clients];
                Each(links, link => link.Become(StateOf(fault.Kind)));
                await WaitAsync(fault.Length);
                if (fault.Kind is FaultKind.StoreRepliesLost or FaultKind.ClientRepliesLost)
                {
                    // Or they would come late.
                    Each(links, link => link.Become(LinkState.Broken));
                }

                Each(links, link => link.Become(LinkState.Whole));
                break;
        }
    }

    private static LinkState StateOf(FaultKind kind) => kind switch
    {
        FaultKind.StoreLinkBroken or FaultKind.ClientLinkBroken => LinkState.Broken,
        FaultKind.StoreLinkSilent or FaultKind.ClientLinkSilent => LinkState.Hole,
        FaultKind.StoreRepliesLost or FaultKind.ClientRepliesLost => LinkState.Mute,
        FaultKind.StoreLinkSlow or FaultKind.ClientLinkSlow => Slow,
        FaultKind.StoreLinkNarrow => Narrow,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "That is none of a link."),
    };

    private static void Each(IReadOnlyList<FaultyLink> links, Action<FaultyLink> action)
    {
        foreach (var link in links)
        {
            action(link);
        }
    }

    private static Task WaitAsync(TimeSpan length) => Task.Delay(length, TimeProvider.System);
}
