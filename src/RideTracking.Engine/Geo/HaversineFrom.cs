namespace RideTracking.Engine.Geo;

/// <summary>
/// Haversines of many places from one: they order places like distances do, without a root and an arc sine for each.
/// Near the centre, series take the place of the trigonometric functions; the error stays below 0.1 mm.
/// </summary>
internal readonly struct HaversineFrom
{
    private const double RadiansPerE7 = Math.PI / 180 / 1e7;
    private const double FullTurnE7 = 360e7;

    // The series are cut where their relative error is 1e-10 at this angle (in radians, 640 km).
    private const double SeriesAngle = 0.1;

    // Nearer to a pole the cosine of the latitude is small against the error of its series.
    private const double SeriesLatitudeDegrees = 80;

    private readonly double _latitudeE7;
    private readonly double _longitudeE7;
    private readonly double _sinLatitude;
    private readonly double _cosLatitude;
    private readonly double _seriesAngle;

    public HaversineFrom(GeoPoint center)
    {
        _latitudeE7 = center.LatitudeDegrees * 1e7;
        _longitudeE7 = center.LongitudeDegrees * 1e7;
        (_sinLatitude, _cosLatitude) = Math.SinCos(_latitudeE7 * RadiansPerE7);
        _seriesAngle = Math.Abs(center.LatitudeDegrees) <= SeriesLatitudeDegrees ? SeriesAngle : 0;
    }

    /// <summary>Cosine of the centre's latitude.</summary>
    public double CosLatitude => _cosLatitude;

    /// <summary>sin²(d / 2R) of the distance d to a place in 1e-7 degrees, 0 to 1.</summary>
    public double To(int latitudeE7, int longitudeE7)
    {
        double north = (latitudeE7 - _latitudeE7) * RadiansPerE7;
        double turn = Math.Abs(longitudeE7 - _longitudeE7);
        double east = Math.Min(turn, FullTurnE7 - turn) * RadiansPerE7;
        return Math.Abs(north) < _seriesAngle && east < _seriesAngle ? BySeries(north, east) : Exactly(north, east);
    }

    /// <summary>
    /// Within a radius of the centre, the square of a place's planar distance (latitude and longitude as a plane, with
    /// the centre's scale everywhere, in radians) is at most this many times four times its haversine. Infinite where
    /// the plane is of no use: at the poles, across the antimeridian, beyond 640 km.
    /// </summary>
    /// <param name="radians">The radius as an angle at the earth's centre.</param>
    public double PlanarStretch(double radians)
    {
        if (!(radians < _seriesAngle))
        {
            return double.PositiveInfinity;
        }

        // Bounds instead of trigonometric functions. Where meridians touch the circle: sin(east) = sin(radius) / cos(latitude).
        double share = radians / _cosLatitude;
        double east = share < 0.9 ? share * (1 + share * share / 2) : Math.PI;
        double cosFarthest = _cosLatitude * (1 - radians * radians / 2) - Math.Abs(_sinLatitude) * radians;
        return Math.Abs(_longitudeE7) * RadiansPerE7 + east < Math.PI - 1e-6 && cosFarthest > 0
            ? _cosLatitude / cosFarthest / (1 - east * east / 12)
            : double.PositiveInfinity;
    }

    private double BySeries(double north, double east)
    {
        double north2 = north * north;
        double halfNorth = HaversineSeries(north2);
        double sinNorth = north * (1 - north2 / 6 * (1 - north2 / 20 * (1 - north2 / 42)));
        // cos(latitude + north) by the addition theorem.
        double cosOther = _cosLatitude * (1 - 2 * halfNorth) - _sinLatitude * sinNorth;
        return halfNorth + _cosLatitude * cosOther * HaversineSeries(east * east);
    }

    private double Exactly(double north, double east)
    {
        double sinHalfNorth = Math.Sin(north / 2), sinHalfEast = Math.Sin(east / 2);
        double cosOther = Math.Cos(_latitudeE7 * RadiansPerE7 + north);
        return sinHalfNorth * sinHalfNorth + _cosLatitude * cosOther * sinHalfEast * sinHalfEast;
    }

    // sin²(x / 2) = x²/4 - x⁴/48 + x⁶/1440 - …
    private static double HaversineSeries(double square) => square / 4 * (1 - square / 12 * (1 - square / 30));
}
