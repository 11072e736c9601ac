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

    // What it takes to find the order, of the whole.
    private const double ShareOfOrder = 0.7;

    private RoadHierarchy(RoadGraph graph, int[] order, IProgress<double>? progress = null)
    {
        Graph = graph;
        _order = order;
        Tree = EliminationTree.Of(graph, order);
        progress?.Report((1 + ShareOfOrder) / 2);
        (Out, In) = Contraction.Of(graph, Tree);
        progress?.Report(1);
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

    /// <summary>Prepares a network. Takes seconds for a city, minutes for a country; see <see cref="Write"/>.</summary>
    /// <param name="graph">The network.</param>
    /// <param name="progress">Told how much is done, about, 0 to 1; by several threads.</param>
    public static RoadHierarchy Build(RoadGraph graph, IProgress<double>? progress = null) =>
        new(graph, NestedDissection.Order(graph, progress is null ? null : new PartOf(progress, ShareOfOrder)), progress);

    private sealed class PartOf(IProgress<double> whole, double share) : IProgress<double>
    {
        public void Report(double value) => whole.Report(value * share);
    }

    /// <summary>The times of a metric on all arcs. Takes a fraction of a second for a city.</summary>
    public CustomizedMetric Customize(RoadMetric metric) => Customization.Of(this, metric);
}
