using CsCheck;
using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Tests;

/// <summary>Random places, the awkward ones among them.</summary>
internal static class Places
{
    public static readonly GeoPoint Porto = new(41.15, -8.61);

    public static readonly Gen<GeoPoint> Anywhere = Gen.Frequency(
        (4, Gen.Select(Gen.Double[-90, 90], Gen.Double[-180, 180], (latitude, longitude) => new GeoPoint(latitude, longitude))),
        (1, Gen.Double[-180, 180].Select(longitude => new GeoPoint(90, longitude))),
        (1, Gen.Double[-180, 180].Select(longitude => new GeoPoint(-90, longitude))),
        (1, Gen.Double[-90, 90].Select(latitude => new GeoPoint(latitude, 180))),
        (1, Gen.Double[-90, 90].Select(latitude => new GeoPoint(latitude, -180))),
        (1, Gen.Const(new GeoPoint(0, 0))));
}
