namespace RideTracking.Engine.Geo;

/// <summary>
/// Distances and directions on a sphere of the earth's mean radius. Against the
/// ellipsoid they are off by up to 0.56 %, far less than roads differ from straight lines.
/// </summary>
public static class Earth
{
    /// <summary>Mean radius R1 = (2a + b) / 3 of the IUGG, in metres.</summary>
    public const double RadiusMeters = 6_371_008.8;

    /// <summary>Length of one degree of a great circle, in metres.</summary>
    public const double MetersPerDegree = RadiusMeters * Math.PI / 180;

    private const double RadiansPerDegree = Math.PI / 180;

    private const double ShortDegrees = 0.01;

    /// <summary>Great-circle distance in metres, by the haversine formula (Sinnott, 1984).</summary>
    public static double DistanceMeters(GeoPoint a, GeoPoint b)
    {
        double latitude = b.LatitudeDegrees - a.LatitudeDegrees, longitude = b.LongitudeDegrees - a.LongitudeDegrees;
        if (Math.Abs(latitude) < ShortDegrees && Math.Abs(longitude) < ShortDegrees)
        {
            return ShortMeters(a.LatitudeDegrees, latitude, longitude);
        }

        double halfLatitude = Math.Sin(latitude * (RadiansPerDegree / 2));
        double halfLongitude = Math.Sin(longitude * (RadiansPerDegree / 2));
        double haversine = halfLatitude * halfLatitude
            + Math.Cos(a.LatitudeDegrees * RadiansPerDegree) * Math.Cos(b.LatitudeDegrees * RadiansPerDegree)
            * halfLongitude * halfLongitude;
        return DistanceOfHaversine(haversine);
    }

    // The same from one fix to the next, a third as dear: two terms of the sines are exact there, and cos a · cos b = cos²((a + b) / 2) − sin²((a − b) / 2).
    private static double ShortMeters(double fromLatitudeDegrees, double latitudeDegrees, double longitudeDegrees)
    {
        double halfLatitude = latitudeDegrees * (RadiansPerDegree / 2), halfLongitude = longitudeDegrees * (RadiansPerDegree / 2);
        halfLatitude *= 1 - halfLatitude * halfLatitude / 6;
        halfLongitude *= 1 - halfLongitude * halfLongitude / 6;
        double cosine = Math.Cos((fromLatitudeDegrees + latitudeDegrees / 2) * RadiansPerDegree);
        return DistanceOfHaversine(
            halfLatitude * halfLatitude + (cosine * cosine - halfLatitude * halfLatitude) * halfLongitude * halfLongitude);
    }

    /// <summary>Initial course of the great circle, degrees clockwise from true north, 0 to below 360.</summary>
    public static double BearingDegrees(GeoPoint from, GeoPoint to)
    {
        (double sinFrom, double cosFrom) = Math.SinCos(from.LatitudeDegrees * RadiansPerDegree);
        (double sinTo, double cosTo) = Math.SinCos(to.LatitudeDegrees * RadiansPerDegree);
        (double sinLongitude, double cosLongitude) =
            Math.SinCos((to.LongitudeDegrees - from.LongitudeDegrees) * RadiansPerDegree);
        double degrees = Math.Atan2(sinLongitude * cosTo, cosFrom * sinTo - sinFrom * cosTo * cosLongitude)
            / RadiansPerDegree;
        // A tiny negative angle plus 360 rounds to 360 itself.
        return degrees >= 0 ? degrees : degrees + 360 is var positive and < 360 ? positive : 0;
    }

    /// <summary>Where one arrives after a distance along the great circle that starts with a bearing.</summary>
    public static GeoPoint Destination(GeoPoint from, double bearingDegrees, double distanceMeters)
    {
        (double sinLatitude, double cosLatitude) = Math.SinCos(from.LatitudeDegrees * RadiansPerDegree);
        (double sinAngle, double cosAngle) = Math.SinCos(distanceMeters / RadiusMeters);
        (double sinBearing, double cosBearing) = Math.SinCos(bearingDegrees * RadiansPerDegree);
        double sinDestination = Math.Clamp(sinLatitude * cosAngle + cosLatitude * sinAngle * cosBearing, -1, 1);
        double longitude = from.LongitudeDegrees + Math.Atan2(
            sinBearing * sinAngle * cosLatitude, cosAngle - sinLatitude * sinDestination) / RadiansPerDegree;
        return new GeoPoint(Math.Asin(sinDestination) / RadiansPerDegree, WrapLongitude(longitude));
    }

    /// <summary>The same meridian as a longitude from -180 to below 180; exact for what is in range already.</summary>
    public static double WrapLongitude(double longitudeDegrees) =>
        longitudeDegrees is >= -180 and < 180
            ? longitudeDegrees
            : longitudeDegrees - 360 * Math.Floor((longitudeDegrees + 180) / 360);

    /// <summary>Degrees of longitude from one meridian to another the short way, east positive; -180 to 180.</summary>
    public static double TurnDegrees(double fromLongitudeDegrees, double toLongitudeDegrees)
    {
        double turn = toLongitudeDegrees - fromLongitudeDegrees;
        return turn is >= -180 and <= 180 ? turn : Math.IEEERemainder(turn, 360);
    }

    /// <summary>Metres of a haversine, 0 to 1; values a rounding error outside are taken as the end.</summary>
    internal static double DistanceOfHaversine(double haversine) => RadiusMeters * AngleOfHaversine(haversine);

    /// <summary>The angle at the earth's centre, in radians, that has a haversine.</summary>
    internal static double AngleOfHaversine(double haversine)
    {
        double sine = Math.Sqrt(Math.Clamp(haversine, 0, 1));
        // Below 400 km three terms of the arc sine are as good as the function, and several times faster.
        return haversine < 1e-3
            ? 2 * sine * (1 + haversine / 6 * (1 + haversine * (9.0 / 20) * (1 + haversine * (25.0 / 42))))
            : 2 * Math.Asin(sine);
    }
}
