namespace RideTracking.Simulator.Replay;

/// <summary>One recorded position.</summary>
/// <param name="Time">When it was recorded.</param>
/// <param name="VehicleId">Whose it is; a legal driver id.</param>
/// <param name="LatitudeDegrees">As recorded, right or wrong: judging it is the server's business.</param>
/// <param name="LongitudeDegrees">As recorded, right or wrong.</param>
/// <param name="SpeedMetersPerSecond">Null when not recorded.</param>
/// <param name="CourseDegrees">Null when not recorded.</param>
/// <param name="AccuracyMeters">Null when not recorded.</param>
/// <param name="Occupied">Whether there was a passenger; null when not recorded.</param>
internal readonly record struct TraceRow(
    DateTimeOffset Time,
    string VehicleId,
    double LatitudeDegrees,
    double LongitudeDegrees,
    double? SpeedMetersPerSecond,
    double? CourseDegrees,
    double? AccuracyMeters,
    bool? Occupied);

/// <summary>A row that could not be read.</summary>
/// <param name="LineNumber">From 1, the header included.</param>
/// <param name="Reason">Which column, and what is wrong with it.</param>
internal sealed record BrokenRow(long LineNumber, string Reason);
