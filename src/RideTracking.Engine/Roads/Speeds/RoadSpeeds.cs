using System.Runtime.InteropServices;
using RideTracking.Engine.Ingest;
using RideTracking.Engine.Roads.Graph;
using RideTracking.Engine.Roads.Matching;
using RideTracking.Engine.Roads.Routing;

namespace RideTracking.Engine.Roads.Speeds;

/// <summary>
/// How fast roads are at the hours of a week, learned from drives. Kept are sums for each road, direction and hour; what a
/// group of roads or hours has in common follows from them when a metric is made, so sums of several nodes can be put
/// together in any order. Not thread-safe.
/// </summary>
public sealed class RoadSpeeds
{
    private static readonly int ClassCount = Enum.GetValues<RoadClass>().Length;

    private readonly RoadGraph _graph;
    private readonly TimeZoneInfo _zone;
    private readonly LearningLimits _limits;
    private readonly DrivenTimes _times;
    private readonly Dictionary<(int Edge, int Hour), SpeedSums> _sums = [];
    private readonly Dictionary<(int Edge, int Hour), SpeedSums> _changes = [];
    private Dictionary<SpeedKey, int>? _edges; // by key with hour 0

    /// <param name="graph">The roads.</param>
    /// <param name="zone">The clocks of the city.</param>
    /// <param name="limits">How to learn.</param>
    public RoadSpeeds(RoadGraph graph, TimeZoneInfo zone, LearningLimits? limits = null)
    {
        _graph = graph;
        _zone = zone;
        _limits = limits ?? new LearningLimits();
        _times = new DrivenTimes(graph, _limits);
    }

    /// <summary>Roads, directions and hours of which something is known.</summary>
    public int Count => _sums.Count;

    /// <summary>Takes what a drive tells of the roads it took.</summary>
    /// <param name="drive">Matched.</param>
    /// <param name="fixes">Those it was matched from.</param>
    /// <param name="expected">What edges are expected to take: as learned so far.</param>
    public void Learn(MatchedDrive drive, ReadOnlySpan<Fix> fixes, RoadMetric expected)
    {
        ArgumentNullException.ThrowIfNull(drive);
        ArgumentOutOfRangeException.ThrowIfNotEqual(fixes.Length, drive.Fixes.Length);
        _times.Of(drive, fixes, expected, (edge, share, factor, atUnixMs) =>
        {
            DateTimeOffset at = DateTimeOffset.FromUnixTimeMilliseconds(atUnixMs);
            double seconds = share * _graph.FreeFlowMilliseconds(edge) / 1e3 * ForwardDecay.WeightAt(at, _limits.HalfLife);
            var sums = new SpeedSums(seconds, seconds * Math.Clamp(factor, _limits.LeastFactor, _limits.GreatestFactor));
            Add(_sums, edge, HourOf(at), sums);
            Add(_changes, edge, HourOf(at), sums);
        });
    }

    /// <summary>Adds what another node, or this one at an earlier time, has seen. False when the map has no such road any more.</summary>
    public bool Add(SpeedKey key, SpeedSums sums)
    {
        if (!Edges().TryGetValue(key with { Hour = 0 }, out int edge))
        {
            return false;
        }

        Add(_sums, edge, key.Hour, sums);
        return true;
    }

    /// <summary>What was learned since the last call, to be added to what is kept elsewhere.</summary>
    public IReadOnlyList<KeyValuePair<SpeedKey, SpeedSums>> TakeChanges()
    {
        KeyValuePair<SpeedKey, SpeedSums>[] changes = [.. _changes.Select(each =>
            KeyValuePair.Create(SpeedKey.Of(_graph, each.Key.Edge, each.Key.Hour), each.Value))];
        _changes.Clear();
        return changes;
    }

    /// <summary>The hour by the clocks of the city.</summary>
    public int HourOf(DateTimeOffset time) => WeekHours.Of(TimeZoneInfo.ConvertTime(time, _zone));

    /// <summary>
    /// What edges take in an hour. Where little was seen of a road in that hour, it is like at other hours; where little was
    /// seen of a road, it is like others of its class; of these too, like all; and with nothing seen at all, free flow.
    /// </summary>
    /// <param name="hour">One of <see cref="WeekHours"/>.</param>
    /// <param name="now">What was seen long before counts less.</param>
    public RoadMetric MetricOf(int hour, DateTimeOffset now)
    {
        double scale = 1 / ForwardDecay.WeightAt(now, _limits.HalfLife);
        var groups = new GroupFactors(SumsByGroup(scale), _limits.GroupSeconds);
        var roads = new Dictionary<int, (double Driven, double Expected, SpeedSums Near)>();
        foreach (((int edge, int seenAt), SpeedSums each) in _sums)
        {
            SpeedSums sums = each * scale;
            ref (double Driven, double Expected, SpeedSums Near) road = ref CollectionsMarshal.GetValueRefOrAddDefault(roads, edge, out _);
            road.Driven += sums.DrivenSeconds;
            road.Expected += sums.FreeFlowSeconds * groups.Of(ClassOf(edge), seenAt);
            road.Near += sums * WeekHours.Likeness(hour, seenAt);
        }

        var milliseconds = new int[_graph.EdgeCount];
        for (int edge = 0; edge < milliseconds.Length; edge++)
        {
            milliseconds[edge] = _graph.KmhOf(edge) == 0 ? RoadMetric.Closed : Slowed(edge, groups.Of(ClassOf(edge), hour));
        }

        foreach ((int edge, (double driven, double expected, SpeedSums near)) in roads)
        {
            double factor = groups.Of(ClassOf(edge), hour) * GroupFactors.Correction(driven, expected, _limits.RoadSeconds);
            factor *= GroupFactors.Correction(near.DrivenSeconds, factor * near.FreeFlowSeconds, _limits.RoadHourSeconds);
            milliseconds[edge] = Slowed(edge, factor);
        }

        return new RoadMetric(milliseconds);
    }

    private static void Add(Dictionary<(int Edge, int Hour), SpeedSums> sums, int edge, int hour, SpeedSums more)
    {
        ref SpeedSums each = ref CollectionsMarshal.GetValueRefOrAddDefault(sums, (edge, hour), out _);
        each += more;
    }

    private SpeedSums[,] SumsByGroup(double scale)
    {
        var sums = new SpeedSums[ClassCount, WeekHours.Count];
        foreach (((int edge, int hour), SpeedSums each) in _sums)
        {
            sums[ClassOf(edge), hour] += each * scale;
        }

        return sums;
    }

    private int ClassOf(int edge) => (int)_graph.Segment(edge >> 1).Class;

    private int Slowed(int edge, double factor) =>
        (int)Math.Clamp(Math.Round(_graph.FreeFlowMilliseconds(edge) * factor), 1, int.MaxValue / 2);

    private Dictionary<SpeedKey, int> Edges()
    {
        if (_edges is null)
        {
            _edges = new Dictionary<SpeedKey, int>(_graph.EdgeCount);
            for (int edge = 0; edge < _graph.EdgeCount; edge++)
            {
                if (_graph.KmhOf(edge) > 0)
                {
                    _edges.TryAdd(SpeedKey.Of(_graph, edge, 0), edge);
                }
            }
        }

        return _edges;
    }
}
