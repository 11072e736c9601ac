namespace RideTracking.Engine.Zones;

/// <summary>A piece of a zone's border, in the frame of the cells.</summary>
internal readonly record struct ZoneEdge(Edge Edge, int Zone);

/// <summary>Where the pieces of border of a cell are listed.</summary>
internal readonly record struct ZoneEdges(int First, int Count)
{
    /// <summary>A place beside more edges is rather asked for zone by zone, in their bands.</summary>
    public const int MaxCount = 32;

    /// <summary>More than are listed.</summary>
    public static ZoneEdges Crowded => new(0, -1);

    public bool IsCrowded => Count < 0;
}

/// <summary>The children that are no nodes and that a box of the smallest cells meets; row by row, rows as high as the lowest leaf in them. Mostly it is one, or two.</summary>
internal ref struct ZoneLeaves(ReadOnlySpan<int> children, int levels, int firstX, int firstY, int lastX, int lastY)
{
    private readonly ReadOnlySpan<int> _children = children;
    private readonly int _levels = levels;
    private readonly int _firstX = firstX;
    private readonly int _lastX = lastX;
    private readonly int _lastY = lastY;
    private int _x = firstX;
    private int _y = firstY;
    private int _nextY = int.MaxValue;

    /// <summary>Among the children of all nodes.</summary>
    public int Current { get; private set; }

    public bool MoveNext()
    {
        if (_x > _lastX)
        {
            (_x, _y, _nextY) = (_firstX, _nextY, int.MaxValue);
        }

        if (_y > _lastY)
        {
            return false;
        }

        int child = 0, shift = 2 * _levels;
        while (child >= 0)
        {
            shift -= 2;
            Current = child * ZoneTree.Fan + (_y >> shift & 3) * 4 + (_x >> shift & 3);
            child = _children[Current];
        }

        _x = ((_x >> shift) + 1) << shift;
        _nextY = Math.Min(_nextY, ((_y >> shift) + 1) << shift);
        return true;
    }
}
