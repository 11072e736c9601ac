using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Zones;

/// <summary>
/// Cells over the box of all zones, each cell divided into 4 × 4 while a border runs through it and it is not
/// yet small, by the size of that zone, or 100 m high. A cell knows the zones that it lies wholly inside of, and those whose border it meets.
/// </summary>
internal sealed class ZoneTree
{
    /// <summary>Children of a node: side by side, 4 in a row, 4 rows.</summary>
    internal const int Fan = 16;

    private readonly int[] _children; // 16 for each node: another node from 0, or the complement of a list
    private readonly int[] _listStarts;
    private readonly int[] _lists; // zone * 2, odd when the cell meets the zone's border; rising
    private readonly int _levels;
    private readonly double _south, _west, _north, _east;
    private readonly double _unitsPerLatitude, _unitsPerLongitude;

    internal ZoneTree(ZoneTreeBuilder builder)
    {
        (_south, _west, _north, _east) = (builder.South, builder.West, builder.North, builder.East);
        _levels = builder.Levels;
        _children = builder.Children;
        _listStarts = builder.ListStarts;
        _lists = builder.Lists;
        double units = 1L << 2 * _levels;
        _unitsPerLatitude = units / (_north - _south);
        _unitsPerLongitude = units / (_east - _west);
    }

    /// <summary>How many nodes there are, for tests and benchmarks.</summary>
    public int NodeCount => _children.Length / Fan;

    /// <summary>The zones of the cell that a place lies in, as <c>zone * 2 + (meets the border ? 1 : 0)</c>, rising.</summary>
    public ReadOnlySpan<int> At(GeoPoint point)
    {
        double longitude = point.LongitudeDegrees == 180 ? -180 : point.LongitudeDegrees;
        double latitude = point.LatitudeDegrees;
        if (!(latitude >= _south && latitude <= _north && longitude >= _west && longitude <= _east))
        {
            return [];
        }

        int last = (1 << 2 * _levels) - 1;
        int x = Math.Min((int)((longitude - _west) * _unitsPerLongitude), last);
        int y = Math.Min((int)((latitude - _south) * _unitsPerLatitude), last);
        int child = 0;
        for (int shift = 2 * (_levels - 1); child >= 0; shift -= 2)
        {
            child = _children[child * Fan + (y >> shift & 3) * 4 + (x >> shift & 3)];
        }

        int list = ~child;
        return _lists.AsSpan(_listStarts[list].._listStarts[list + 1]);
    }
}
