
namespace RideTracking.Server.Telemetry;

/// <summary>What is measured of open streams. Thread-safe.</summary>
public sealed class StreamMetrics
{
    private static readonly KeyValuePair<string, object?>[] Kinds = Metering.TagPerValue<StreamKind>("stream");

    private readonly AreaUpDownCounter _open;
    private readonly AreaCounter _closed;

    /// <summary>Made once, by <c>AddTelemetry</c>.</summary>
    public StreamMetrics(AreaMeter meter)
    {
        _open = meter.UpDownCounter("ridetracking.streams.open", "{stream}", "Streams open now.");
        _closed = meter.Counter("ridetracking.streams.closed", "{stream}", "Streams that ended, by reason.");
    }

    /// <summary>Counts a stream as open.</summary>
    public void Opened(StreamKind kind) => _open.Add(1, Kinds[(int)kind]);

    /// <summary>Counts a stream as ended.</summary>
    /// <param name="kind">As opened.</param>
    /// <param name="reason">A constant of the code: an enum's name or an ErrorInfo reason, never anything a client chose.</param>
    public void Closed(StreamKind kind, string reason)
    {
        _open.Add(-1, Kinds[(int)kind]);
        _closed.Add(1, Kinds[(int)kind], new KeyValuePair<string, object?>("reason", reason));
    }
}
