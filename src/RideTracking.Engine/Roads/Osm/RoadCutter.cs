using System.Runtime.InteropServices;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads.Graph;

namespace RideTracking.Engine.Roads.Osm;

/// <summary>Cuts ways into segments where they meet, and where a barrier stands. Good for one file.</summary>
internal sealed class RoadCutter
{
    // A stop this near to a junction is that junction's, for who drives to it.
    private const double ApproachMeters = 40;

    private readonly List<OsmRoad> _roads;
    private readonly List<long> _references;
    private readonly OsmNodePass _nodes;
    private readonly RoadGraphBuilder _builder;
    private readonly FerrySpeeds _ferries;
    private readonly TownDensity _towns = new();
    private readonly int[] _junctions; // of each node, from 1 up; 0 for none
    private readonly Dictionary<long, (int First, int Count)> _segments = [];
    private readonly AntimeridianNodes _antimeridian = new();
    private readonly List<int> _part = [];
    private readonly List<GeoPoint> _between = [];

    public RoadCutter(OsmWayPass ways, OsmNodePass nodes, RoadGraphBuilder builder)
    {
        (_roads, _references, _nodes, _builder) = (ways.Roads, ways.Nodes, nodes, builder);
        _junctions = new int[nodes.Count];
        _ferries = new FerrySpeeds(
            _roads.Where(road => road.Traits.Class == RoadClass.Ferry).Select(road => (road, LengthOf(road))), ways.Ferries);
    }

    public double UrbanMeters { get; private set; }

    /// <summary>The junction at a node; negative where there is none, as at a barrier.</summary>
    public int JunctionAt(long node) => _nodes.IndexOf(node) is var index and >= 0 ? _junctions[index] - 1 : -1;

    /// <summary>The segments of a way, in its order.</summary>
    public bool TryGetSegments(long way, out (int First, int Count) segments) => _segments.TryGetValue(way, out segments);

    /// <param name="progress">Told how much is done, 0 to 1.</param>
    /// <param name="cancellation">Ends it.</param>
    public void Cut(Action<double> progress, CancellationToken cancellation)
    {
        foreach (OsmRoad road in _roads)
        {
            if (road.Traits.Class is RoadClass.Residential or RoadClass.LivingStreet)
            {
                MeasureTown(road);
            }
        }

        // Roads that lie together are numbered together, which is kind to caches.
        int[] order = [.. Enumerable.Range(0, _roads.Count)];
        Array.Sort([.. _roads.Select(road => PlaceOf(road))], order);
        for (int i = 0; i < order.Length; i++)
        {
            if ((i & 0xFFF) == 0)
            {
                cancellation.ThrowIfCancellationRequested();
                progress((double)i / order.Length);
            }

            OsmRoad road = _roads[order[i]];
            int first = _builder.SegmentCount;
            Cut(road);
            // A file with one way twice would be odd; the first counts.
            _segments.TryAdd(road.Id, (first, _builder.SegmentCount - first));
        }
    }

    private void MeasureTown(OsmRoad road)
    {
        for (int i = 1; i < road.NodeCount; i++)
        {
            int from = NodeOf(road, i - 1), to = NodeOf(road, i);
            if (IsFound(from) && IsFound(to))
            {
                GeoPoint a = _nodes.PointOf(from), b = _nodes.PointOf(to);
                _towns.Add(a, Earth.DistanceMeters(a, b));
            }
        }
    }

    private void Cut(OsmRoad road)
    {
        byte ferryKmh = road.Traits.Class == RoadClass.Ferry ? _ferries.Of(road.Id) : (byte)0;
        _part.Clear();
        for (int i = 0; i < road.NodeCount; i++)
        {
            int node = NodeOf(road, i);
            if (!IsFound(node))
            {
                AddPart(road, ferryKmh);
                _part.Clear();
                continue;
            }

            if (_part.Count > 0 && _part[^1] == node)
            {
                continue;
            }

            _part.Add(node);
            if (_part.Count > 1 && (_nodes.FlagsOf(node) & (OsmNodeFlags.Shared | OsmNodeFlags.Blocked | OsmNodeFlags.Gate | OsmNodeFlags.Timed)) != 0)
            {
                AddPart(road, ferryKmh);
                _part.Clear();
                _part.Add(node);
            }
        }

        AddPart(road, ferryKmh);
    }

    private void AddPart(OsmRoad road, byte ferryKmh)
    {
        if (_part.Count < 2)
        {
            return;
        }

        if (_part[0] == _part[^1] && _part.Count > 3)
        {
            // A loop becomes two segments, so that its two ways round are told apart by their junctions.
            int middle = _part.Count / 2;
            AddSegment(road, 0, middle, ferryKmh);
            AddSegment(road, middle, _part.Count - 1, ferryKmh);
            return;
        }

        AddSegment(road, 0, _part.Count - 1, ferryKmh);
    }

