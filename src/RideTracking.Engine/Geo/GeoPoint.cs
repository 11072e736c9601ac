namespace RideTracking.Engine.Geo;

/// <summary>A place on the earth, WGS 84.</summary>
/// <param name="LatitudeDegrees">Degrees, -90 (south pole) to 90 (north pole).</param>
/// <param name="LongitudeDegrees">Degrees, -180 to 180; -180 and 180 are the same meridian.</param>
public readonly record struct GeoPoint(double LatitudeDegrees, double LongitudeDegrees)
{
    /// <summary>The place from 1e-7 degrees, as fixes carry it.</summary>
    public static GeoPoint FromE7(int latitudeE7, int longitudeE7) => new(latitudeE7 / 1e7, longitudeE7 / 1e7);

    /// <summary>The nearest place in 1e-7 degrees.</summary>
    public (int LatitudeE7, int LongitudeE7) ToE7() => ((int)Math.Round(LatitudeDegrees * 1e7), (int)Math.Round(LongitudeDegrees * 1e7));

    /// <summary>True when both values are finite and in range.</summary>
    public bool IsValid =>
        // Written so that NaN fails.
        LatitudeDegrees is >= -90 and <= 90 && LongitudeDegrees is >= -180 and <= 180;

    /// <summary>A place on the line to another one that is straight in longitude and latitude, the short way round the earth. Both ends exactly.</summary>
    /// <param name="other">Where the line leads.</param>
    /// <param name="share">Of the line, 0 to 1.</param>
    public GeoPoint Toward(GeoPoint other, double share) => share <= 0 ? this : share >= 1 ? other : new GeoPoint(
        LatitudeDegrees + share * (other.LatitudeDegrees - LatitudeDegrees),
        Earth.WrapLongitude(LongitudeDegrees + share * Earth.TurnDegrees(LongitudeDegrees, other.LongitudeDegrees)));
}
