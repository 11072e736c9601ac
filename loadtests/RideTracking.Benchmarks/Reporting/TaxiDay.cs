using System.Globalization;
using System.IO.Compression;
using RideTracking.Engine.Geo;

namespace RideTracking.Benchmarks.Reporting;

/// <summary>A recorded place of a taxi.</summary>
internal readonly record struct TaxiPoint(long AtSeconds, GeoPoint Place, bool IsOccupied);

/// <summary>A ride of a taxi: from the first place with a passenger to the first without.</summary>
internal readonly record struct TaxiRide(long PickupAt, GeoPoint Pickup, long DropoffAt, GeoPoint Dropoff);

/// <summary>A taxi's day, from a file of lines <c>unix_time,taxi,lat,lon,occupied</c>.</summary>
internal sealed class TaxiDay
{
    // Faster than this between two places, one of them is wild.
    private const double MaxMetersPerSecond = 45;

    private TaxiDay(TaxiPoint[] points)
    {
        Points = points;
        var rides = new List<TaxiRide>();
        TaxiPoint? pickup = null;
        foreach (TaxiPoint point in points)
        {
            if (point.IsOccupied)
            {
                pickup ??= point;
            }
            else if (pickup is { } from)
            {
                rides.Add(new TaxiRide(from.AtSeconds, from.Place, point.AtSeconds, point.Place));
                pickup = null;
            }
        }

        Rides = [.. rides];
    }

    public TaxiPoint[] Points { get; }

    public TaxiRide[] Rides { get; }

    public static TaxiDay[] Read(string folder)
    {
        using var reader = new StreamReader(new GZipStream(
            File.OpenRead(Path.Combine(folder, "taxi-points-2008-06-03.csv.gz")), CompressionMode.Decompress));
        reader.ReadLine();
        var taxis = new SortedDictionary<string, List<TaxiPoint>>(StringComparer.Ordinal);
        while (reader.ReadLine() is { } line)
        {
            string[] cells = line.Split(',');
            if (!taxis.TryGetValue(cells[1], out List<TaxiPoint>? points))
            {
                taxis.Add(cells[1], points = []);
            }

            var point = new TaxiPoint(
                long.Parse(cells[0], CultureInfo.InvariantCulture),
                new GeoPoint(double.Parse(cells[2], CultureInfo.InvariantCulture), double.Parse(cells[3], CultureInfo.InvariantCulture)),
                cells[4] == "1");
            if (points.Count == 0
                || (point.AtSeconds > points[^1].AtSeconds
                    && Earth.DistanceMeters(point.Place, points[^1].Place) <= MaxMetersPerSecond * (point.AtSeconds - points[^1].AtSeconds)))
            {
                points.Add(point);
            }
        }

        return [.. taxis.Values.Where(points => points.Count > 1).Select(points => new TaxiDay([.. points]))];
    }
}
