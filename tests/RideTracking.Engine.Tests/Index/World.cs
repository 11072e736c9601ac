using CsCheck;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Index;
using RideTracking.Engine.Ingest;

namespace RideTracking.Engine.Tests.Index;

/// <summary>A random operation on the index, and what a plain list of drivers makes of it.</summary>
internal static class World
{
    public static Fix FixAt(GeoPoint place, long fixedAt) => new()
    {
        FixedAtUnixMs = fixedAt,
        LatitudeE7 = (int)Math.Round(place.LatitudeDegrees * 1e7),
        LongitudeE7 = (int)Math.Round(place.LongitudeDegrees * 1e7),
    };

    /// <summary>Places of one test: crowded around a few spots, some of them awkward, some of them one and the same.</summary>
    public static readonly Gen<GeoPoint[]> Crowd =
        Gen.Select(Places.Anywhere, Gen.OneOf(0.0, 100, 2_000, 300_000, 20_000_000)).SelectMany((spot, spread) =>
            Gen.Select(Gen.Double[0, 360], Gen.Double[0, 1])
                .Select((bearing, share) => Earth.Destination(spot, bearing, share * spread)).Array[1, 150]);

    public static readonly Gen<DriverStatus> Status = Gen.Select(
        Gen.Int[0, 4], Gen.Int[0, 4], Gen.Int[0, 2],
        (availability, work, link) => new DriverStatus((DriverAvailability)availability, (DriverWork)work, (DriverLink)link));

    /// <summary>The nearest by brute force. The result must be this but for the order of what is equally far.</summary>
    public static void AssertNearest(
        IEnumerable<DriverEntry> all, GeoPoint center, double radius, ReadOnlySpan<NearbyDriver> found, int wanted)
    {
        const double millimetre = 0.001;
        (int Slot, double Distance)[] expected =
            [.. all.Select(driver => (driver.Slot, Distance: Earth.DistanceMeters(center, driver.Fix.Point)))
                .OrderBy(driver => driver.Distance)];
        int surely = expected.Count(driver => driver.Distance < radius - millimetre);
        int perhaps = expected.Count(driver => driver.Distance < radius + millimetre);
        Assert.InRange(found.Length, Math.Min(surely, wanted), Math.Min(perhaps, wanted));
        var slots = new HashSet<int>();
        for (int i = 0; i < found.Length; i++)
        {
            Assert.True(slots.Add(found[i].Slot), $"slot {found[i].Slot} twice");
            Assert.Equal(expected[i].Distance, found[i].DistanceMeters, DistanceTolerance(expected[i].Distance));
            Assert.Equal(
                Earth.DistanceMeters(center, found[i].Position), found[i].DistanceMeters, DistanceTolerance(expected[i].Distance));
        }
    }

    // Near the antipode a haversine is near 1, and rounding hides half a metre.
    private static double DistanceTolerance(double distance) => distance > 19_000_000 ? 0.5 : 0.001;
}
