namespace RideTracking.Engine.Geo;

/// <summary>The area around a place, edge included, by great-circle distance.</summary>
public readonly struct GeoCircle : IGeoArea
{
    // What rounding may add, in degrees (1 cm).
    private const double RoundingDegrees = 1e-7;

    private readonly GeoPoint _center;
    private readonly double _radius;
    private readonly double _maxHaversine;
    private readonly HaversineFrom _haversine;

    /// <summary>A circle.</summary>
    /// <param name="center">Must be valid.</param>
    /// <param name="radiusMeters">From 0.</param>
    public GeoCircle(GeoPoint center, double radiusMeters)
    {
        _center = center;
        _radius = Math.Clamp(radiusMeters / Earth.RadiusMeters, 0, Math.PI);
        double sine = Math.Sin(_radius / 2);
        _maxHaversine = sine * sine;
        _haversine = new HaversineFrom(center);
    }

    /// <inheritdoc/>
    public GeoRectangle Bounds
    {
        get
        {
            double degrees = _radius * (180 / Math.PI) + RoundingDegrees;
            double south = _center.LatitudeDegrees - degrees, north = _center.LatitudeDegrees + degrees;
            if (south <= -90 || north >= 90)
            {
                return new GeoRectangle(Math.Max(south, -90), -180, Math.Min(north, 90), 180);
            }

            // Where meridians touch the circle: sin(half width) = sin(radius) / cos(latitude).
            double halfWidth = Math.Asin(Math.Min(Math.Sin(degrees * (Math.PI / 180)) / _haversine.CosLatitude, 1)) * (180 / Math.PI) + RoundingDegrees;
            return new GeoRectangle(
                south, Earth.WrapLongitude(_center.LongitudeDegrees - halfWidth), north, Earth.WrapLongitude(_center.LongitudeDegrees + halfWidth));
        }
    }

    /// <inheritdoc/>
    public bool Contains(GeoPoint point) =>
        point.ToE7() is var (latitudeE7, longitudeE7) && _haversine.To(latitudeE7, longitudeE7) <= _maxHaversine;
}
