using Google.Type;
using RideTracking.Engine.Geo;

namespace RideTracking.Server.Protocol;

/// <summary>Places between the engine's terms and the contract's: degrees, WGS 84, in both.</summary>
internal static class Places
{
    public static LatLng ToLatLng(this GeoPoint point) => new() { Latitude = point.LatitudeDegrees, Longitude = point.LongitudeDegrees };

    /// <summary>As it came: what a caller sent may be out of range until it was checked.</summary>
    public static GeoPoint ToPoint(this LatLng place) => new(place.Latitude, place.Longitude);
}
