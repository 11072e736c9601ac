using System.Globalization;
using Google.Type;
using RideTracking.Engine.Geo;
using RideTracking.V1;

namespace RideTracking.Benchmarks.Wires;

/// <summary>What is asked and reported, the same over all wires.</summary>
internal static class WireData
{
    private const double RadiusMeters = 3_000;
    private const int Results = 10;
    private const string Session = "5b0e4f0a-6f57-4c1e-9a39-0b6c9d9fb2a1";
    private const long Start = 1_750_000_000_000;

    public static SearchDriversRequest Search(GeoPoint center, uint results = Results) => new()
    {
        Center = new LatLng { Latitude = center.LatitudeDegrees, Longitude = center.LongitudeDegrees },
        RadiusMeters = RadiusMeters,
        MaxResults = results,
    };

    public static SearchQuery PlainSearch(GeoPoint center) => new()
    {
        Center = new Place { Latitude = center.LatitudeDegrees, Longitude = center.LongitudeDegrees },
        RadiusMeters = RadiusMeters,
        MaxResults = Results,
    };

    public static string DriverId(int driver) => string.Create(CultureInfo.InvariantCulture, $"driver-{driver:d6}");

    public static LocationBatch Fix(ulong sequence) => new()
    {
        SentAtUnixMs = Start + ((long)sequence * 4_000) + 120,
        AckRequested = true,
        Fixes =
        {
            new Fix
            {
                Sequence = sequence,
                SensorTimeUnixMs = Start + ((long)sequence * 4_000),
                LatitudeE7 = 411_500_000 + ((int)sequence % 10_000),
                LongitudeE7 = -86_200_000,
                HorizontalAccuracyDecimeters = 45,
                CourseCentidegrees = 27_145,
                SpeedCentimetersPerSecond = 972,
                AltitudeDecimeters = 1_043,
            },
        },
    };

    public static ReportLocationsRequest Report(int driver, ulong sequence) =>
        new() { DriverId = DriverId(driver), SessionId = Session, Locations = Fix(sequence) };

    public static FixReport PlainReport(int driver, ulong sequence) => new()
    {
        DriverId = DriverId(driver),
        SessionId = Session,
        SentAtUnixMs = Start + ((long)sequence * 4_000) + 120,
        Fixes =
        [
            new ReportedFix
            {
                Sequence = sequence,
                SensorTimeUnixMs = Start + ((long)sequence * 4_000),
                Latitude = Math.Round(41.15 + (sequence % 10_000 * 1e-7), 7),
                Longitude = -8.62,
                AccuracyMeters = 4.5,
                CourseDegrees = 271.45,
                SpeedMetersPerSecond = 9.72,
                AltitudeMeters = 104.3,
            },
        ],
    };
}
