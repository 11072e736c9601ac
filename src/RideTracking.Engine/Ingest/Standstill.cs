using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Ingest;

/// <summary>
/// Tells a parked car's noise from driving. A car that has stayed about a place is parked there until it is clearly away from it for
/// some fixes in a row, or says twice in a row that it drives.
/// </summary>
/// <remarks>
/// A parked fix says that the car is still where the last fix was that is not: whoever counts metres, borders or progress takes that place.
/// A small struct held beside the driver's stream; one caller at a time.
/// </remarks>
internal struct Standstill
{
    /// <summary>Slower than this, as told, is standing: what a receiver at rest tells.</summary>
    private const float StandingMetersPerSecond = 0.5f;

    /// <summary>From this on, as told, is driving.</summary>
    private const float DrivingMetersPerSecond = 1;

    /// <summary>
    /// How far from the place noise goes, in metres, when the phone says that it stands, and when it does not say. Of a drift with a deviation of 15 m to
    /// each side, one fix in a million goes farther than the first, one in 300 farther than the second.
    /// </summary>
    private const double ToldRadiusMeters = 80, UntoldRadiusMeters = 50;

    /// <summary>But so many accuracies (68 %), when those are more.</summary>
    private const double RadiusAccuracies = 2;

    private const double MaxRadiusMeters = 300;

    /// <summary>A fix so many radii away is believed by itself; nearer ones when so many come in a row: in garages single ones are far off.</summary>
    private const double FarRadii = 3;
    private const int OutsideFixes = 3;

    /// <summary>A car that does not say that it stands is parked once it could have left the circle at this speed.</summary>
    private const double CreepingMetersPerSecond = 1.5;

    // The mean of the fixes about the place, in 1e-7 degrees.
    private int _latitudeE7;
    private int _longitudeE7;
    private int _fixCount;
    private byte _outsideCount;
    private byte _drivingCount;
    private bool _isSpeedUntrue;
    private bool _cameToRest;
    private long _sinceUnixMs;

    /// <summary>Whether the car is parked.</summary>
    public bool IsParked { readonly get; private set; }

    private readonly GeoPoint Place => GeoPoint.FromE7(_latitudeE7, _longitudeE7);

    /// <summary>Whether the car is parked, and was at a time before.</summary>
    public readonly bool HasStoodSince(long takenAtUnixMs) => IsParked && takenAtUnixMs >= _sinceUnixMs;

    /// <summary>A car of which the last accepted fix is known.</summary>
    public static Standstill After(in Fix fix, long takenAtUnixMs)
    {
        var standstill = new Standstill();
        standstill.Begin(fix, takenAtUnixMs);
        standstill.IsParked = fix.IsParked;
        return standstill;
    }

    /// <summary>Takes the next accepted fix.</summary>
    /// <param name="fix">Its place, accuracy and speed.</param>
    /// <param name="takenAtUnixMs">By the phone's clock.</param>
    /// <returns>Whether the car is parked still.</returns>
    public bool Observe(in Fix fix, long takenAtUnixMs)
    {
        bool isToldToDrive = fix.SpeedMetersPerSecond >= DrivingMetersPerSecond;
        // Apps that do not ask whether there is a speed tell 0 at any.
        _isSpeedUntrue &= !isToldToDrive;
        bool isToldToStand = fix.SpeedMetersPerSecond < StandingMetersPerSecond && !_isSpeedUntrue;
        if (_fixCount == 0)
        {
            Begin(fix, takenAtUnixMs);
            return false;
        }

        double radius = Math.Min(
            Math.Max(isToldToStand ? ToldRadiusMeters : UntoldRadiusMeters, RadiusAccuracies * (float.IsNaN(fix.HorizontalAccuracyMeters) ? 0 : fix.HorizontalAccuracyMeters)),
            MaxRadiusMeters);
        double distance = Earth.DistanceMeters(Place, fix.Point);
        _drivingCount = isToldToDrive ? (byte)Math.Min(_drivingCount + 1, 2) : (byte)0;
        _outsideCount = distance > radius ? (byte)Math.Min(_outsideCount + 1, OutsideFixes) : (byte)0;
        // What is not at rest drives on at its first word.
        if (_drivingCount >= (IsParked ? 2 : 1) || _outsideCount >= OutsideFixes || distance > FarRadii * radius)
        {
            _isSpeedUntrue |= isToldToStand;
            Begin(fix, takenAtUnixMs);
            return false;
        }

        if (isToldToStand && !IsParked && !_cameToRest)
        {
            // The first that says so is the place, not the last one before it.
            Begin(fix, takenAtUnixMs);
            _cameToRest = true;
            return false;
        }

        if (_outsideCount == 0)
        {
            Add(fix);
        }

        IsParked |= _outsideCount == 0 && (isToldToStand || takenAtUnixMs - _sinceUnixMs >= radius / CreepingMetersPerSecond * 1000);
        return IsParked;
    }

    private void Begin(in Fix fix, long takenAtUnixMs)
    {
        (_latitudeE7, _longitudeE7, _fixCount, _sinceUnixMs) = (fix.LatitudeE7, fix.LongitudeE7, 1, takenAtUnixMs);
        (_outsideCount, _drivingCount, _cameToRest, IsParked) = (0, 0, false, false);
    }

    private void Add(in Fix fix)
    {
        _fixCount++;
        GeoPoint mean = Place.Toward(fix.Point, 1.0 / _fixCount);
        (_latitudeE7, _longitudeE7) = mean.ToE7();
    }
}
