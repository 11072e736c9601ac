namespace RideTracking.Engine.Roads.Following;

/// <summary>Arriving at waypoints, and driving by them.</summary>
public sealed partial class RouteFollower
{
    private void VisitWaypoints(in Step step)
    {
        while (_next < _line.WaypointCount && Visit(step) is var visit and not WaypointVisit.NotYet)
        {
            _visits[_next++] = visit;
            _closestToNext = float.PositiveInfinity;
            if (visit == WaypointVisit.Arrived)
            {
                return; // the next one may be at the same place, but nobody arrives twice by one fix
            }
        }
    }

    private WaypointVisit Visit(in Step step)
    {
        double distance = DistanceTo(_next, step), alongLeft = _line.AlongOf(_next) - _place.Along;
        // Accuracy widens what is near, within reason: a fix of 500 m is not at every waypoint of the quarter.
        double near = _limits.ArriveMeters + Math.Min(step.Accuracy, _limits.ArriveMeters);
        // The route may lead past the waypoint before it leads to it, on the other side of a wide road.
        bool isToBeReached = _isOffRoute || _isStraight || alongLeft <= 3 * near;
        if (isToBeReached && distance <= near && step.Speed <= _limits.ArriveSpeedMetersPerSecond)
        {
            return WaypointVisit.Arrived;
        }

        if (!_isStraight && !_isOffRoute && alongLeft <= -_limits.PassedMeters)
        {
            return WaypointVisit.PassedBy;
        }

        // Beyond the end of the route, or away from it by another street, there is no progress to tell by.
        if (isToBeReached && distance <= near)
        {
            _closestToNext = Math.Min(_closestToNext, (float)distance);
        }

        return distance >= _closestToNext + _limits.PassedMeters + step.Accuracy ? WaypointVisit.PassedBy : WaypointVisit.NotYet;
    }
}
