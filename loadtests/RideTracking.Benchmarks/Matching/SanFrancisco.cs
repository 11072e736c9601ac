using System.Globalization;
using System.IO.Compression;
using RideTracking.Engine.Geo;

namespace RideTracking.Benchmarks.Matching;

/// <summary>A ride that somebody wants.</summary>
internal readonly record struct WantedRide(double AtSeconds, GeoPoint Pickup, GeoPoint Dropoff);

/// <summary>Where taxis of San Francisco stood on a Tuesday in 2008 at 17:00, and where rides were wanted on one in 2016.</summary>
internal sealed class SanFrancisco
{
    private const int Tuesday = 1;
    private const double JitterMeters = 150;
    private const double LeastRideMeters = 500;

    // Taxis outside (the airport, wild fixes) are taken where they were last inside.
    private static readonly GeoRectangle City = new(37.70, -122.52, 37.82, -122.36);

    private readonly GeoPoint[] _zones;
    private readonly Dictionary<int, (double[] Pickups, double[] Dropoffs)> _byHour = [];

    private SanFrancisco(GeoPoint[] taxis, GeoPoint[] zones)
    {
        Taxis = taxis;
        _zones = zones;
    }

    public GeoPoint[] Taxis { get; }

    public static SanFrancisco Read(string folder)
    {
        long? begin = null;
        var taxis = new SortedDictionary<string, GeoPoint>(StringComparer.Ordinal);
        foreach (string[] row in Rows(Path.Combine(folder, "taxi-points-2008-06-03.csv.gz")))
        {
            long time = long.Parse(row[0], CultureInfo.InvariantCulture);
            begin ??= time;
            GeoPoint place = new(Number(row[2]), Number(row[3]));
            if (City.Contains(place) && (time - begin < 17 * 3_600 || !taxis.ContainsKey(row[1])))
            {
                taxis[row[1]] = place;
            }
        }

        List<string[]> demand = [.. Rows(Path.Combine(folder, "ride-demand-by-zone-hour.csv.gz")).Where(r => r[3] == $"{Tuesday}")];
        List<string> names = [.. demand.Select(r => r[0]).Distinct()];
        var city = new SanFrancisco(
            [.. taxis.Values],
            [.. names.Select(name => demand.First(r => r[0] == name)).Select(r => new GeoPoint(Number(r[1]), Number(r[2])))]);
        var numberOf = names.Index().ToDictionary(n => n.Item, n => n.Index);
        foreach (string[] row in demand)
        {
            int hour = int.Parse(row[4], CultureInfo.InvariantCulture);
            if (!city._byHour.TryGetValue(hour, out (double[] Pickups, double[] Dropoffs) counts))
            {
                city._byHour[hour] = counts = (new double[names.Count], new double[names.Count]);
            }

            counts.Pickups[numberOf[row[0]]] = Number(row[5]);
            counts.Dropoffs[numberOf[row[0]]] = Number(row[6]);
        }

        return city;
    }

    /// <summary>Rides at a steady rate, from where and to where as in the hours from <paramref name="firstHour"/> on.</summary>
    public List<WantedRide> Rides(double perHour, int firstHour, double hours, Random random)
    {
        var rides = new List<WantedRide>();
        for (double at = Pause(); at < hours * 3_600; at += Pause())
        {
            (double[] pickups, double[] dropoffs) = _byHour[firstHour + (int)(at / 3_600)];
            GeoPoint pickup = Near(_zones[Choose(pickups, random)], random), dropoff;
            do
            {
                dropoff = Near(_zones[Choose(dropoffs, random)], random);
            }
            while (Earth.DistanceMeters(pickup, dropoff) < LeastRideMeters);

            rides.Add(new WantedRide(at, pickup, dropoff));
        }

        return rides;

        double Pause() => -Math.Log(1 - random.NextDouble()) * 3_600 / perHour;
    }

    private static GeoPoint Near(GeoPoint zone, Random random) =>
        Earth.Destination(zone, random.NextDouble() * 360, JitterMeters * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())));

    private static int Choose(double[] weights, Random random)
    {
        double left = random.NextDouble() * weights.Sum();
        for (int i = 0; i < weights.Length; i++)
        {
            left -= weights[i];
            if (left < 0)
            {
                return i;
            }
        }

        return Array.FindLastIndex(weights, w => w > 0);
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    private static IEnumerable<string[]> Rows(string path)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        reader.ReadLine();
        while (reader.ReadLine() is { } line)
        {
            yield return line.Split(',');
        }
    }
}
