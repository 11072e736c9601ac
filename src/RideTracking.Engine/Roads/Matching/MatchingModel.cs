using RideTracking.Engine.Geo;
using RideTracking.Engine.Ingest;

namespace RideTracking.Engine.Roads.Matching;

/// <summary>
/// How likely a fix is at a place, and one place after another: the hidden Markov model of Newson and Krumm, "Hidden Markov
/// map matching through noise and sparseness", ACM SIGSPATIAL GIS 2009. All weights are logarithms; constants that are the
/// same for all places are left out.
/// </summary>
internal readonly struct MatchingModel(MatchingLimits limits)
{
    // A circle that holds 68 % of a normal distribution in the plane has the radius of so many deviations: √(-2 ln 0.32).
    private const double DeviationsOfAccuracy = 1.5096;

    /// <summary>Standard deviation of a fix from the road driven, to one side, in metres: the receiver's and the map's.</summary>
    public double DeviationOf(in Fix fix)
    {
        double accuracy = float.IsNaN(fix.HorizontalAccuracyMeters) ? limits.AssumedAccuracyMeters : fix.HorizontalAccuracyMeters;
        double receiver = accuracy / DeviationsOfAccuracy;
        return Math.Sqrt(receiver * receiver + limits.MapDeviationMeters * limits.MapDeviationMeters);
    }

    public double SearchMeters(double deviation) =>
        Math.Min(limits.MaxSearchMeters, Math.Max(limits.SearchMeters, limits.SearchDeviations * deviation));

    // How far from the last one used a fix must be to say something new about the way.
    private double NewPlaceMeters(in Fix fix, double deviation) =>
        deviation * (fix.SpeedMetersPerSecond < limits.StandingSpeedMetersPerSecond ? limits.StandingDeviations : limits.NewPlaceDeviations);

    /// <summary>Whether a fix is clearly elsewhere than the last one used.</summary>
    public bool IsNewPlace(in Fix fix, GeoPoint last) => Earth.DistanceMeters(last, fix.Point) >= NewPlaceMeters(fix, DeviationOf(fix));

    /// <summary>Of a fix so far from the road: their equation 1.</summary>
    public static double OfDistance(double meters, double deviation) => -0.5 * (meters / deviation) * (meters / deviation);

    public bool HasCourse(in Fix fix) =>
        !float.IsNaN(fix.CourseDegrees) && fix.SpeedMetersPerSecond >= limits.CourseSpeedMetersPerSecond;

    /// <summary>Of a course on a road of another.</summary>
    public double OfCourse(double courseDegrees, double roadDegrees) =>
        -limits.CourseNats * (1 - Math.Cos((courseDegrees - roadDegrees) * (Math.PI / 180)));

    /// <summary>Of a way on roads between fixes so far apart: their equation 2.</summary>
    public static double OfWay(in Way way, double straightMeters, double detourMeters) =>
        -(Math.Abs(way.LengthMeters - straightMeters) + way.ChargeMeters) / detourMeters;

    /// <summary>What driving into a one-way street against it counts as, in metres of detour.</summary>
    public double WrongWayMeters(double seconds) => limits.WrongWayNats * DetourMeters(seconds);

    /// <summary>Their beta, in metres.</summary>
    public double DetourMeters(double seconds) =>
        limits.DetourMeters + limits.DetourMetersPerSecond * Math.Min(seconds, limits.DetourSeconds);
}
