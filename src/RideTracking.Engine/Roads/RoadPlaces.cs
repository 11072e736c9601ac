using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads.Graph;
using RideTracking.Engine.Roads.Routing;

namespace RideTracking.Engine.Roads;

/// <summary>A place asked for, and where on the roads it is.</summary>
/// <param name="Point">The place asked for.</param>
/// <param name="Positions">On the road, in each direction in which it is driven; none when no road is within reach.</param>
/// <param name="OnRoad">The place on the road.</param>
/// <param name="IsStop">Whether somebody gets in or out there, and so may walk.</param>
internal readonly record struct RoadPlace(GeoPoint Point, RoadPosition[] Positions, GeoPoint OnRoad, bool IsStop)
{
    /// <summary>From the place asked for to that on the road.</summary>
    public double MetersToRoad { get; } = Positions.Length == 0 ? 0 : Earth.DistanceMeters(Point, OnRoad);

    /// <summary>Whether a straight line is driven between the place and the road.</summary>
    public bool IsOffRoad => MetersToRoad > (IsStop ? RoadNetworkRouter.MostWalkedMeters : RoadNetworkRouter.BesideRoadMeters);

    /// <summary>The car that has come here, and goes on the way it is facing.</summary>
    public RoadPlace ArrivedAt(RoadPosition position) => IsOffRoad ? this with { Positions = [position], IsStop = false } : new RoadPlace(OnRoad, [position], OnRoad, IsStop: false);
}

/// <summary>Brings places to the roads. Thread-safe.</summary>
/// <param name="index">The roads.</param>
/// <param name="stopsAtKerbSide">Whether who gets in or out on a wide road does so on its own side.</param>
internal sealed class RoadPlaces(RoadIndex index, bool stopsAtKerbSide)
{
    /// <summary>How much farther than the nearest road another is tried, when no way leads there or from there, as when it is closed.</summary>
    public const double OtherRoadsMeters = 250;

    // A place told by tapping on the road itself is on neither side.
    private const double LeastMetersFromMiddle = 3;
    private const int OtherRoads = 16;
    private const int OtherRoadsLookedAt = 256; // a quarter may be closed as a whole

    public RoadPlace Snap(RouteStart place)
    {
        if (!index.TryNearest(place.Point, place.CourseDegrees, RoadNetworkRouter.ReachMeters, out RoadCandidate nearest, place.IsStop))
        {
            return new RoadPlace(place.Point, [], place.Point, place.IsStop);
        }

        RoadPosition position = nearest.Position;
        bool isAtKerb = stopsAtKerbSide && place.IsStop && nearest.DistanceMeters >= LeastMetersFromMiddle
            && StopRoads.HasKerbSides(index.Graph.Segment(position.Segment));
        bool isEitherWay = place.CourseDegrees is null && !isAtKerb && index.Graph.KmhOf(position.Edge ^ 1) > 0;
        return new RoadPlace(place.Point, isEitherWay ? [position, position.Reversed] : [position], nearest.Point, place.IsStop);
    }

    /// <summary>Where a way begins: a stop on a closed street, where no car comes to, on the nearest open road.</summary>
    public RoadPlace SnapStart(RoadMetric metric, RouteStart start)
    {
        RoadPlace place = Snap(start);
        return start.IsStop && place.Positions.Length > 0 && Array.TrueForAll(place.Positions, each => metric[each.Edge] == RoadMetric.Closed)
            ? Around(metric, place).FirstOrDefault(place)
            : place;
    }

    /// <summary>
    /// Where else to stop when no way leads to a place: on the nearest road that is open, then on any of those around, each in both its
    /// directions. None where no road is open within 250 m more than to the nearest.
    /// </summary>
    public IEnumerable<RoadPlace> Around(RoadMetric metric, RoadPlace place)
    {
        var found = new RoadCandidate[OtherRoadsLookedAt];
        RoadCandidate[] open =
        [
            .. found.Take(index.Nearest(place.Point, place.MetersToRoad + OtherRoadsMeters, found))
                .Where(each => metric[each.Position.Edge] != RoadMetric.Closed && StopRoads.MayStopOn(index.Graph.Segment(each.Position.Segment)))
                .Take(OtherRoads),
        ];
        if (open.Length > 0)
        {
            yield return At(open.TakeWhile(each => each.Position.Segment == open[0].Position.Segment));
            yield return At(open);
        }

        RoadPlace At(IEnumerable<RoadCandidate> candidates) =>
            place with { Positions = [.. candidates.Select(each => each.Position)] };
    }
}
