using System.Runtime.InteropServices;
using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Roads.Graph;

/// <summary>
/// Makes a <see cref="RoadGraph"/> of junctions, segments and turn restrictions: its states and turns, what turning takes,
/// and which parts are connected. Not thread-safe; good for one graph.
/// </summary>
internal sealed class RoadGraphBuilder
{
    private readonly List<int> _junctionPoints = [];
    private readonly List<long> _junctionIds = [];
    private readonly List<byte> _junctionDelays = [];
    private readonly HashSet<int> _gates = [];
    private readonly List<int> _timedEdges = [];
    private readonly List<int> _timedEdgeHours = [];
    private readonly List<string> _hours = [];
    private readonly Dictionary<string, int> _hoursNumbers = [];
    private readonly List<RoadSegment> _segments = [];
    private readonly List<byte> _edgeDelays = [];
    private readonly List<int> _shape = [];
    private readonly List<string> _names = [""];
    private readonly Dictionary<string, int> _nameNumbers = new() { [""] = 0 };
    private readonly TurnRules _rules = new();

    /// <summary>The side of the road; the turn across the oncoming traffic takes longer.</summary>
    public bool DrivesOnLeft { get; init; }

    /// <summary>A part of the network with as many edges takes part beside the largest: an island with a town of its own.</summary>
    public int MinimumPartEdges { get; init; } = 2_000;

    public int JunctionCount => _junctionIds.Count;

    public int SegmentCount => _segments.Count;

    /// <param name="id">OpenStreetMap's id of the node, or a made-up one.</param>
    /// <param name="point">Where it is.</param>
    /// <param name="delay">What everybody loses who passes it (signals), in tenths of a second.</param>
    /// <param name="isGate">Whether only own traffic passes it, as if it were a road of <see cref="RoadFlags.DestinationOnly"/>.</param>
    /// <returns>Its number, from 0 up.</returns>
    public int AddJunction(long id, GeoPoint point, byte delay = 0, bool isGate = false)
    {
        if (isGate)
        {
            _gates.Add(_junctionIds.Count);
        }

        _junctionIds.Add(id);
        AddPoint(_junctionPoints, point);
        _junctionDelays.Add(delay);
        return _junctionIds.Count - 1;
    }

