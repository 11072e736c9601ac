namespace RideTracking.Engine.Roads.Following;

/// <summary>
/// The speed of a driver whose phone does not tell it, by places some seconds apart: between two fixes of a second the
/// noise alone is several metres a second.
/// </summary>
internal struct SpeedByPlaces
{
    private const long LeastMilliseconds = 5_000;

    private float _east;
    private float _north;
    private long _at;
    private double? _metersPerSecond;

    /// <summary>Metres per second as of this fix; infinite until there is one to compare with.</summary>
    public double Observe(float east, float north, long atUnixMs)
    {
        if (_at == 0 || atUnixMs - _at >= LeastMilliseconds)
        {
            double moved = Math.Sqrt((east - _east) * (east - _east) + (north - _north) * (north - _north));
            _metersPerSecond = _at == 0 ? null : moved * 1_000 / (atUnixMs - _at);
            (_east, _north, _at) = (east, north, atUnixMs);
        }

        return _metersPerSecond ?? double.PositiveInfinity;
    }
}