    private void AddSegment(OsmRoad road, int first, int last, byte ferryKmh)
    {
        _between.Clear();
        double length = 0;
        for (int i = first + 1; i <= last; i++)
        {
            length += Earth.DistanceMeters(_nodes.PointOf(_part[i - 1]), _nodes.PointOf(_part[i]));
            if (i < last)
            {
                _between.Add(_nodes.PointOf(_part[i]));
            }
        }

        WayTraits way = road.Traits;
        bool isUrban = _towns.IsUrban(_nodes.PointOf(_part[(first + last) / 2]));
        UrbanMeters += isUrban ? length : 0;
        (int forwardDelay, int backwardDelay) = Stops(first, last, length);
        int segment = _builder.AddSegment(
            new SegmentTraits
            {
                WayId = road.Id,
                FromJunction = JunctionOf(_part[first]),
                ToJunction = JunctionOf(_part[last]),
                ForwardKmh = !way.IsForward ? (byte)0 : ferryKmh > 0 ? ferryKmh : CarSpeed.Of(way, isForward: true, isUrban),
                BackwardKmh = !way.IsBackward ? (byte)0 : ferryKmh > 0 ? ferryKmh : CarSpeed.Of(way, isForward: false, isUrban),
                Class = way.Class,
                Flags = way.Flags | (isUrban ? RoadFlags.Urban : RoadFlags.None),
                Name = way.Name,
                ForwardDelay = (byte)Math.Min(forwardDelay, 150),
                BackwardDelay = (byte)Math.Min(backwardDelay, 150),
            },
            CollectionsMarshal.AsSpan(_between));
        AddHours(2 * segment, way.ForwardHours, _part[first]);
        AddHours(2 * segment + 1, way.BackwardHours, _part[last]);
    }

    // A gate is closed to who would drive on from it.
    private void AddHours(int edge, IReadOnlyList<string> ofWay, int tail)
    {
        foreach (string hours in ofWay)
        {
            _builder.AddHours(edge, hours);
        }

        if ((_nodes.FlagsOf(tail) & OsmNodeFlags.Timed) != 0)
        {
            _builder.AddHours(edge, _nodes.HoursOf(tail));
        }
    }

    // Signals and signs between two junctions: for who drives to the nearer one, unless they say for whom they are; signals
    // far from both (for who walks) are for all.
    private (int Forward, int Backward) Stops(int first, int last, double length)
    {
        int forward = 0, backward = 0;
        double along = 0;
        for (int i = first + 1; i < last; i++)
        {
            along += Earth.DistanceMeters(_nodes.PointOf(_part[i - 1]), _nodes.PointOf(_part[i]));
            OsmNodeFlags flags = _nodes.FlagsOf(_part[i]);
            int delay = DelayOf(flags);
            if (delay == 0)
            {
                continue;
            }

            bool isForAll = (flags & OsmNodeFlags.Signals) != 0 && Math.Min(along, length - along) > ApproachMeters;
            bool isNearEnd = along > length / 2;
            bool isTold = (flags & (OsmNodeFlags.Forward | OsmNodeFlags.Backward)) != 0;
            forward += (isTold ? (flags & OsmNodeFlags.Forward) != 0 : isForAll || isNearEnd) ? delay : 0;
            backward += (isTold ? (flags & OsmNodeFlags.Backward) != 0 : isForAll || !isNearEnd) ? delay : 0;
        }

        return (forward, backward);
    }

    private static int DelayOf(OsmNodeFlags flags) =>
        (flags & OsmNodeFlags.Signals) != 0 ? TurnDelay.Signals
        : (flags & OsmNodeFlags.Stop) != 0 ? TurnDelay.StopSign
        : (flags & OsmNodeFlags.GiveWay) != 0 ? TurnDelay.GiveWay : 0;

    private double LengthOf(OsmRoad road)
    {
        double meters = 0;
        for (int i = 1; i < road.NodeCount; i++)
        {
            int from = NodeOf(road, i - 1), to = NodeOf(road, i);
            meters += IsFound(from) && IsFound(to) ? Earth.DistanceMeters(_nodes.PointOf(from), _nodes.PointOf(to)) : 0;
        }

        return meters;
    }

    private int JunctionOf(int node)
    {
        OsmNodeFlags flags = _nodes.FlagsOf(node);
        if ((flags & OsmNodeFlags.Blocked) != 0)
        {
            // Each road that ends at a barrier has an end of its own there.
            return _builder.AddJunction(_nodes.IdOf(node), _nodes.PointOf(node));
        }

        ref int junction = ref _junctions[node];
        if (junction == 0 && _antimeridian.TwinOf(_nodes.PointOf(node), node) is var twin && twin != node)
        {
            junction = 1 + JunctionOf(twin);
        }

        if (junction == 0)
        {
            junction = 1 + _builder.AddJunction(
                _nodes.IdOf(node), _nodes.PointOf(node), (byte)DelayOf(flags), isGate: (flags & OsmNodeFlags.Gate) != 0);
        }

        return junction - 1;
    }

    private int NodeOf(OsmRoad road, int index) => _nodes.IndexOf(_references[road.FirstNode + index]);

    private bool IsFound(int node) => (_nodes.FlagsOf(node) & OsmNodeFlags.Found) != 0;

    // The bits of column and row of its start by turns (Morton order).
    private ulong PlaceOf(OsmRoad road)
    {
        GeoPoint start = _nodes.PointOf(NodeOf(road, 0));
        ulong row = (ulong)((start.LatitudeDegrees + 90) * 11_000), column = (ulong)((start.LongitudeDegrees + 180) * 11_000), place = 0;
        for (int bit = 0; bit < 22; bit++)
        {
            place |= ((column >> bit & 1) << (2 * bit)) | ((row >> bit & 1) << (2 * bit + 1));
        }

        return place;
    }
}
