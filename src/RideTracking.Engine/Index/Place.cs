using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Index;

/// <summary>A place in 1e-7 degrees, both coordinates in one word, so that they are read and written at once.</summary>
internal readonly record struct Place(long Bits)
{
    public int LatitudeE7 => (int)(Bits >> 32);

    public int LongitudeE7 => (int)Bits;

    public GeoPoint Point => GeoPoint.FromE7(LatitudeE7, LongitudeE7);

    public static Place Of(int latitudeE7, int longitudeE7) => new((long)latitudeE7 << 32 | (uint)longitudeE7);
}
