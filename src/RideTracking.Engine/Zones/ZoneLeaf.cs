namespace RideTracking.Engine.Zones;

/// <summary>What a cell that is not divided knows: where its zones and the pieces of border in it are listed.</summary>
internal readonly record struct ZoneLeaf(int FirstZone, int ZoneCount, int FirstEdge, int EdgeCount)
{
    /// <summary>A place beside so many edges is rather asked for zone by zone, in their bands.</summary>
    public const int MaxEdges = 32;

    /// <summary>More edges than are listed.</summary>
    public bool IsCrowded => EdgeCount < 0;
}

/// <summary>A piece of a zone's border, in the frame of the cells.</summary>
internal readonly record struct ZoneEdge(Edge Edge, int Zone);

/// <summary>The leaves that a box of the smallest cells meets; row by row, rows as high as the lowest leaf in them. Mostly it is one, or two.</summary>
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
            child = _children[child * ZoneTree.Fan + (_y >> shift & 3) * 4 + (_x >> shift & 3)];
        }

        Current = ~child;
        _x = ((_x >> shift) + 1) << shift;
        _nextY = Math.Min(_nextY, ((_y >> shift) + 1) << shift);
        return true;
    }
}
