using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Roads.Osm;

/// <summary>
/// A reading before all others, where only a part of the file is wanted: which nodes lie there. A way with one of them is of the part, as a whole, so that no road
/// ends where the area does.
/// </summary>
internal sealed class OsmCutPass(IGeoArea area) : OsmVisitor
{
    private readonly List<long> _nodes = [];
    private bool _isSorted = true;

    public override bool WantsNodes => true;

    public override void Node(long id, long latitudeE7, long longitudeE7, OsmTags tags)
    {
        if (latitudeE7 is >= -900_000_000 and <= 900_000_000 && longitudeE7 is >= -1_800_000_000 and <= 1_800_000_000
            && area.Contains(GeoPoint.FromE7((int)latitudeE7, (int)longitudeE7)))
        {
            // Files have their nodes by id; where one does not, they are sorted.
            _isSorted &= _nodes.Count == 0 || _nodes[^1] < id;
            _nodes.Add(id);
        }
    }

    /// <summary>Whether a way with these nodes is of the part.</summary>
    public bool Holds(ReadOnlySpan<long> nodes)
    {
        if (!_isSorted)
        {
            _nodes.Sort();
            _isSorted = true;
        }

        foreach (long node in nodes)
        {
            if (_nodes.BinarySearch(node) >= 0)
            {
                return true;
            }
        }

        return false;
    }
}
