using System.Runtime.InteropServices;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads.Graph;

namespace RideTracking.Engine.Roads.Matching;

/// <summary>
/// The places each fix may stand for, layer by layer, and the likeliest chain through them (Viterbi, 1967). Besides ways on
/// roads a chain may leave fixes out as outliers, or jump a gap; both are so unlikely that it does so only where no way
/// explains the fixes. No search for a way goes further than what is likelier than a gap, so nothing is lost by its bound.
/// </summary>
internal sealed class MatchingLattice(WaySearch search, MatchingLimits limits)
{
    private const double ClockSlackMeters = 50; // on top of the greatest speed: fixes a second apart are noisy

    private readonly MatchingModel _model = new(limits);
    private readonly List<LatticeLayer> _layers = [];
    private readonly List<LatticeNode> _nodes = [];
    private readonly List<RoadPosition> _targets = [];
    private readonly List<int> _sources = [];
    private readonly Way[] _ways = new Way[2 * limits.MaxCandidates]; // a one-way street is two
    private int _layersWithNodes;

    public ReadOnlySpan<LatticeLayer> Layers => CollectionsMarshal.AsSpan(_layers);

    public LatticeNode Node(int node) => _nodes[node];

    public void Clear()
    {
        _layers.Clear();
        _nodes.Clear();
        _layersWithNodes = 0;
    }

    /// <summary>Adds a place that the fix of the newest layer may stand for.</summary>
    /// <param name="position">On a road.</param>
    /// <param name="distanceMeters">From the fix.</param>
    /// <param name="weight">Of the fix there.</param>
    /// <param name="startNats">What beginning there costs.</param>
    public void AddNode(RoadPosition position, double distanceMeters, double weight, double startNats)
    {
        _nodes.Add(new LatticeNode
        {
            Position = position,
            Reached = position,
            DistanceMeters = distanceMeters,
            Weight = weight,
            StartNats = startNats,
            Layer = _layers.Count - 1,
        });
        _layersWithNodes += CollectionsMarshal.AsSpan(_layers)[^1].NodeCount++ == 0 ? 1 : 0;
    }

    public void AddLayer(int fix, GeoPoint point, long atUnixMs, double deviation) => _layers.Add(new LatticeLayer
    {
        Fix = fix,
        Point = point,
        AtUnixMs = atUnixMs,
        UntilUnixMs = atUnixMs,
        Deviation = deviation,
        FirstNode = _nodes.Count,
        BestNode = -1,
    });

    /// <summary>Tells that the car was still at the place of the newest layer.</summary>
    public void StayUntil(long atUnixMs) => CollectionsMarshal.AsSpan(_layers)[^1].UntilUnixMs = atUnixMs;

    /// <summary>Whether leaving out the fix of the newest layer is likelier than any of its places.</summary>
    public bool IsDoubtful => _layers[^1].IsDoubtful;

    /// <summary>Finds the likeliest predecessor of each node of the newest layer; again, when nodes were added since.</summary>
    public void Connect(bool againstOneWays)
    {
        ref LatticeLayer layer = ref CollectionsMarshal.AsSpan(_layers)[^1];
        if (layer.NodeCount == 0)
        {
            return;
        }

        Span<LatticeNode> nodes = CollectionsMarshal.AsSpan(_nodes).Slice(layer.FirstNode, layer.NodeCount);
        _targets.Clear();
        // Where no road is near there is nothing to leave out: a drive may begin in a yard.
        int leftOut = _layersWithNodes - 1;
        foreach (ref LatticeNode node in nodes)
        {
            node.Score = leftOut <= limits.MaxOutliers ? -leftOut * limits.OutlierNats - node.StartNats : double.NegativeInfinity;
            (node.Before, node.IsAfterGap, node.Reached) = (-1, false, node.Position);
            _targets.Add(node.Position);
        }

        double expected = double.NegativeInfinity;
        int skipped = 0;
        for (int i = _layers.Count - 2; i >= 0; i--)
        {
            ref LatticeLayer before = ref CollectionsMarshal.AsSpan(_layers)[i];
            if (before.NodeCount > 0)
            {
                expected = Math.Max(expected, before.BestScore - skipped * limits.OutlierNats);
                Jump(nodes, before, Math.Min(skipped, limits.MaxOutliers));
                if (skipped > limits.MaxOutliers)
                {
                    break;
                }

                Drive(nodes, before, layer, skipped, againstOneWays);
                if (!before.IsDoubtful)
                {
                    break;
                }
            }

            skipped++;
        }

        layer.BestScore = double.NegativeInfinity;
        for (int i = 0; i < nodes.Length; i++)
        {
            nodes[i].Score += nodes[i].Weight;
            if (nodes[i].Score > layer.BestScore)
            {
                (layer.BestScore, layer.BestNode) = (nodes[i].Score, layer.FirstNode + i);
            }
        }

        layer.IsDoubtful = layer.BestScore < (double.IsInfinity(expected) ? 0 : expected) - limits.OutlierNats;
    }

