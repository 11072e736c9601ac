namespace RideTracking.Engine.Roads.Matching;

/// <summary>
/// The model that map matching believes in. Weights are natural logarithms of probabilities ("nats"). Not to be changed
/// once in use.
/// </summary>
public sealed record MatchingLimits
{
    /// <summary>
    /// Accuracy in metres (68 %) of a fix that does not tell its own. Half of the taxis' fixes in Porto lie within 3 m of a
    /// road, one in a hundred beyond 25 m: wider than a normal distribution of Newson and Krumm's 4 m.
    /// </summary>
    public double AssumedAccuracyMeters { get; init; } = 8;

    /// <summary>Standard deviation of the map itself, in metres: lanes beside centre lines, and lines drawn by hand.</summary>
    public double MapDeviationMeters { get; init; } = 4;

    /// <summary>How far from a fix roads are looked for, in metres, at least.</summary>
    public double SearchMeters { get; init; } = 50;

    /// <summary>And in deviations of the fix: beyond, it is one in ten thousand that the driver was there.</summary>
    public double SearchDeviations { get; init; } = 4;

    /// <summary>No further than this however bad the fix is, in metres.</summary>
    public double MaxSearchMeters { get; init; } = 200;

    /// <summary>Directed roads considered for a fix, the nearest ones; bounds the work.</summary>
    public int MaxCandidates { get; init; } = 16;

    /// <summary>
    /// Weight of driving at right angles to a fix's course; twice that against it. The concentration of a von Mises
    /// distribution: about 25 degrees of deviation.
    /// </summary>
    public double CourseNats { get; init; } = 5;

    /// <summary>Slower than this, in m/s, a course means nothing.</summary>
    public double CourseSpeedMetersPerSecond { get; init; } = 3;

    /// <summary>
    /// Metres of difference between the way on roads and the straight line for one nat: Newson and Krumm's beta. It grows
    /// with the time between fixes, as theirs does (0.5 m at 1 s, 5 m at 30 s of clean highway drives; city streets with
    /// corners need more).
    /// </summary>
    public double DetourMeters { get; init; } = 3;

    /// <summary>By how many metres it grows with each second.</summary>
    public double DetourMetersPerSecond { get; init; } = 0.5;

    /// <summary>Up to so many seconds.</summary>
    public double DetourSeconds { get; init; } = 60;

    /// <summary>Turning round on the road is as unlikely as a detour of so many metres.</summary>
    public double UTurnMeters { get; init; } = 50;

    /// <summary>So is a forbidden turn: drivers and maps are wrong now and then, and the map may be years newer than the drive.</summary>
    public double ForbiddenTurnMeters { get; init; } = 50;

    /// <summary>
    /// Driving into a street against its one-way costs so many nats: the map may be wrong, and so may a driver. In nats, since fixes far apart
    /// prove nothing of it: round the block is as likely then. Never in roundabouts and on motorways.
    /// </summary>
    public double WrongWayNats { get; init; } = 10;

    /// <summary>And each metre against it is as unlikely as a detour of so many metres.</summary>
    public double WrongWayMetersPerMeter { get; init; } = 1;

    /// <summary>A fix left out as an outlier costs so many nats: a fix five deviations off is one.</summary>
    public double OutlierNats { get; init; } = 12;

    /// <summary>
    /// Not knowing how the driver got from one fix to the next costs so many nats: a little less than three outliers, so a
    /// few wild fixes are left out, and a place to which several fixes agree is believed.
    /// </summary>
    public double GapNats { get; init; } = 35;

    /// <summary>Fixes left out in a row, at most.</summary>
    public int MaxOutliers { get; init; } = 3;

    /// <summary>Nobody drives faster, in m/s.</summary>
    public double MaxSpeedMetersPerSecond { get; init; } = 50;

    /// <summary>After a longer silence nobody can tell the way. A tunnel of 5 km takes five minutes in a jam.</summary>
    public TimeSpan MaxSilence { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Nor over a longer distance in metres; it bounds the search, too.</summary>
    public double MaxSilentMeters { get; init; } = 5_000;

    /// <summary>
    /// A fix within so many deviations of the last one used says nothing new about the way (Newson and Krumm, section 4.2,
    /// with 2): it is put on the way found by the others. So a car at a red light is one place. The noise of two fixes
    /// together goes beyond 3 in one case of ten.
    /// </summary>
    public double NewPlaceDeviations { get; init; } = 3;

    /// <summary>The same for a fix that tells its speed, and that it stands.</summary>
    public double StandingDeviations { get; init; } = 5;

    /// <summary>Slower than this, in m/s, is standing: what a receiver at rest tells.</summary>
    public double StandingSpeedMetersPerSecond { get; init; } = 1;

    /// <summary>So many deviations backwards along a road are jitter, not driving.</summary>
    public double JitterDeviations { get; init; } = 3;
}
