using System.Diagnostics.Metrics;
using RideTracking.Engine.Ingest;
using RideTracking.V1;

namespace RideTracking.Server.Streams;

/// <summary>What is measured of drivers' streams.</summary>
public sealed class StreamMetrics
{
    private readonly Meter _meter;
    private readonly Counter<long> _fixes;
    private readonly Counter<long> _closes;
    private readonly Counter<long> _resent;
    private readonly Counter<long> _unknownMessages;
    private readonly Histogram<double> _ackDelay;

    public StreamMetrics(IMeterFactory meters)
    {
        _meter = meters.Create("RideTracking");
        _fixes = _meter.CreateCounter<long>("ridetracking.fixes", "{fix}", "Fixes by what the gate did with them.");
        _closes = _meter.CreateCounter<long>("ridetracking.streams.closed", "{stream}", "Drivers' streams that ended, by why.");
        _resent = _meter.CreateCounter<long>("ridetracking.fixes.resent", "{fix}", "Fixes that had been received before.");
        _unknownMessages = _meter.CreateCounter<long>("ridetracking.streams.unknown_messages", "{message}", "Messages of a kind that this server does not know.");
        _ackDelay = _meter.CreateHistogram<double>("ridetracking.ack.delay", "s", "From a fix's arrival to its acknowledgement.");
    }

    internal void ObserveStreams(Func<int> count) =>
        _meter.CreateObservableGauge("ridetracking.streams", count, "{stream}", "Drivers' streams that are open.");

    internal void Good(int accepted, int historyOnly)
    {
        if (accepted > 0)
        {
            _fixes.Add(accepted, new KeyValuePair<string, object?>("outcome", "accepted"));
        }

        if (historyOnly > 0)
        {
            _fixes.Add(historyOnly, new KeyValuePair<string, object?>("outcome", "history_only"));
        }
    }

    internal void Rejected(Engine.Ingest.FixRejectReason reason) =>
        _fixes.Add(1, new("outcome", "rejected"), new("reason", Name(reason)));

    internal void Resent() => _resent.Add(1);

    internal void UnknownMessage() => _unknownMessages.Add(1);

    internal void Closed(string reason) => _closes.Add(1, new KeyValuePair<string, object?>("reason", reason));

    internal void Acked(TimeSpan delay) => _ackDelay.Record(delay.TotalSeconds);

    private static string Name(Engine.Ingest.FixRejectReason reason) => reason switch
    {
        Engine.Ingest.FixRejectReason.InvalidCoordinate => "invalid_coordinate",
        Engine.Ingest.FixRejectReason.InvalidTime => "invalid_time",
        Engine.Ingest.FixRejectReason.FromFuture => "from_future",
        Engine.Ingest.FixRejectReason.TooOld => "too_old",
        Engine.Ingest.FixRejectReason.ImpossibleJump => "impossible_jump",
        Engine.Ingest.FixRejectReason.TooInaccurate => "too_inaccurate",
        Engine.Ingest.FixRejectReason.TooFrequent => "too_frequent",
        Engine.Ingest.FixRejectReason.MockLocation => "mock_location",
        Engine.Ingest.FixRejectReason.SequenceReused => "sequence_reused",
        _ => "unknown",
    };
}
