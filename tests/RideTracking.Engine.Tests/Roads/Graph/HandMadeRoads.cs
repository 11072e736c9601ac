using RideTracking.Engine.Roads.Graph;

namespace RideTracking.Engine.Tests.Roads.Graph;

/// <summary>A small network drawn in metres, its junctions known by a letter, its ways written as their letters in order.</summary>
internal sealed class HandMadeRoads
{
    private readonly Dictionary<char, int> _junctions = [];
    private readonly Dictionary<(char From, char To), int> _edges = [];

    public RoadGraphBuilder Builder { get; init; } = new();

    public HandMadeRoads Junction(char name, double east, double north, byte delay = 0, bool isGate = false)
    {
        _junctions.Add(name, Builder.AddJunction(name, PlainMap.At(east, north), delay, isGate));
        return this;
    }

    /// <summary>Roads from each letter to the next.</summary>
    public HandMadeRoads Road(string junctions, bool oneWay = false, RoadFlags flags = RoadFlags.None, byte kmh = 36, byte delay = 0, RoadClass roadClass = RoadClass.Residential)
    {
        for (int i = 1; i < junctions.Length; i++)
        {
            (char from, char to) = (junctions[i - 1], junctions[i]);
            int segment = Builder.AddSegment(new SegmentTraits
            {
                WayId = _edges.Count + 1,
                FromJunction = _junctions[from],
                ToJunction = _junctions[to],
                ForwardKmh = kmh,
                BackwardKmh = oneWay ? (byte)0 : kmh,
                Class = roadClass,
                Flags = flags,
                Name = junctions,
                ForwardDelay = delay,
            });
            _edges[(from, to)] = 2 * segment;
            _edges[(to, from)] = 2 * segment + 1;
        }

        return this;
    }

    public HandMadeRoads Forbid(string junctions)
    {
        Builder.Forbid(EdgesOf(junctions));
        return this;
    }

    public HandMadeRoads Demand(string junctions)
    {
        Builder.Demand(EdgesOf(junctions));
        return this;
    }

    public int Edge(string junctions) => _edges[(junctions[0], junctions[1])];

    /// <summary>The edges of a way through junctions.</summary>
    public int[] EdgesOf(string junctions) =>
        [.. Enumerable.Range(1, junctions.Length - 1).Select(i => _edges[(junctions[i - 1], junctions[i])])];

    /// <summary>The junctions of the fastest way from one edge to another, or null when there is none.</summary>
    public string? Way(RoadGraph graph, string from, string to) =>
        PlainWays.From(graph, Edge(from)).To(Edge(to)) is { } edges
            ? NameOf(graph.TailOf(edges[0])) + string.Concat(edges.Select(edge => NameOf(graph.HeadOf(edge))))
            : null;

    private string NameOf(int junction) => _junctions.Single(each => each.Value == junction).Key.ToString();
}
