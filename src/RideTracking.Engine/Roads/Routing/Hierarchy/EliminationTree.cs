using RideTracking.Engine.Roads.Graph;

namespace RideTracking.Engine.Roads.Routing.Hierarchy;

/// <summary>
/// The states in the order in which they are contracted, and for each the first of those that its contraction leads to.
/// Whatever is reached from a state by going up only lies on its way to the root (Bauer, Columbus, Rutter and Wagner,
/// "Search-Space Size in Contraction Hierarchies", 2016). Ranks are in post-order: all below a state come right before it.
/// </summary>
internal sealed class EliminationTree
{
    private EliminationTree(int[] states, int[] ranks, int[] parents) => (States, Ranks, Parents) = (states, ranks, parents);

    /// <summary>The state of each rank.</summary>
    public int[] States { get; }

    /// <summary>The rank of each state, -1 of those that nobody may drive.</summary>
    public int[] Ranks { get; }

    /// <summary>For each rank one above it, or -1.</summary>
    public int[] Parents { get; }

    /// <summary>The tree of an order, which is changed only between states of which neither depends on the other.</summary>
    public static EliminationTree Of(RoadGraph graph, int[] order)
    {
        int[] parents = ParentsOf(graph, order);
        int[] postOrder = PostOrder(parents);
        var rankBefore = new int[order.Length];
        var states = new int[order.Length];
        for (int rank = 0; rank < states.Length; rank++)
        {
            states[rank] = order[postOrder[rank]];
            rankBefore[postOrder[rank]] = rank;
        }

        var renumbered = new int[order.Length];
        for (int rank = 0; rank < states.Length; rank++)
        {
            int parent = parents[postOrder[rank]];
            renumbered[rank] = parent < 0 ? -1 : rankBefore[parent];
        }

        return new EliminationTree(states, RanksOf(graph, states), renumbered);
    }

    private static int[] RanksOf(RoadGraph graph, int[] order)
    {
        var ranks = new int[graph.StateCount];
        Array.Fill(ranks, -1);
        for (int rank = 0; rank < order.Length; rank++)
        {
            ranks[order[rank]] = rank;
        }

        return ranks;
    }

    /// <summary>Liu, "A compact row storage scheme for Cholesky factors using elimination trees" (1986).</summary>
    private static int[] ParentsOf(RoadGraph graph, int[] order)
    {
        int[] ranks = RanksOf(graph, order);
        (int[] first, int[] lower) = LowerNeighbours(graph, ranks, order.Length);
        var parents = new int[order.Length];
        var shortcut = new int[order.Length]; // some rank above, on the way to the root
        Array.Fill(parents, -1);
        Array.Fill(shortcut, -1);
        for (int rank = 0; rank < order.Length; rank++)
        {
            for (int i = first[rank]; i < first[rank + 1]; i++)
            {
                int below = lower[i];
                while (shortcut[below] >= 0 && shortcut[below] != rank)
                {
                    (below, shortcut[below]) = (shortcut[below], rank);
                }

                if (shortcut[below] < 0)
                {
                    shortcut[below] = parents[below] = rank;
                }
            }
        }

        return parents;
    }

    /// <summary>For each rank the lower ones that a turn joins to it, whichever way.</summary>
    private static (int[] First, int[] Lower) LowerNeighbours(RoadGraph graph, int[] ranks, int count)
    {
        var first = new int[count + 1];
        ForEachTurn(graph, ranks, (low, high) => first[high + 1]++);
        for (int rank = 0; rank < count; rank++)
        {
            first[rank + 1] += first[rank];
        }

        var lower = new int[first[count]];
        int[] next = first[..count];
        ForEachTurn(graph, ranks, (low, high) => lower[next[high]++] = low);
        return (first, lower);
    }

    private static void ForEachTurn(RoadGraph graph, int[] ranks, Action<int, int> join)
    {
        for (int state = 0; state < graph.StateCount; state++)
        {
            foreach (int next in graph.TurnsFrom(state))
            {
                if (ranks[state] >= 0 && ranks[next] >= 0 && state != next)
                {
                    join(Math.Min(ranks[state], ranks[next]), Math.Max(ranks[state], ranks[next]));
                }
            }
        }
    }

    /// <summary>All below each before it, those with the lowest ranks first.</summary>
    private static int[] PostOrder(int[] parents)
    {
        // Ranks of children are below that of the parent: subtree sizes, then places handed down from the roots.
        var sizes = new int[parents.Length];
        for (int rank = 0; rank < parents.Length; rank++)
        {
            sizes[rank]++;
            if (parents[rank] >= 0)
            {
                sizes[parents[rank]] += sizes[rank];
            }
        }

        var end = new int[parents.Length]; // where what is left of a subtree ends
        int roots = parents.Length;
        var order = new int[parents.Length];
        for (int rank = parents.Length - 1; rank >= 0; rank--)
        {
            ref int free = ref parents[rank] < 0 ? ref roots : ref end[parents[rank]];
            order[free - 1] = rank;
            end[rank] = free - 1;
            free -= sizes[rank];
        }

        return order;
    }
}
