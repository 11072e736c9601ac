using System.Collections.Immutable;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads.Graph;
using RideTracking.Engine.Roads.Routing;

namespace RideTracking.Engine.Roads;

/// <summary>
/// Routes and driving times over the roads of a map. Places are brought to the nearest road; what lies between is walked at a
/// stop, and driven straight when it is far. Where no road is within reach, or no way leads there by road, the whole route
/// is a straight line, and says so. Thread-safe.
/// </summary>
public sealed partial class RoadNetworkRouter : IRouteFinder
{
    /// <summary>A car no farther from a road than this is on it; from farther away a straight line leads there.</summary>
    public const double BesideRoadMeters = 100;

    /// <summary>Farther away than this no road is looked for.</summary>
    public const double ReachMeters = 3_000;

    /// <summary>
    /// Who gets in or out walks no farther than this between the place asked for and the road where the car stops; from farther away
    /// the map is taken to lack a road, and a straight line is driven.
    /// </summary>
    public const double MostWalkedMeters = 500;

    /// <summary>What is walked less than this is not told: a few parked cars, a front garden, the other side of the street.</summary>
    public const double LeastWalkMeters = 50;

    private readonly RoadGraph _graph;
    private readonly RoadPlaces _places;
    private readonly RoadRouter _router;
    private readonly IRouteFinder _withoutRoads;

    /// <param name="index">Of the graph that <paramref name="router"/> goes by.</param>
    /// <param name="router">Finds ways between roads.</param>
    /// <param name="withoutRoads">For places that no road leads to.</param>
    /// <param name="stopsAtKerbSide">
    /// Whether who gets in or out on a trunk, primary or secondary road of both directions does so on the side of the road where the place is.
    /// Smaller streets are crossed on foot.
    /// </param>
    public RoadNetworkRouter(RoadIndex index, RoadRouter router, IRouteFinder withoutRoads, bool stopsAtKerbSide = false)
    {
        if (index.Graph != router.Graph)
        {
            throw new ArgumentException("The index is of another graph than the router.", nameof(index));
        }

        (_graph, _places, _router, _withoutRoads) = (index.Graph, new RoadPlaces(index, stopsAtKerbSide), router, withoutRoads);
    }

    /// <inheritdoc/>
    public Route Through(RouteStart start, ReadOnlySpan<GeoPoint> stops)
    {
        CustomizedMetric metric = _router.Current; // one for all legs
        RoadPlace from = _places.SnapStart(metric.Metric, start);
        var line = new List<GeoPoint>();
        var legs = ImmutableArray.CreateBuilder<RouteLeg>(stops.Length);
        foreach (GeoPoint stop in stops)
        {
            RoadPlace to = _places.Snap(RouteStart.Stop(stop));
            if (Find(metric, from, to) is not { } path)
            {
                return _withoutRoads.Through(start, stops);
            }

            legs.Add(Leg(metric.Metric, from, path, to, line));
            from = to.ArrivedAt(path.End);
        }

        return new Route(EncodedPolyline.Encode([.. line]), legs.MoveToImmutable(), RouteSource.Roads)
        {
            StartWalkMeters = start.IsStop ? WalkMeters(start.Point, line[0]) : 0,
        };
    }

    /// <summary>The way from one place to another; when none leads there, then to the roads around, and from a closed street by the nearest way out.</summary>
    private RoadPath? Find(CustomizedMetric metric, RoadPlace from, RoadPlace to)
    {
        if (from.Positions.Length == 0 || to.Positions.Length == 0)
        {
            return null;
        }

        if (_router.FindPath(metric, from.Positions, to.Positions) is { } found)
        {
            return found;
        }

        RoadPlace[] goals = [to, .. _places.Around(metric.Metric, to)];
        foreach (RoadPlace goal in goals.AsSpan(1))
        {
            if (_router.FindPath(metric, from.Positions, goal.Positions) is { } around)
            {
                return around;
            }
        }

        RoadPath[] ways = [.. WaysOut.From(_graph, metric.Metric, from.Positions, from.OnRoad, RoadPlaces.OtherRoadsMeters)];
        foreach (RoadPlace goal in goals)
        {
            foreach (RoadPath way in ways)
            {
                if (_router.FindPath(metric, [way.End], goal.Positions) is { } on)
                {
                    return WaysOut.Join(way, on);
                }
            }
        }

        return null;
    }

    /// <summary>The leg of a path, with the straight lines to the road and from it where a place is far off.</summary>
    private RouteLeg Leg(RoadMetric metric, RoadPlace from, RoadPath path, RoadPlace to, List<GeoPoint> line)
    {
        if (from.IsOffRoad && (line.Count == 0 || line[^1] != from.Point))
        {
            line.Add(from.Point);
        }

        RouteLeg leg = RoadDirections.Of(_graph, metric, path, line);
        if (to.IsOffRoad)
        {
            line.Add(to.Point);
        }

        foreach (RoadPlace place in (ReadOnlySpan<RoadPlace>)[from, to])
        {
            leg = !place.IsOffRoad ? leg : leg with
            {
                DistanceMeters = leg.DistanceMeters + place.MetersToRoad,
                Duration = leg.Duration + TimeSpan.FromSeconds(SecondsToRoad(place)),
            };
        }

        return leg with { WalkMeters = WalkMeters(to.Point, line[^1]) };
    }

    private static double WalkMeters(GeoPoint place, GeoPoint car) => Earth.DistanceMeters(place, car) is var meters and >= LeastWalkMeters ? meters : 0;

    private double SecondsToRoad(RoadPlace place) => place.IsOffRoad ? StraightSeconds(place.Point, place.OnRoad) : 0;

    private double StraightSeconds(GeoPoint from, GeoPoint to)
    {
        Span<double> seconds = stackalloc double[1];
        _withoutRoads.Times([RouteStart.Stop(from)], [to], seconds);
        return seconds[0];
    }
}
