namespace RideTracking.Engine.Roads.Following;

/// <summary>Where on the route a fix belongs.</summary>
public sealed partial class RouteFollower
{
    // A fix alone says how far from the line it is; on a route that crosses itself or uses a street twice, only the course
    // and how far the driver can have come tell the places apart. In units of squared deviations, like the distance.
    private const double CourseWeight = 4;
    private const double LeastSpreadMeters = 10;
    private const double AlongSpreadMeters = 30;

    /// <summary>Looks where the driver can be by now.</summary>
    private RoutePlace FindNear(in Step step)
    {
        double ahead = Math.Max(_limits.AheadMeters, step.Seconds * _limits.MaxSpeedMetersPerSecond);
        return Search(
            step,
            _place.Along - _limits.BehindMeters - step.Accuracy,
            _place.Along + ahead + step.Accuracy,
            _place.Along + step.Moved);
    }

    /// <summary>Looks on the whole leg being driven: no waypoint is skipped, none is visited again.</summary>
    private RoutePlace FindOnLeg(in Step step)
    {
        int next = Math.Min(_next, _line.WaypointCount - 1);
        return Search(step, _line.AlongOf(next - 1), _line.AlongOf(next) + 2 * _limits.PassedMeters, _place.Along + step.Moved);
    }

    /// <summary>The likeliest place on a stretch of the route for a fix that is expected at some distance along it.</summary>
    private RoutePlace Search(in Step step, double from, double to, double expected)
    {
        ReadOnlySpan<RouteCorner> corners = _line.Corners;
        double perDistance = 1 / Square(Math.Max(step.Accuracy, LeastSpreadMeters));
        double perAlong = 1 / Square(AlongSpreadMeters + step.Accuracy + step.Moved / 2);
        var best = new RoutePlace { Distance = double.PositiveInfinity };
        double bestScore = double.PositiveInfinity;
        int first = _line.CornerBefore(from);
        for (int i = first; i < corners.Length && (i == first || corners[i].Along <= to); i++)
        {
            // Piece by piece; the last corner is a piece of no length.
            RouteCorner a = corners[i], b = corners[Math.Min(i + 1, corners.Length - 1)];
            double east = b.East - a.East, north = b.North - a.North;
            double square = east * east + north * north;
            double share = square > 0
                ? Math.Clamp(((step.East - a.East) * east + (step.North - a.North) * north) / square, 0, 1)
                : 0;
            double placeEast = a.East + share * east, placeNorth = a.North + share * north;
            double along = a.Along + share * (b.Along - a.Along);
            double distance2 = Square(step.East - placeEast) + Square(step.North - placeNorth);
            double cosine = square > 0 && (step.CourseEast != 0 || step.CourseNorth != 0)
                ? (east * step.CourseEast + north * step.CourseNorth) / Math.Sqrt(square)
                : 1;
            double score = distance2 * perDistance + Square(along - expected) * perAlong + CourseWeight * (1 - cosine);
            if (score < bestScore)
            {
                bestScore = score;
                best = new RoutePlace
                {
                    East = (float)placeEast,
                    North = (float)placeNorth,
                    LineEast = (float)east,
                    LineNorth = (float)north,
                    Along = along,
                    Distance = distance2,
                    CourseCosine = cosine,
                };
            }
        }

        best.Distance = Math.Sqrt(best.Distance);
        return best;
    }

    private double DistanceTo(int waypoint, in Step step)
    {
        RouteCorner corner = _line.CornerOf(waypoint);
        return Math.Sqrt(Square(step.East - corner.East) + Square(step.North - corner.North));
    }

    private static double Square(double value) => value * value;

    /// <summary>A place on the route's line and how a fix fits it.</summary>
    private struct RoutePlace
    {
        public float East;
        public float North;

        /// <summary>Direction of the line there, of any length; zero where there is none.</summary>
        public float LineEast;
        public float LineNorth;
        public double Along;
        public double Distance;

        /// <summary>Of the angle between the course and the line; 1 where the course is unknown.</summary>
        public double CourseCosine;
    }
}
