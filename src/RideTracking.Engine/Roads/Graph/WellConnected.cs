using System.Runtime.InteropServices;

namespace RideTracking.Engine.Roads.Graph;

/// <summary>
/// Finds the edges between which one can drive: from each to each, restrictions kept. A road that ends where there is
/// no way back (cut off by the border of an extract, say) is no way on, so one may turn round before it.
/// </summary>
internal static class WellConnected
{
    // Each round finds the places where one has to turn round, and with them more edges; two rounds nearly always do.
    private const int Rounds = 4;

    /// <param name="network">All edges.</param>
    /// <param name="usable">Those that may be driven.</param>
    /// <param name="minor">Edges that are no way on for who does not come from one.</param>
    /// <param name="minimumEdges">A part with as many counts beside the largest.</param>
    /// <param name="passesGates">Whether gates for own traffic are open.</param>
    /// <returns>The edges, and a test whether one edge is a way on from another.</returns>
    public static (bool[] Edges, Func<int, int, bool> IsWayOn) Of(
        TurnNetwork network, bool[] usable, bool[] minor, int minimumEdges, bool passesGates = true)
    {
        bool[] connected = usable;
        Func<int, int, bool> isWayOn = (edge, next) => minor[edge] || !minor[next];
        int before = -1;
        for (int round = 0; round < Rounds; round++)
        {
            TurnStates states = network.States(usable, isWayOn, passesGates: passesGates);
            (bool[] found, bool[] reached) = Parts(network, states, usable, minimumEdges);
            int count = found.Count(each => each);
            if (count == before)
            {
                break;
            }

            (before, connected) = (count, found);
            isWayOn = (edge, next) => (found[next] || !reached[edge]) && (minor[edge] || !minor[next]);
        }

        return (connected, isWayOn);
    }

    private static (bool[] Connected, bool[] Reached) Parts(TurnNetwork network, TurnStates states, bool[] usable, int minimumEdges)
    {
        ReadOnlySpan<int> first = CollectionsMarshal.AsSpan(states.First);
        ReadOnlySpan<int> targets = CollectionsMarshal.AsSpan(states.Targets);
        (int[] component, int count) = StrongComponents.Of(first, targets);
        var sizes = new int[count];
        for (int state = 0; state < component.Length; state++)
        {
            sizes[component[state]] += usable[states[state].Edge] ? 1 : 0;
        }

        int largest = sizes.Length == 0 ? 0 : sizes.Max();
        (int[] firstInto, int[] into) = Reverse(first, targets);
        var connected = new bool[network.EdgeCount];
        var anyReached = new bool[network.EdgeCount];
        for (int part = 0; part < count; part++)
        {
            if (sizes[part] == 0 || (sizes[part] < largest && sizes[part] < minimumEdges))
            {
                continue;
            }

            bool[] reached = Reach(component, part, first, targets);
            bool[] reaching = Reach(component, part, firstInto, into);
            for (int state = 0; state < component.Length; state++)
            {
                int edge = states[state].Edge;
                if (reached[state] && usable[edge])
                {
                    anyReached[edge] = true;
                    // A route starts with nothing to remember.
                    connected[edge] |= reaching[edge];
                }
            }
        }

        return (connected, anyReached);
    }

    private static bool[] Reach(int[] component, int part, ReadOnlySpan<int> first, ReadOnlySpan<int> targets)
    {
        var reached = new bool[component.Length];
        var open = new Stack<int>();
        for (int state = 0; state < component.Length; state++)
        {
            if (component[state] == part)
            {
                reached[state] = true;
                open.Push(state);
            }
        }

        while (open.TryPop(out int state))
        {
            foreach (int target in targets[first[state]..first[state + 1]])
            {
                if (!reached[target])
                {
                    reached[target] = true;
                    open.Push(target);
                }
            }
        }

        return reached;
    }

    private static (int[] First, int[] Sources) Reverse(ReadOnlySpan<int> first, ReadOnlySpan<int> targets)
    {
        var into = new int[first.Length];
        foreach (int target in targets)
        {
            into[target + 1]++;
        }

        for (int state = 1; state < into.Length; state++)
        {
            into[state] += into[state - 1];
        }

        int[] next = into[..^1];
        var sources = new int[targets.Length];
        for (int state = 0; state < first.Length - 1; state++)
        {
            foreach (int target in targets[first[state]..first[state + 1]])
            {
                sources[next[target]++] = state;
            }
        }

        return (into, sources);
    }
}
