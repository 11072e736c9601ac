using NetTopologySuite.Geometries;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads.Graph;

namespace RideTracking.Server.Roads;

/// <summary>
/// Finds the segments of an area that are drawn at a zoom, by the boxes of many at a time: segments that lie together are numbered together. Immutable, thread-safe.
/// </summary>
internal sealed class StreetsByZoom
{
    private const int BlockSegments = 128;

    private static readonly double[] Turns = [0, -360, 360];

    // By the zoom from which they are drawn: what is far away and what is near must not be sought among all.
    private readonly List<(int FromZoom, Group Streets)> _groups = [];

    public StreetsByZoom(RoadGraph graph)
    {
        var all = Box.Nothing;
        foreach (var group in Enumerable.Range(0, graph.SegmentCount).GroupBy(segment => FirstZoomOf(graph.Segment(segment).Class)).OrderBy(each => each.Key))
        {
            var streets = new Group(graph, [.. group]);
            _groups.Add((group.Key, streets));
            all = all.With(streets.Bounds);
        }

        Bounds = all == Box.Nothing ? default
            : all.West < -180 || all.East > 180 ? new GeoRectangle(all.South, -180, all.North, 180)
            : new GeoRectangle(all.South, all.West, all.North, all.East);
    }

    /// <summary>Where there are streets.</summary>
    public GeoRectangle Bounds { get; }

    /// <summary>The segments whose boxes touch an area, in the order of their numbers for each zoom from which they are drawn.</summary>
    public IEnumerable<StreetInTile> In(Envelope area, int zoom)
    {
        // A street that goes on beyond 180 is at the other end of the map, too.
        foreach (var turn in Turns)
        {
            var moved = new Envelope(area.MinX - turn, area.MaxX - turn, area.MinY, area.MaxY);
            foreach (var (fromZoom, streets) in _groups)
            {
                if (fromZoom > zoom || !streets.Bounds.Touches(moved))
                {
                    continue;
                }

                foreach (var segment in streets.In(moved))
                {
                    yield return new StreetInTile(segment, turn);
                }
            }
        }
    }

    private static int FirstZoomOf(RoadClass roadClass) => roadClass switch
    {
        <= RoadClass.Trunk => 0,
        <= RoadClass.Primary => 8,
        RoadClass.Ferry => 9,
        <= RoadClass.Secondary => 10,
        <= RoadClass.Tertiary => 11,
        <= RoadClass.Residential => 12,
        <= RoadClass.LivingStreet => 13,
        _ => 14,
    };

    private sealed class Group
    {
        private readonly int[] _segments;
        private readonly Box[] _boxes;
        private readonly Box[] _blocks;

        public Group(RoadGraph graph, int[] segments)
        {
            _segments = segments;
            _boxes = [.. segments.Select(segment => Box.Of(graph, segment))];
            _blocks = [.. _boxes.Chunk(BlockSegments).Select(block => block.Aggregate((all, each) => all.With(each)))];
            Bounds = _blocks.Aggregate((all, each) => all.With(each));
        }

        public Box Bounds { get; }

        public IEnumerable<int> In(Envelope area)
        {
            for (var block = 0; block < _blocks.Length; block++)
            {
                if (!_blocks[block].Touches(area))
                {
                    continue;
                }

                for (var i = block * BlockSegments; i < Math.Min((block + 1) * BlockSegments, _segments.Length); i++)
                {
                    if (_boxes[i].Touches(area))
                    {
                        yield return _segments[i];
                    }
                }
            }
        }
    }

    // Longitudes from that of the first point, so that they may go on beyond 180.
    private readonly record struct Box(float South, float West, float North, float East)
    {
        public static readonly Box Nothing = new(float.MaxValue, float.MaxValue, float.MinValue, float.MinValue);

        public static Box Of(RoadGraph graph, int segment)
        {
            var box = Nothing;
            double longitude = graph.PointOf(segment, 0).LongitudeDegrees, last = longitude;
            for (var i = 0; i < graph.PointCount(segment); i++)
            {
                var point = graph.PointOf(segment, i);
                longitude += Earth.TurnDegrees(last, point.LongitudeDegrees);
                last = point.LongitudeDegrees;
                box = box.With(new Box((float)point.LatitudeDegrees, (float)longitude, (float)point.LatitudeDegrees, (float)longitude));
            }

            return box;
        }

        public Box With(in Box other) =>
            new(Math.Min(South, other.South), Math.Min(West, other.West), Math.Max(North, other.North), Math.Max(East, other.East));

        // Half a float's step, a metre, is within the tiles' margin.
        public bool Touches(Envelope area) => West <= area.MaxX && East >= area.MinX && South <= area.MaxY && North >= area.MinY;
    }
}

/// <summary>A segment to be drawn.</summary>
/// <param name="Segment">Its number.</param>
/// <param name="ShiftDegrees">What is added to its longitudes, to lie where the tile does.</param>
internal readonly record struct StreetInTile(int Segment, double ShiftDegrees);
