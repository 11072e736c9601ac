
namespace RideTracking.Server.Telemetry;

/// <summary>What is measured of those who follow positions. Thread-safe, allocates nothing.</summary>
public sealed class FollowerMetrics
{
    private static readonly KeyValuePair<string, object?>[] Kinds = Metering.TagPerValue<StreamKind>("stream");

    private readonly AreaHistogram _lag;

    /// <summary>Made once, by <c>AddTelemetry</c>.</summary>
    public FollowerMetrics(AreaMeter meter)
    {
        _lag = meter.Delays("ridetracking.follower.lag", "Age of a fix, from the sensor by the server's clock, when a changed position was sent to a follower.");
    }

    /// <summary>Records the age of a position that changed, as it is handed to the follower's stream.</summary>
    public void Sent(StreamKind kind, TimeSpan age) => _lag.Record(age, Kinds[(int)kind]);
}
