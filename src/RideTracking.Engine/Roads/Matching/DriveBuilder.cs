using System.Runtime.InteropServices;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Ingest;
using RideTracking.Engine.Roads.Graph;

namespace RideTracking.Engine.Roads.Matching;

/// <summary>Makes a drive of the likeliest chain: the ways between its places, and on them the fixes that were not used.</summary>
internal sealed class DriveBuilder(RoadGraph graph, WaySearch search, MatchingLimits limits)
{
    private readonly MatchingModel _model = new(limits);
    private readonly List<PieceBuilder> _pieces = [];
    private readonly List<Anchor> _anchors = [];
    private readonly List<DrivenEdge> _stretches = [];
    private readonly RoadPosition[] _target = new RoadPosition[1];
    private readonly Way[] _way = new Way[1];

    public MatchedDrive Build(ReadOnlySpan<Fix> fixes, MatchingLattice lattice, List<int> chain)
    {
        _pieces.Clear();
        _anchors.Clear();
        LatticeNode before = default;
        foreach (int each in chain)
        {
            LatticeNode node = lattice.Node(each);
            if (node.Before < 0 || node.IsAfterGap)
            {
                _pieces.Add(new PieceBuilder(graph, node.Reached));
            }
            else
            {
                Drive(before, node);
            }

            PieceBuilder piece = _pieces[^1];
            _anchors.Add(new Anchor(lattice.Layers[node.Layer].Fix, node.Layer, _pieces.Count - 1, piece.LengthMeters, node.Position, node.DistanceMeters));
            before = node;
        }

        return new MatchedDrive([.. _pieces.Select(piece => piece.Build())], [.. PlaceAll(fixes)], Bridged(lattice.Layers));
    }

    // The way was found before, among many; to know its edges it is searched once more, alone.
    private void Drive(in LatticeNode before, in LatticeNode node)
    {
        if (node.Reached != node.Position)
        {
            return; // jitter: not a metre
        }

        _target[0] = node.Position;
        search.Run(before.Reached, 0, _target, node.WayMeters + 0.01, node.WrongWayMeters, _way);
        _stretches.Clear();
        search.AddStretches(node.Position, _way[0], _stretches);
        foreach (DrivenEdge stretch in _stretches)
        {
            _pieces[^1].Add(stretch);
        }
    }

    private MatchedFix[] PlaceAll(ReadOnlySpan<Fix> fixes)
    {
        var placed = new MatchedFix[fixes.Length];
        int next = 0;
        for (int i = 0; i < fixes.Length; i++)
        {
            if (next < _anchors.Count && _anchors[next].Fix == i)
            {
                Anchor anchor = _anchors[next++];
                placed[i] = new MatchedFix(anchor.Piece, anchor.Position, anchor.AlongMeters, anchor.DistanceMeters);
            }
            else
            {
                placed[i] = Place(fixes[i], next, i > 0 ? placed[i - 1] : MatchedFix.None);
            }
        }

        return placed;
    }

    /// <summary>A fix that was not used lies on the way between the anchors around it, or on none.</summary>
    private MatchedFix Place(in Fix fix, int next, MatchedFix last)
    {
        double near = _model.SearchMeters(_model.DeviationOf(fix));
        if (next > 0)
        {
            Anchor anchor = _anchors[next - 1];
            double from = last.Piece == anchor.Piece ? Math.Max(last.AlongMeters, anchor.AlongMeters) : anchor.AlongMeters;
            double to = next < _anchors.Count && _anchors[next].Piece == anchor.Piece ? _anchors[next].AlongMeters : from;
            MatchedFix place = _pieces[anchor.Piece].Nearest(fix.Point, from, to, anchor.Piece);
            if (place.DistanceMeters <= near)
            {
                return place;
            }
        }

        if (next < _anchors.Count && (next == 0 || _anchors[next].Piece != _anchors[next - 1].Piece))
        {
            Anchor anchor = _anchors[next];
            MatchedFix place = _pieces[anchor.Piece].Nearest(fix.Point, 0, 0, anchor.Piece);
            if (place.DistanceMeters <= near)
            {
                return place;
            }
        }

        return MatchedFix.None;
    }

    private double Bridged(ReadOnlySpan<LatticeLayer> layers)
    {
        if (_anchors.Count == 0)
        {
            return layers.Length > limits.MaxOutliers ? BridgeOut(layers[0], layers[1..]) : 0;
        }

        double meters = BridgeIn(_pieces[0].Start, layers[_anchors[0].Layer].AtUnixMs, layers[.._anchors[0].Layer]);
        Anchor last = _anchors[0];
        foreach (ref readonly Anchor anchor in CollectionsMarshal.AsSpan(_anchors)[1..])
        {
            meters += anchor.Piece == last.Piece ? 0 : Bridge(_pieces[last.Piece].End, _pieces[anchor.Piece].Start, layers[(last.Layer + 1)..anchor.Layer]);
            last = anchor;
        }

        var end = layers[last.Layer] with { Point = _pieces[last.Piece].End };
        return meters + BridgeOut(end, layers[(last.Layer + 1)..]);
    }

    // A few fixes between pieces may be anywhere; more of them are a road that the map does not have.
    private double Bridge(GeoPoint from, GeoPoint to, ReadOnlySpan<LatticeLayer> between)
    {
        double meters = 0;
        if (between.Length > limits.MaxOutliers)
        {
            foreach (ref readonly LatticeLayer layer in between)
            {
                meters += Earth.DistanceMeters(from, layer.Point);
                from = layer.Point;
            }
        }

        return meters + Earth.DistanceMeters(from, to);
    }

    // At an end no other side tells outliers from the way: what a car could have driven counts.
    private double BridgeOut(LatticeLayer from, ReadOnlySpan<LatticeLayer> after)
    {
        double meters = 0;
        foreach (ref readonly LatticeLayer layer in after)
        {
            double step = Earth.DistanceMeters(from.Point, layer.Point);
            if (IsDrivable(step, layer.AtUnixMs - from.AtUnixMs))
            {
                meters += step;
                from = layer;
            }
        }

        return meters;
    }

    private double BridgeIn(GeoPoint to, long atUnixMs, ReadOnlySpan<LatticeLayer> before)
    {
        double meters = 0;
        for (int i = before.Length - 1; i >= 0; i--)
        {
            double step = Earth.DistanceMeters(before[i].Point, to);
            if (IsDrivable(step, atUnixMs - before[i].AtUnixMs))
            {
                meters += step;
                (to, atUnixMs) = (before[i].Point, before[i].AtUnixMs);
            }
        }

        return meters;
    }

    private bool IsDrivable(double meters, long milliseconds) => meters <= limits.MaxSpeedMetersPerSecond * milliseconds / 1_000;

    /// <summary>A fix that the chain goes through.</summary>
    private readonly record struct Anchor(int Fix, int Layer, int Piece, double AlongMeters, RoadPosition Position, double DistanceMeters);
}
