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

        return ListOf(~child);
    }

    /// <summary>Appends the zones whose border meets a cell that the box around a line meets; each once.</summary>
    /// <param name="from">Must be valid.</param>
    /// <param name="to">Must be valid. The line goes the short way round the earth.</param>
    /// <param name="zones">Gets their numbers.</param>
    public void AddBordersAround(GeoPoint from, GeoPoint to, List<int> zones)
    {
        double west = from.LongitudeDegrees, east = west + Earth.TurnDegrees(west, to.LongitudeDegrees);
        (west, east) = (Math.Min(west, east), Math.Max(west, east));
        double south = Math.Min(from.LatitudeDegrees, to.LatitudeDegrees), north = Math.Max(from.LatitudeDegrees, to.LatitudeDegrees);
        AddBorders(south, west, north, east, zones);
        if (west <= -180)
        {
            AddBorders(south, west + 360, north, east + 360, zones);
        }

        if (east >= 180)
        {
            AddBorders(south, west - 360, north, east - 360, zones);
        }
    }

    // Leaf by leaf along a row, rows as high as the lowest leaf in them: mostly it is one leaf, or two.
    private void AddBorders(double south, double west, double north, double east, List<int> zones)
    {
        if (south > _north || north < _south || west > _east || east < _west)
        {
            return;
        }

        int firstX = PlaceOf(west, _west, _unitsPerLongitude), lastX = PlaceOf(east, _west, _unitsPerLongitude);
        int lastY = PlaceOf(north, _south, _unitsPerLatitude);
        for (int y = PlaceOf(south, _south, _unitsPerLatitude); y <= lastY;)
        {
            int nextY = int.MaxValue;
            for (int x = firstX; x <= lastX;)
            {
                int child = 0, shift = 2 * _levels;
                while (child >= 0)
                {
                    shift -= 2;
                    child = _children[child * Fan + (y >> shift & 3) * 4 + (x >> shift & 3)];
                }

                bool isFirstList = zones.Count == 0;
                foreach (int entry in ListOf(~child))
                {
                    if ((entry & 1) != 0 && (isFirstList || !zones.Contains(entry >> 1)))
                    {
                        zones.Add(entry >> 1);
                    }
                }

                x = ((x >> shift) + 1) << shift;
                nextY = Math.Min(nextY, ((y >> shift) + 1) << shift);
            }

            y = nextY;
        }
    }

    private int PlaceOf(double degrees, double start, double unitsPerDegree) =>
        (int)Math.Clamp((degrees - start) * unitsPerDegree, 0, (1 << 2 * _levels) - 1);

    private ReadOnlySpan<int> ListOf(int list) => _lists.AsSpan(_listStarts[list].._listStarts[list + 1]);
}
