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
    private readonly ZoneEdges[] _edgesOf; // for each child that is no node
    private readonly int[] _listStarts;
    private readonly int[] _lists; // zone * 2, odd when the cell meets the zone's border; rising
    private readonly ZoneEdge[] _edges; // child by child, in the frame of the cells
    private readonly ZoneBorder[] _borders;
    private readonly int _levels;
    private readonly double _south, _west, _north, _east;
    private readonly double _unitsPerLatitude, _unitsPerLongitude;

    internal ZoneTree(ZoneTreeBuilder builder, ZoneBorder[] borders)
    {
        (_south, _west, _north, _east) = (builder.South, builder.West, builder.North, builder.East);
        _levels = builder.Levels;
        _children = builder.Children;
        _edgesOf = builder.EdgesOf;
        _listStarts = builder.ListStarts;
        _lists = builder.Lists;
        _edges = builder.Edges;
        _borders = borders;
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

        return ListOf(~child);
    }

    /// <summary>Finds the zones whose border a straight line meets, the short way round the earth.</summary>
    /// <param name="from">Must be valid.</param>
    /// <param name="to">Must be valid.</param>
    /// <param name="zones">Gets their numbers, each once, in no order.</param>
    /// <returns>
    /// Whether the line is sure to keep away from all borders, as far as numbers are exact: then both its ends are in the same zones. Without a zone found it may still not be sure.
    /// </returns>
    public bool Cross(GeoPoint from, GeoPoint to, List<int> zones)
    {
        var line = new ZoneLine(from, to);
        bool isClear = Cross(line, zones);
        if (line.West <= -180)
        {
            isClear &= Cross(line.Shifted(360), zones);
        }

        if (line.East >= 180)
        {
            isClear &= Cross(line.Shifted(-360), zones);
        }

        return isClear;
    }

    private bool Cross(in ZoneLine line, List<int> zones)
    {
        if (line.South > _north || line.North < _south || line.West > _east || line.East < _west)
        {
            return true;
        }

        bool isClear = true;
        var leaves = new ZoneLeaves(
            _children, _levels,
            PlaceOf(line.West, _west, _unitsPerLongitude), PlaceOf(line.South, _south, _unitsPerLatitude),
            PlaceOf(line.East, _west, _unitsPerLongitude), PlaceOf(line.North, _south, _unitsPerLatitude));
        while (leaves.MoveNext())
        {
            ZoneEdges edges = _edgesOf[leaves.Current];
            isClear &= edges.IsCrowded
                ? CrossZoneByZone(line, ListOf(~_children[leaves.Current]), zones)
                : CrossEdges(line, _edges.AsSpan(edges.First, edges.Count), zones);
        }

        return isClear;
    }

    private static bool CrossEdges(in ZoneLine line, ReadOnlySpan<ZoneEdge> edges, List<int> zones)
    {
        bool isClear = true;
        foreach (ref readonly ZoneEdge each in edges)
        {
            if (line.IsClearOf(each.Edge))
            {
                continue;
            }

            isClear = false;
            if (each.Edge.ShareOf(line.X, line.Y, line.AlongX, line.AlongY) is >= 0 and <= 1 && !zones.Contains(each.Zone))
            {
                zones.Add(each.Zone);
            }
        }

        return isClear;
    }

    private bool CrossZoneByZone(in ZoneLine line, ReadOnlySpan<int> list, List<int> zones)
    {
        foreach (int entry in list)
        {
            int zone = entry >> 1;
            if ((entry & 1) != 0 && !zones.Contains(zone) && _borders[zone].Meets(line.From, line.To, out _, out _))
            {
                zones.Add(zone);
            }
        }

        return false;
    }

    private int PlaceOf(double degrees, double start, double unitsPerDegree) =>
        (int)Math.Clamp((degrees - start) * unitsPerDegree, 0, (1 << 2 * _levels) - 1);

    private ReadOnlySpan<int> ListOf(int list) => _lists.AsSpan(_listStarts[list].._listStarts[list + 1]);
}
