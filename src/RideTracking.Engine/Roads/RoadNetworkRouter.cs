using System.Collections.Immutable;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads.Graph;
using RideTracking.Engine.Roads.Routing;

namespace RideTracking.Engine.Roads;

/// <summary>
/// Routes and driving times over the roads of a map. Places are brought to the nearest road; what lies between is driven
/// straight when it is far. Where no road is within reach, or no way leads there by road, the whole route is a straight
/// line, and says so. Thread-safe.
/// </summary>
public sealed class RoadNetworkRouter : IRouteFinder
{
    /// <summary>A place no farther from a road than this is on it; from farther away a straight line leads there.</summary>
    public const double BesideRoadMeters = 100;

    /// <summary>Farther away than this no road is looked for.</summary>
    public const double ReachMeters = 3_000;

    private const double OtherRoadsMeters = 250; // tried when no way leads to the nearest, as when it is closed
    private const int OtherRoads = 16;
    private const int OtherRoadsLookedAt = 256; // a quarter may be closed as a whole

    private readonly RoadIndex _index;
    private readonly RoadRouter _router;
    private readonly IRouteFinder _withoutRoads;

    /// <param name="index">Of the graph that <paramref name="router"/> goes by.</param>
    /// <param name="router">Finds ways between roads.</param>
    /// <param name="withoutRoads">For places that no road leads to.</param>
    public RoadNetworkRouter(RoadIndex index, RoadRouter router, IRouteFinder withoutRoads)
    {
        if (index.Graph != router.Graph)
        {
            throw new ArgumentException("The index is of another graph than the router.", nameof(index));
        }

        (_index, _router, _withoutRoads) = (index, router, withoutRoads);
    }

    /// <inheritdoc/>
    public Route Through(RouteStart start, ReadOnlySpan<GeoPoint> stops)
    {
        CustomizedMetric metric = _router.Current; // one for all legs
        Place from = Snap(start);
        var line = new List<GeoPoint>();
        var legs = ImmutableArray.CreateBuilder<RouteLeg>(stops.Length);
        foreach (GeoPoint stop in stops)
        {
            Place to = Snap(RouteStart.Stop(stop));
            if (Find(metric, from, to) is not { } path)
            {
                return _withoutRoads.Through(start, stops);
            }

            legs.Add(Leg(metric.Metric, from, path, to, line));
            // Who has stopped goes on the way he is facing.
            from = to with { Positions = [path.End] };
        }

        return new Route(EncodedPolyline.Encode([.. line]), legs.MoveToImmutable(), RouteSource.Roads);
    }

    /// <inheritdoc/>
    public void Times(ReadOnlySpan<RouteStart> from, ReadOnlySpan<GeoPoint> to, Span<double> seconds)
    {
        var (starts, goals) = (new Place[from.Length], new Place[to.Length]);
        for (int i = 0; i < starts.Length; i++)
        {
            starts[i] = Snap(from[i]);
        }

        for (int i = 0; i < goals.Length; i++)
        {
            goals[i] = Snap(RouteStart.Stop(to[i]));
        }

        CustomizedMetric metric = _router.Current;
        var milliseconds = new int[starts.Length * goals.Length];
        _router.Table(metric, Positions(starts), Positions(goals), milliseconds);
        if (LookAround(metric.Metric, starts, goals, milliseconds))
        {
            _router.Table(metric, Positions(starts), Positions(goals), milliseconds);
        }

        for (int row = 0; row < starts.Length; row++)
        {
            for (int column = 0; column < goals.Length; column++)
            {
                int cell = row * goals.Length + column;
                seconds[cell] =
                    starts[row].Positions.Length == 0 || goals[column].Positions.Length == 0
                        ? StraightSeconds(from[row].Point, to[column])
                    : milliseconds[cell] == RoadMetric.Unreachable ? double.PositiveInfinity
                    : milliseconds[cell] / 1_000.0 + SecondsToRoad(starts[row]) + SecondsToRoad(goals[column]);
            }
        }
    }

    /// <summary>A place asked for, and where on the roads it is; nowhere when none is within reach.</summary>
    private readonly record struct Place(GeoPoint Point, RoadPosition[] Positions, GeoPoint OnRoad, double MetersToRoad)
    {
        public bool IsBesideRoad => MetersToRoad <= BesideRoadMeters;
    }

