


namespace RideTracking.Server.Drivers.Reporting;

/// <summary>How often apps are asked to report, by what the moment asks for.</summary>
public sealed class ReportingOptions
{
    /// <summary>Section of the configuration.</summary>
    public const string Section = "Reporting";

    /// <summary>From here to the next stop, in metres as the crow flies, a driver reports closely: 0 to 10,000.</summary>
    public double NearStopMeters { get; set; } = 500;

    /// <summary>Shortest time between two changes of a driver's policy: 1 s to 1 min.</summary>
    public TimeSpan ChangeInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>A slower policy is told only when it was the right one for so long: 1 s to 10 min.</summary>
    public TimeSpan SlowDownAfter { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>For drivers who are off duty or pause.</summary>
    public ReportingTimes Rare { get; } = new()
    {
        MovingInterval = TimeSpan.FromMinutes(1),
        MaxSilence = TimeSpan.FromMinutes(5),
        MinDistanceMeters = 100,
        MaxBatchDelay = TimeSpan.FromSeconds(10),
        HeartbeatInterval = TimeSpan.FromMinutes(1),
    };

    /// <summary>For free drivers where nobody asks for rides.</summary>
    public ReportingTimes Seldom { get; } = new()
    {
        MovingInterval = TimeSpan.FromSeconds(15),
        MaxSilence = TimeSpan.FromSeconds(60),
        MinDistanceMeters = 50,
        MaxBatchDelay = TimeSpan.FromSeconds(2),
        HeartbeatInterval = TimeSpan.FromSeconds(30),
    };

    /// <summary>For free drivers in a busy place, and on the way while nobody watches.</summary>
    public ReportingTimes Normal { get; } = new();

    /// <summary>For drivers who are followed live, or near their next stop.</summary>
    public ReportingTimes Close { get; } = new()
    {
        MovingInterval = TimeSpan.FromSeconds(1),
        MaxSilence = TimeSpan.FromSeconds(15),
        MinDistanceMeters = 2,
        MaxBatchDelay = TimeSpan.Zero,
    };

    /// <summary>The times of a pace.</summary>
    public ReportingTimes Of(ReportingPace pace) => pace switch
    {
        ReportingPace.Rare => Rare,
        ReportingPace.Seldom => Seldom,
        ReportingPace.Normal => Normal,
        _ => Close,
    };
}
