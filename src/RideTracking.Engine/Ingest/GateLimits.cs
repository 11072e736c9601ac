namespace RideTracking.Engine.Ingest;

/// <summary>
/// What the gate lets through. Plain properties, to be bound as options and not changed afterwards;
/// <see cref="Problems"/> checks them once at start.
/// </summary>
public sealed class GateLimits
{
    /// <summary>How far the sensor time may be ahead of the time of sending; 0 to 10 minutes, 5 s by default.</summary>
    public TimeSpan FutureTolerance { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How old a fix may be when it is sent; above 0, 24 h by default. Not more than the log keeps.</summary>
    public TimeSpan MaxAge { get; set; } = TimeSpan.FromHours(24);

    /// <summary>Whether positions made up by an app are let through (for tests of apps); false by default.</summary>
    public bool AllowMock { get; set; }

    /// <summary>Widest accuracy circle (68 %) in metres; above 0, 500 by default. Unknown accuracy passes.</summary>
    public double MaxAccuracyMeters { get; set; } = 500;

    /// <summary>
    /// Shortest time between two accepted fixes of a driver; 0 (no limit) to 1 minute, 100 ms by default. What comes in between is history.
    /// </summary>
    public TimeSpan MinInterval { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Fastest that a vehicle is believed to be, in metres per second; above 0, 70 (252 km/h) by default.</summary>
    public double MaxSpeedMetersPerSecond { get; set; } = 70;

    /// <summary>
    /// Accuracy in metres (68 %) that the jump check assumes of a fix that does not tell its own;
    /// 0 to 1000, 50 by default.
    /// </summary>
    public double AssumedAccuracyMeters { get; set; } = 50;

    /// <summary>
    /// How long fixes that cannot be reached from the present must agree with each other, with none between that fits the present, to be believed
    /// before a car could have driven there; 1 minute to 24 h, 10 minutes by default.
    /// </summary>
    public TimeSpan TeleportAfter { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// How many fixes in a row that agree with each other outweigh a present with which no other fix has ever agreed; 2 to 20, 3 by default. The last of
    /// them is accepted, those before stay rejected.
    /// </summary>
    public int OutweighAfter { get; set; } = 3;

    /// <summary>What is wrong with these limits and how to mend it, a sentence each; empty when all is well.</summary>
    public IReadOnlyList<string> Problems()
    {
        var problems = new List<string>();
        Require(FutureTolerance >= TimeSpan.Zero && FutureTolerance <= TimeSpan.FromMinutes(10),
            $"{nameof(FutureTolerance)} is {FutureTolerance}: set it between 00:00:00 and 00:10:00.");
        Require(MaxAge > TimeSpan.Zero, $"{nameof(MaxAge)} is {MaxAge}: set it above 00:00:00.");
        Require(MaxAccuracyMeters > 0, $"{nameof(MaxAccuracyMeters)} is {MaxAccuracyMeters}: set it above 0.");
        Require(MinInterval >= TimeSpan.Zero && MinInterval <= TimeSpan.FromMinutes(1),
            $"{nameof(MinInterval)} is {MinInterval}: set it between 00:00:00 and 00:01:00.");
        Require(MaxSpeedMetersPerSecond > 0,
            $"{nameof(MaxSpeedMetersPerSecond)} is {MaxSpeedMetersPerSecond}: set it above 0.");
        Require(AssumedAccuracyMeters is >= 0 and <= 1000,
            $"{nameof(AssumedAccuracyMeters)} is {AssumedAccuracyMeters}: set it between 0 and 1000.");
        Require(TeleportAfter >= TimeSpan.FromMinutes(1) && TeleportAfter <= TimeSpan.FromHours(24),
            $"{nameof(TeleportAfter)} is {TeleportAfter}: set it between 00:01:00 and 1.00:00:00.");
        Require(OutweighAfter is >= 2 and <= 20, $"{nameof(OutweighAfter)} is {OutweighAfter}: set it between 2 and 20.");
        return problems;

        void Require(bool holds, string problem)
        {
            if (!holds)
            {
                problems.Add(problem);
            }
        }
    }
}
