using RideTracking.V1;

namespace RideTracking.Benchmarks.Fixes;

/// <summary>
/// A car that drives to and fro at 10 m/s with a clock of its own, so that as many of its fixes as are wanted pass the
/// gate: each is <paramref name="step"/> later than the one before by the phone's time, which is all that is compared.
/// </summary>
internal sealed class Car(string driverId, TimeSpan step, Random random)
{
    private const double MetersPerSecond = 10;
    private const int LatitudeE7PerMeter = 90;
    // Never so far away that the first fix of the next turn, a few seconds later, would be an impossible jump.
    private const int TurnAfterSteps = 20;

    private readonly int _latitudeE7 = 411_500_000 + random.Next(1_000_000);
    private readonly int _longitudeE7 = -86_200_000 + random.Next(1_000_000);
    private readonly Fix _fix = new()
    {
        HorizontalAccuracyDecimeters = 45,
        SpeedCentimetersPerSecond = (uint)(MetersPerSecond * 100),
        AltitudeDecimeters = 1_043,
    };

    private readonly LocationBatch _batch = new();
    private ConnectRequest? _message;
    private long _phoneTimeUnixMs = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
    private int _steps;

    public string DriverId => driverId;

    /// <summary>The next message with one fix. The object is used again for the one after.</summary>
    public ConnectRequest Drive(ulong sequence, bool askForAck)
    {
        if (_message is null)
        {
            _batch.Fixes.Add(_fix);
            _message = new ConnectRequest { Locations = _batch };
        }

        var leg = _steps++ % (2 * TurnAfterSteps);
        var away = leg < TurnAfterSteps;
        var steps = away ? leg : (2 * TurnAfterSteps) - leg;
        _phoneTimeUnixMs += (long)step.TotalMilliseconds;
        _fix.Sequence = sequence;
        _fix.SensorTimeUnixMs = _phoneTimeUnixMs;
        _fix.LatitudeE7 = _latitudeE7 + (int)(steps * step.TotalSeconds * MetersPerSecond * LatitudeE7PerMeter);
        _fix.LongitudeE7 = _longitudeE7;
        _fix.CourseCentidegrees = away ? 0u : 18_000u;
        _batch.SentAtUnixMs = _phoneTimeUnixMs + 120;
        _batch.AckRequested = askForAck;
        return _message;
    }
}
