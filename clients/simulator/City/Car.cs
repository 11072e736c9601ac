namespace RideTracking.Simulator.City;

/// <summary>A car on its way: keeps the way's speed in its driver's manner, slows down for corners and stops where it should. Not thread-safe.</summary>
internal sealed class Car(RoutePath path, Random random)
{
    /// <summary>In m/s².</summary>
    public const double Braking = 2.5;

    private const double Acceleration = 2.0;
    private const double StepSeconds = 0.25;
    private const double GpsDeviationMeters = 2.5;
    private const double CourseDeviationDegrees = 2;

    // The way's times hold what signals and turns cost, and so does slowing down for corners: a little above, or every
    // car would be late.
    private readonly double _temper = 0.95 + 0.3 * random.NextDouble();
    private RoutePath _path = path;
    private double _stopAt = path.LengthMeters;
    private double _meters;
    private double _course = path.CourseAt(0) ?? 0;
    private double _courseError, _gpsEast, _gpsNorth;

    public double SpeedMetersPerSecond { get; private set; }

    /// <summary>As the phone tells it, degrees clockwise from true north, 0 to 360.</summary>
    public double CourseDegrees => (_course + _courseError + 360) % 360;

    /// <summary>Metres driven since it was made.</summary>
    public double OdometerMeters { get; private set; }

    /// <summary>Metres driven on the way that it follows.</summary>
    public double MetersOnPath => _meters;

    public double MetersToStop => _stopAt - _meters;

    /// <summary>It stands where it should stop.</summary>
    public bool HasArrived => _meters >= _stopAt;

    /// <summary>Where it is.</summary>
    public Place Place => _path.At(_meters);

    /// <summary>Where the phone thinks it is: a few metres off, and the error drifts as a real one does.</summary>
    public Place Position => Place.Moved(_gpsEast, _gpsNorth);

    /// <summary>Takes another way, to its end: joins it where it is nearest.</summary>
    public void Follow(RoutePath path)
    {
        _path = path.From(Place);
        _meters = 0;
        _stopAt = _path.LengthMeters;
    }

    /// <summary>Goes no farther than to a waypoint of its way; to its end when the way does not know it.</summary>
    public void StopAt(string waypointId) => _stopAt = _path.StopOf(waypointId) ?? _path.LengthMeters;

    public void Drive(double seconds)
    {
        _gpsEast = Drift(_gpsEast, GpsDeviationMeters, seconds);
        _gpsNorth = Drift(_gpsNorth, GpsDeviationMeters, seconds);
        _courseError = Drift(_courseError, CourseDeviationDegrees, seconds);
        for (var left = seconds; left > 0 && !HasArrived; left -= StepSeconds)
            Step(Math.Min(left, StepSeconds));
        if (HasArrived)
            SpeedMetersPerSecond = 0;
    }

    private void Step(double seconds)
    {
        // The last metre is rolled, or braking would never come to its end.
        var stopping = Math.Max(1, Math.Sqrt(2 * Braking * MetersToStop));
        var wanted = Math.Min(Math.Max(1, _path.SpeedAt(_meters, _temper)), stopping);
        SpeedMetersPerSecond = Math.Min(wanted, SpeedMetersPerSecond + Acceleration * seconds);
        var meters = Math.Min(SpeedMetersPerSecond * seconds, MetersToStop);
        OdometerMeters += meters;
        _meters += meters;
        _course = _path.CourseAt(_meters) ?? _course;
    }

    private double Drift(double error, double deviation, double seconds)
    {
        var gaussian = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        var kept = Math.Exp(-seconds / 20);
        return error * kept + gaussian * deviation * Math.Sqrt(1 - kept * kept);
    }
}
