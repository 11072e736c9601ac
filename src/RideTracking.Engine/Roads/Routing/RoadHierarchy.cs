using RideTracking.Engine.Roads.Graph;
using RideTracking.Engine.Roads.Routing.Hierarchy;

namespace RideTracking.Engine.Roads.Routing;

/// <summary>
/// What can be prepared of a road network without knowing how long its roads take: the order in which states are
/// contracted, and the arcs that this leaves. A customizable contraction hierarchy of the states and turns (Dibbelt,
/// Strasser and Wagner 2016; with turns Buchhold, Wagner, Zeitz and Zündorf 2020). Thread-safe, never changes.
/// </summary>
public sealed partial class RoadHierarchy
{
    private readonly int[] _order;

    private RoadHierarchy(RoadGraph graph, int[] order)
    {
        Graph = graph;
        _order = order;
        Tree = EliminationTree.Of(graph, order);
        (Out, In) = Contraction.Of(graph, Tree);
        // A way up over a lower rank comes down to it first, and so on.
        OutTriangles = new LowerTriangles(In, Out);
        InTriangles = new LowerTriangles(Out, In);
    }

    public RoadGraph Graph { get; }

    /// <summary>States that may be driven.</summary>
    public int StateCount => Tree.States.Length;

    /// <summary>Arcs of both directions.</summary>
    public int ArcCount => Out.Count + In.Count;

    internal EliminationTree Tree { get; }

    /// <summary>The arcs driven upwards, from their lower ends.</summary>
    internal UpwardArcs Out { get; }

    /// <summary>The arcs driven downwards, to their lower ends.</summary>
    internal UpwardArcs In { get; }

    internal LowerTriangles OutTriangles { get; }

    internal LowerTriangles InTriangles { get; }

    /// <summary>Prepares a network. Takes seconds for a city; see <see cref="Write"/>.</summary>
    public static RoadHierarchy Build(RoadGraph graph) => new(graph, NestedDissection.Order(graph));

    /// <summary>The times of a metric on all arcs. Takes a fraction of a second for a city.</summary>
    public CustomizedMetric Customize(RoadMetric metric) => Customization.Of(this, metric);
}
