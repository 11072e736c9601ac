namespace RideTracking.Engine.Geo;

/// <summary>
/// The area between two parallels and two meridians, edges included, WGS 84 degrees.
/// A west greater than the east crosses the antimeridian; -180 to 180 goes all the way round.
/// </summary>
/// <param name="SouthDegrees">-90 to 90.</param>
/// <param name="WestDegrees">-180 to 180.</param>
/// <param name="NorthDegrees">-90 to 90, not below the south.</param>
/// <param name="EastDegrees">-180 to 180.</param>
public readonly record struct GeoRectangle(
    double SouthDegrees, double WestDegrees, double NorthDegrees, double EastDegrees) : IGeoArea
{
    /// <summary>The whole earth.</summary>
    public static GeoRectangle World => new(-90, -180, 90, 180);

    /// <summary>True when all four are finite and in range and the south is not above the north.</summary>
    public bool IsValid =>
        new GeoPoint(SouthDegrees, WestDegrees).IsValid
        && new GeoPoint(NorthDegrees, EastDegrees).IsValid
        && SouthDegrees <= NorthDegrees;

    /// <summary>True when the rectangle lies on both sides of the 180th meridian.</summary>
    public bool CrossesAntimeridian => WestDegrees > EastDegrees;

    GeoRectangle IGeoArea.Bounds => this;

    /// <summary>Degrees of longitude from west to east, 0 to 360.</summary>
    public double WidthDegrees => CrossesAntimeridian ? EastDegrees - WestDegrees + 360 : EastDegrees - WestDegrees;

    /// <summary>
    /// Whether a place lies inside or on the edge. 180 and -180 are one meridian. A pole has every longitude,
    /// so a rectangle that reaches a pole contains it.
    /// </summary>
    public bool Contains(GeoPoint point)
    {
        if (!(point.LatitudeDegrees >= SouthDegrees && point.LatitudeDegrees <= NorthDegrees))
        {
            return false;
        }

        double longitude = point.LongitudeDegrees;
        return IsBetweenMeridians(longitude)
            || Math.Abs(longitude) == 180 && IsBetweenMeridians(-longitude)
            || Math.Abs(point.LatitudeDegrees) == 90;
    }

    private bool IsBetweenMeridians(double longitude) => CrossesAntimeridian
        ? longitude >= WestDegrees || longitude <= EastDegrees
        : longitude >= WestDegrees && longitude <= EastDegrees;
}