    /// <summary>The nodes of the likeliest chain, in order.</summary>
    public void Decode(List<int> chain)
    {
        chain.Clear();
        double best = double.NegativeInfinity;
        int node = -1, skipped = 0;
        for (int i = _layers.Count - 1; i >= 0 && skipped <= limits.MaxOutliers; i--)
        {
            if (_layers[i].NodeCount > 0 && _layers[i].BestScore - skipped * limits.OutlierNats > best)
            {
                (best, node) = (_layers[i].BestScore - skipped * limits.OutlierNats, _layers[i].BestNode);
            }

            if (_layers[i].NodeCount > 0 && !_layers[i].IsDoubtful)
            {
                break;
            }

            // Off all roads at the end: nothing to choose between.
            skipped += _layers[i].NodeCount > 0 ? 1 : 0;
        }

        for (; node >= 0; node = _nodes[node].Before)
        {
            chain.Add(node);
        }

        chain.Reverse();
    }

    private void Jump(Span<LatticeNode> nodes, in LatticeLayer before, int skipped)
    {
        double score = before.BestScore - limits.GapNats - skipped * limits.OutlierNats;
        foreach (ref LatticeNode node in nodes)
        {
            if (score - node.StartNats > node.Score)
            {
                (node.Score, node.Before, node.IsAfterGap) = (score - node.StartNats, before.BestNode, true);
            }
        }
    }

    private void Drive(Span<LatticeNode> nodes, in LatticeLayer before, in LatticeLayer layer, int skipped, bool againstOneWays)
    {
        double seconds = (layer.AtUnixMs - before.UntilUnixMs) / 1e3;
        double straight = Earth.DistanceMeters(before.Point, layer.Point);
        if (seconds > limits.MaxSilence.TotalSeconds || straight > limits.MaxSilentMeters)
        {
            return;
        }

        double detour = _model.DetourMeters(seconds), wrongWay = againstOneWays ? _model.WrongWayMeters(seconds) : WaySearch.Never;
        double reach = limits.MaxSpeedMetersPerSecond * seconds + ClockSlackMeters;
        double jitter = limits.JitterDeviations * Math.Max(before.Deviation, layer.Deviation);
        OrderSources(before);
        foreach (int source in _sources)
        {
            // The worst node sets how much less likely a way may be and still be of use.
            double score = _nodes[source].Score - skipped * limits.OutlierNats, worst = double.PositiveInfinity;
            foreach (ref readonly LatticeNode node in nodes)
            {
                worst = Math.Min(worst, node.Score);
            }

            if (score <= worst)
            {
                return;
            }

            RoadPosition from = _nodes[source].Reached;
            double charges = limits.UTurnMeters + (againstOneWays ? wrongWay + limits.WrongWayMetersPerMeter * reach : 0);
            double bound = Math.Min(straight + detour * (score - worst), reach + charges);
            search.Run(from, jitter, CollectionsMarshal.AsSpan(_targets), bound, wrongWay, _ways);
            for (int i = 0; i < nodes.Length; i++)
            {
                ref readonly Way way = ref _ways[i];
                if (!way.Exists || way.LengthMeters > reach)
                {
                    continue;
                }

                double sum = score + MatchingModel.OfWay(way, straight, detour);
                if (sum > nodes[i].Score)
                {
                    ref LatticeNode node = ref nodes[i];
                    (node.Score, node.Before, node.IsAfterGap, node.WayMeters, node.WrongWayMeters) = (sum, source, false, way.CostMeters, wrongWay);
                    // Behind by jitter: the car is still where it was.
                    node.Reached = way.IsBehind ? from : node.Position;
                }
            }
        }
    }

    private void OrderSources(in LatticeLayer layer)
    {
        _sources.Clear();
        for (int i = 0; i < layer.NodeCount; i++)
        {
            _sources.Add(layer.FirstNode + i);
        }

        _sources.Sort((a, b) => _nodes[b].Score.CompareTo(_nodes[a].Score));
    }
}

/// <summary>A fix that is matched, and its nodes.</summary>
internal struct LatticeLayer
{
    public int Fix;
    public GeoPoint Point;
    public long AtUnixMs;

    /// <summary>When the car was last seen there: who waits is not silent.</summary>
    public long UntilUnixMs;
    public double Deviation;
    public int FirstNode;
    public int NodeCount;
    public int BestNode;
    public double BestScore;

    /// <summary>So unlikely that leaving the fix out is likelier.</summary>
    public bool IsDoubtful;
}

/// <summary>A place that a fix may stand for.</summary>
internal struct LatticeNode
{
    public RoadPosition Position;

    /// <summary>Where the car is: at the position, unless that lies behind the one before by jitter.</summary>
    public RoadPosition Reached;

    public double DistanceMeters;
    public double Weight;

    /// <summary>What it costs to begin there, or to be there after a gap.</summary>
    public double StartNats;
    public double Score;
    public int Layer;
    public int Before;
    public bool IsAfterGap;

    /// <summary>Cost of the way from the node before.</summary>
    public double WayMeters;

    /// <summary>What driving into a one-way street against it was charged for.</summary>
    public double WrongWayMeters;
}
