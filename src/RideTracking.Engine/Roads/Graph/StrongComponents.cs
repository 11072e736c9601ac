namespace RideTracking.Engine.Roads.Graph;

/// <summary>Strongly connected components of a directed graph (Tarjan, 1972), without recursion.</summary>
internal static class StrongComponents
{
    /// <summary>The number of each vertex's component, from 0 up without gaps, and how many there are.</summary>
    /// <param name="first">For each vertex, and one more: the index of its first target.</param>
    /// <param name="targets">Vertices.</param>
    public static (int[] ComponentOf, int Count) Of(ReadOnlySpan<int> first, ReadOnlySpan<int> targets)
    {
        int count = first.Length - 1;
        var component = new int[count];
        component.AsSpan().Fill(-1);
        var order = new int[count]; // 0: not seen
        var low = new int[count];
        var next = new int[count];
        var path = new Stack<int>();
        var open = new Stack<int>();
        int seen = 0, components = 0;
        for (int root = 0; root < count; root++)
        {
            if (order[root] != 0)
            {
                continue;
            }

            Enter(root, first);
            while (path.TryPeek(out int vertex))
            {
                if (next[vertex] < first[vertex + 1])
                {
                    int target = targets[next[vertex]++];
                    if (order[target] == 0)
                    {
                        Enter(target, first);
                    }
                    else if (component[target] < 0)
                    {
                        low[vertex] = Math.Min(low[vertex], order[target]);
                    }

                    continue;
                }

                path.Pop();
                if (path.TryPeek(out int parent))
                {
                    low[parent] = Math.Min(low[parent], low[vertex]);
                }

                if (low[vertex] == order[vertex])
                {
                    int member;
                    do
                    {
                        member = open.Pop();
                        component[member] = components;
                    }
                    while (member != vertex);

                    components++;
                }
            }
        }

        return (component, components);

        void Enter(int vertex, ReadOnlySpan<int> firstTarget)
        {
            order[vertex] = low[vertex] = ++seen;
            next[vertex] = firstTarget[vertex];
            path.Push(vertex);
            open.Push(vertex);
        }
    }
}