    /// <param name="traits">Between two junctions already added; open at least one way.</param>
    /// <param name="between">The points of its shape without the junctions at its ends.</param>
    /// <returns>Its number, from 0 up; its edges are twice that, and one more.</returns>
    public int AddSegment(in SegmentTraits traits, ReadOnlySpan<GeoPoint> between = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(traits.FromJunction);
        ArgumentOutOfRangeException.ThrowIfNegative(traits.ToJunction);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(traits.FromJunction, JunctionCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(traits.ToJunction, JunctionCount);
        int firstPoint = _shape.Count / 2;
        _shape.AddRange(CollectionsMarshal.AsSpan(_junctionPoints).Slice(2 * traits.FromJunction, 2));
        foreach (GeoPoint point in between)
        {
            AddPoint(_shape, point);
        }

        _shape.AddRange(CollectionsMarshal.AsSpan(_junctionPoints).Slice(2 * traits.ToJunction, 2));
        double meters = 0;
        for (int point = firstPoint + 1; point < _shape.Count / 2; point++)
        {
            meters += Earth.DistanceMeters(ShapePoint(point - 1), ShapePoint(point));
        }

        _segments.Add(new RoadSegment
        {
            WayId = traits.WayId,
            FromJunction = traits.FromJunction,
            ToJunction = traits.ToJunction,
            FirstPoint = firstPoint,
            LengthCentimeters = (int)Math.Clamp(Math.Round(meters * 100), 1, int.MaxValue),
            Name = NumberOf(traits.Name ?? ""),
            ForwardKmh = traits.ForwardKmh,
            BackwardKmh = traits.BackwardKmh,
            Class = traits.Class,
            Flags = traits.Flags & ~RoadFlags.Connected,
        });
        _edgeDelays.Add(traits.ForwardDelay);
        _edgeDelays.Add(traits.BackwardDelay);
        return _segments.Count - 1;
    }

    /// <summary>Nobody may drive these edges one after the other: from, what lies between, to.</summary>
    /// <exception cref="ArgumentException">Fewer than two edges, or one does not start where the one before it ends.</exception>
    public void Forbid(params ReadOnlySpan<int> edges) => _rules.Forbid(Checked(edges));

    /// <summary>
    /// Who has driven the first edge must go on with the others, up to the last. Other demands for the same start allow
    /// theirs too.
    /// </summary>
    /// <inheritdoc cref="Forbid"/>
    public void Demand(params ReadOnlySpan<int> edges) => _rules.Demand(Checked(edges));

    /// <summary>An edge is closed at some hours.</summary>
    /// <param name="edge">Open at others; an edge that has several hours is open when all say so.</param>
    /// <param name="hours">As <see cref="Hours.RoadHours"/> has them.</param>
    public void AddHours(int edge, string hours)
    {
        if (!_hoursNumbers.TryGetValue(hours, out int number))
        {
            number = _hours.Count;
            _hours.Add(hours);
            _hoursNumbers.Add(hours, number);
        }

        _timedEdges.Add(edge);
        _timedEdgeHours.Add(number);
    }

    /// <summary>Free-flow speed of an edge; 0 where nobody may drive.</summary>
    public int KmhOf(int edge) => (edge & 1) == 0 ? _segments[edge >> 1].ForwardKmh : _segments[edge >> 1].BackwardKmh;

    /// <summary>The graph. To be called once.</summary>
    /// <param name="progress">Told how much is done, about, 0 to 1.</param>
    public RoadGraph Build(Action<double>? progress = null)
    {
        _rules.Complete();
        var heads = new int[2 * _segments.Count];
        var usable = new bool[heads.Length];
        var destination = new bool[heads.Length];
        for (int edge = 0; edge < heads.Length; edge++)
        {
            RoadSegment segment = _segments[edge >> 1];
            heads[edge] = (edge & 1) == 0 ? segment.ToJunction : segment.FromJunction;
            usable[edge] = ((edge & 1) == 0 ? segment.ForwardKmh : segment.BackwardKmh) > 0;
            destination[edge] = (segment.Flags & RoadFlags.DestinationOnly) != 0;
        }

        var network = new TurnNetwork(heads, JunctionCount, _rules, _gates);
        (bool[] connected, Func<int, int, bool> isWayOn) = WellConnected.Of(network, usable, destination, MinimumPartEdges);
        progress?.Invoke(0.4);
        MarkConnected(connected, usable);

        // Where through traffic goes: connected without the roads and gates that are for own traffic only. What can be
        // reached over those alone is like them.
        bool[] open = [.. connected.Select((isConnected, edge) => isConnected && !destination[edge])];
        (bool[] through, _) = WellConnected.Of(network, open, new bool[heads.Length], minimumEdges: int.MaxValue, passesGates: false);
        progress?.Invoke(0.6);
        for (int edge = 0; edge < through.Length; edge++)
        {
            // Parts apart from all others have no through traffic to keep out.
            through[edge] |= usable[edge] && !connected[edge] && !destination[edge];
        }

        TurnStates states = network.States(
            usable, (edge, next) => isWayOn(edge, next) && (!through[edge] || through[next]), through);
        progress?.Invoke(0.8);
        return new RoadGraph(new RoadGraphParts
        {
            Segments = [.. _segments],
            Shape = [.. _shape],
            JunctionPoints = [.. _junctionPoints],
            JunctionIds = [.. _junctionIds],
            Names = [.. _names],
            ExtraStateEdges = states.ExtraStateEdges(),
            FirstTurn = [.. states.First],
            TurnTargets = [.. states.Targets],
            TurnDelays = Delays(network, states),
            DrivesOnLeft = DrivesOnLeft,
            TimedEdges = [.. _timedEdges],
            TimedEdgeHours = [.. _timedEdgeHours],
            Hours = [.. _hours],
        });
    }

    private void MarkConnected(bool[] connected, bool[] usable)
    {
        Span<RoadSegment> segments = CollectionsMarshal.AsSpan(_segments);
        for (int segment = 0; segment < segments.Length; segment++)
        {
            ref RoadSegment each = ref segments[segment];
            bool forward = connected[2 * segment], backward = connected[2 * segment + 1];
            if (forward || backward)
            {
                // The direction of no use (a trap, or nobody gets there) is closed, so that nobody is put on it.
                usable[2 * segment] = forward;
                usable[2 * segment + 1] = backward;
                each = each with
                {
                    Flags = each.Flags | RoadFlags.Connected,
                    ForwardKmh = forward ? each.ForwardKmh : (byte)0,
                    BackwardKmh = backward ? each.BackwardKmh : (byte)0,
                };
            }
        }
    }

    private byte[] Delays(TurnNetwork network, TurnStates states)
    {
        var delays = new byte[states.Targets.Count];
        var courses = new EdgeCourses(CollectionsMarshal.AsSpan(_segments), CollectionsMarshal.AsSpan(_shape));
        for (int state = 0; state < states.Count; state++)
        {
            int edge = states[state].Edge;
            for (int turn = states.First[state]; turn < states.First[state + 1]; turn++)
            {
                int target = states.Targets[turn];
                delays[turn] = Delay(network, courses, edge, states[target].Edge);
            }
        }

        return delays;
    }

    private byte Delay(TurnNetwork network, EdgeCourses courses, int edge, int next)
    {
        int junction = network.HeadOf(edge);
        double delay = _edgeDelays[edge] + _junctionDelays[junction];
        bool isFromRoundabout = (_segments[edge >> 1].Flags & RoadFlags.Roundabout) != 0;
        bool isToRoundabout = (_segments[next >> 1].Flags & RoadFlags.Roundabout) != 0;
        if (next == (edge ^ 1))
        {
            delay += TurnDelay.UTurn;
        }
        else if (isToRoundabout)
        {
            delay += isFromRoundabout ? 0 : TurnDelay.EnterRoundabout;
        }
        else if (!isFromRoundabout && network.OutOf(junction).Length > 2)
        {
            double angle = Math.IEEERemainder(courses.AtTail(next) - courses.AtHead(edge), 360);
            delay += TurnDelay.OfAngle(DrivesOnLeft ? -angle : angle);
        }

        return (byte)Math.Min(Math.Round(delay), byte.MaxValue);
    }

    private ReadOnlySpan<int> Checked(ReadOnlySpan<int> edges)
    {
        if (edges.Length < 2)
        {
            throw new ArgumentException("A restriction has a from and a to.", nameof(edges));
        }

        for (int i = 1; i < edges.Length; i++)
        {
            if (HeadOf(edges[i - 1]) != HeadOf(edges[i] ^ 1))
            {
                throw new ArgumentException($"Edge {edges[i]} does not start where edge {edges[i - 1]} ends.", nameof(edges));
            }
        }

        return edges;
    }

    /// <summary>Where an edge ends, a junction.</summary>
    public int HeadOf(int edge) => (edge & 1) == 0 ? _segments[edge >> 1].ToJunction : _segments[edge >> 1].FromJunction;

    private int NumberOf(string name)
    {
        if (!_nameNumbers.TryGetValue(name, out int number))
        {
            number = _names.Count;
            _names.Add(name);
            _nameNumbers.Add(name, number);
        }

        return number;
    }

    private GeoPoint ShapePoint(int point) => GeoPoint.FromE7(_shape[2 * point], _shape[2 * point + 1]);

    private static void AddPoint(List<int> points, GeoPoint point)
    {
        if (!point.IsValid)
        {
            throw new ArgumentOutOfRangeException(nameof(point), point, "Not a place on earth.");
        }

        (int latitude, int longitude) = point.ToE7();
        points.Add(latitude);
        points.Add(longitude);
    }
}
