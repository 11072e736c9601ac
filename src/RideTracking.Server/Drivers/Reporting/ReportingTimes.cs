


namespace RideTracking.Server.Drivers.Reporting;

/// <summary>How often an app is to report in one kind of moment.</summary>
public sealed class ReportingTimes
{
    /// <summary>Time between fixes while moving: above <c>Gate:MinInterval</c>, at most 10 min.</summary>
    public TimeSpan MovingInterval { get; set; } = TimeSpan.FromSeconds(4);

    /// <summary>Longest time without a fix: from <see cref="MovingInterval"/> to 1 h; but of <c>Rare</c>, below <c>Trips:MaxFixAge</c>, or who waits at rest would not be asked.</summary>
    public TimeSpan MaxSilence { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Smallest distance worth a fix, in metres: 0 to 1000.</summary>
    public double MinDistanceMeters { get; set; } = 10;

    /// <summary>How long an app may collect fixes: 0 to 1 min.</summary>
    public TimeSpan MaxBatchDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest time without a message: 1 s to 10 min.</summary>
    public TimeSpan HeartbeatInterval { get; set; } = TimeSpan.FromSeconds(20);
}