    private Place Snap(RouteStart place)
    {
        if (!_index.TryNearest(place.Point, place.CourseDegrees, ReachMeters, out RoadCandidate nearest, place.IsStop))
        {
            return new Place(place.Point, [], place.Point, 0);
        }

        RoadPosition position = nearest.Position;
        bool bothWays = place.CourseDegrees is null && _index.Graph.KmhOf(position.Edge ^ 1) > 0;
        return new Place(place.Point, bothWays ? [position, position.Reversed] : [position], nearest.Point, nearest.DistanceMeters);
    }

    /// <summary>Gives the roads around to places that no way leads to or from at all, as on a closed street. False when there are none.</summary>
    private bool LookAround(RoadMetric metric, Place[] starts, Place[] goals, ReadOnlySpan<int> milliseconds)
    {
        bool any = false;
        for (int goal = 0; goal < goals.Length; goal++)
        {
            bool isLost = starts.Length > 0 && goals[goal].Positions.Length > 0;
            for (int start = 0; start < starts.Length && isLost; start++)
            {
                isLost = milliseconds[start * goals.Length + goal] == RoadMetric.Unreachable;
            }

            if (isLost)
            {
                goals[goal] = goals[goal] with { Positions = Around(metric, goals[goal]) };
                any = true;
            }
        }

        for (int start = 0; start < starts.Length; start++)
        {
            if (starts[start].Positions.Length > 0
                && !milliseconds.Slice(start * goals.Length, goals.Length).ContainsAnyExcept(RoadMetric.Unreachable) && goals.Length > 0)
            {
                starts[start] = starts[start] with { Positions = Around(metric, starts[start]) };
                any = true;
            }
        }

        return any;
    }

    private static RoadPosition[][] Positions(Place[] places) => Array.ConvertAll(places, place => place.Positions);

    /// <summary>The way from one place to another; when none leads there, then from and to the other roads around.</summary>
    private RoadPath? Find(CustomizedMetric metric, Place from, Place to)
    {
        if (from.Positions.Length == 0 || to.Positions.Length == 0)
        {
            return null;
        }

        return _router.FindPath(metric, from.Positions, to.Positions)
            ?? _router.FindPath(metric, Around(metric.Metric, from), to.Positions)
            ?? _router.FindPath(metric, Around(metric.Metric, from), Around(metric.Metric, to));
    }

    // The nearest that are open; where none is, as it was.
    private RoadPosition[] Around(RoadMetric metric, Place place)
    {
        Span<RoadCandidate> found = new RoadCandidate[OtherRoadsLookedAt];
        found = found[.._index.Nearest(place.OnRoad, OtherRoadsMeters, found)];
        var positions = new List<RoadPosition>();
        for (int i = 0; i < found.Length && positions.Count < OtherRoads; i++)
        {
            if (metric[found[i].Position.Edge] != RoadMetric.Closed)
            {
                positions.Add(found[i].Position);
            }
        }

        return positions.Count > 0 ? [.. positions] : place.Positions;
    }

    /// <summary>The leg of a path, with the straight lines to the road and from it where a place is far off.</summary>
    private RouteLeg Leg(RoadMetric metric, Place from, RoadPath path, Place to, List<GeoPoint> line)
    {
        if (!from.IsBesideRoad && (line.Count == 0 || line[^1] != from.Point))
        {
            line.Add(from.Point);
        }

        RouteLeg leg = RoadDirections.Of(_index.Graph, metric, path, line);
        if (!to.IsBesideRoad)
        {
            line.Add(to.Point);
        }

        foreach (Place place in (ReadOnlySpan<Place>)[from, to])
        {
            leg = place.IsBesideRoad ? leg : leg with
            {
                DistanceMeters = leg.DistanceMeters + place.MetersToRoad,
                Duration = leg.Duration + TimeSpan.FromSeconds(SecondsToRoad(place)),
            };
        }

        return leg;
    }

    private double SecondsToRoad(Place place) => place.IsBesideRoad ? 0 : StraightSeconds(place.Point, place.OnRoad);

    private double StraightSeconds(GeoPoint from, GeoPoint to)
    {
        Span<double> seconds = stackalloc double[1];
        _withoutRoads.Times([RouteStart.Stop(from)], [to], seconds);
        return seconds[0];
    }
}
