using RideTracking.Client;
using RideTracking.Engine.Geo;
using RideTracking.V1;

namespace RideTracking.Benchmarks.Reporting;

/// <summary>What one driver's app sends under a policy: its fixes, batches and heartbeats, second by second.</summary>
internal sealed class ReportingPhone
{
    // gRPC's message header and HTTP/2's frame header; what TLS and TCP add depends on the network.
    private const int FramingBytes = 14;
    private const double HeartbeatShare = 0.8;
    private static readonly int HeartbeatBytes = new ConnectRequest { Heartbeat = new Heartbeat { BatteryPercent = 80, LocationPermission = LocationPermission.Always } }.CalculateSize() + FramingBytes;

    private readonly ConnectRequest _batch = new() { Locations = new LocationBatch() };
    private ReportingPolicy _policy = new();
    private TimeSpan _maxBatchDelay, _heartbeatAfter;
    private ulong _sequence;
    private long _reportedAt = -1_000_000_000;
    private long _sentAt;
    private double _moved;
    private GeoPoint? _last;

    public long Fixes { get; private set; }

    public long Messages { get; private set; }

    public long Bytes { get; private set; }

    public long PolicyBytes { get; private set; }

    public int Policies { get; private set; }

    /// <summary>Seconds since the newest fix.</summary>
    public long AgeAt(long second) => second - _reportedAt;

    public void Told(ReportingPolicy policy)
    {
        _policy = policy;
        (_maxBatchDelay, _heartbeatAfter) = (policy.MaxBatchDelay.ToTimeSpan(), policy.HeartbeatInterval.ToTimeSpan() * HeartbeatShare);
        PolicyBytes += new ConnectResponse { ReportingPolicy = policy }.CalculateSize() + FramingBytes;
        Policies++;
    }

    /// <summary>The app starts anew after a silence.</summary>
    public void Begin(long second)
    {
        _last = null;
        _moved = 0;
        _sentAt = second;
    }

    public void Second(long second, GeoPoint place)
    {
        double step = _last is { } last ? Earth.DistanceMeters(last, place) : 0;
        _moved += step;
        if (ReportingRule.IsDue(_policy, TimeSpan.FromSeconds(second - _reportedAt), _moved))
        {
            Report(second, place, step);
        }

        if (_batch.Locations.Fixes.Count > 0 && second * 1000 - _batch.Locations.Fixes[0].SensorTimeUnixMs >= _maxBatchDelay.TotalMilliseconds)
        {
            _batch.Locations.SentAtUnixMs = second * 1000;
            Send(second, _batch.CalculateSize() + FramingBytes);
            _batch.Locations.Fixes.Clear();
        }
        else if (second - _sentAt >= _heartbeatAfter.TotalSeconds)
        {
            Send(second, HeartbeatBytes);
        }

        _last = place;
    }

    private void Report(long second, GeoPoint place, double metersPerSecond)
    {
        (_reportedAt, _moved) = (second, 0);
        Fixes++;
        _batch.Locations.Fixes.Add(new Fix
        {
            Sequence = ++_sequence,
            SensorTimeUnixMs = second * 1000,
            LatitudeE7 = (int)Math.Round(place.LatitudeDegrees * 1e7),
            LongitudeE7 = (int)Math.Round(place.LongitudeDegrees * 1e7),
            HorizontalAccuracyDecimeters = 50,
            CourseCentidegrees = _last is { } last ? (uint)(Earth.BearingDegrees(last, place) * 100) : 0,
            SpeedCentimetersPerSecond = (uint)(metersPerSecond * 100),
        });
    }

    private void Send(long second, int bytes)
    {
        _sentAt = second;
        Messages++;
        Bytes += bytes;
    }
}
