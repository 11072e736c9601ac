using System.Globalization;
using System.IO.Compression;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Ingest;

namespace RideTracking.Benchmarks.Roads;

/// <summary>A real trip, from a file of lines <c>unix_time,taxi_id,trip_id,lat,lon</c>.</summary>
internal sealed record RecordedTrip(string Id, Fix[] Fixes)
{
    private const double ArrivedMeters = 50;

    public DateTimeOffset StartedAt => DateTimeOffset.FromUnixTimeMilliseconds(Fixes[0].FixedAtUnixMs);

    public DateTimeOffset EndedAt => DateTimeOffset.FromUnixTimeMilliseconds(Fixes[^1].FixedAtUnixMs);

    public TimeSpan Duration => EndedAt - StartedAt;

    /// <summary>Until it is where it ends, and stays: a taxi's meter runs on while people pay.</summary>
    public TimeSpan DrivingTime
    {
        get
        {
            int arrived = Fixes.Length - 1;
            while (arrived > 1 && Earth.DistanceMeters(Fixes[arrived - 1].Point, Fixes[^1].Point) <= ArrivedMeters)
            {
                arrived--;
            }

            return TimeSpan.FromMilliseconds(Fixes[arrived].FixedAtUnixMs - Fixes[0].FixedAtUnixMs);
        }
    }

    public double StraightMeters => Earth.DistanceMeters(Fixes[0].Point, Fixes[^1].Point);

    /// <summary>From fix to fix.</summary>
    public double RawMeters => Fixes.Zip(Fixes.Skip(1)).Sum(pair => Earth.DistanceMeters(pair.First.Point, pair.Second.Point));

    public TimeSpan LongestSilence =>
        TimeSpan.FromMilliseconds(Fixes.Zip(Fixes.Skip(1)).Select(pair => pair.Second.FixedAtUnixMs - pair.First.FixedAtUnixMs).DefaultIfEmpty().Max());

    /// <summary>All trips of a file, by their start.</summary>
    public static RecordedTrip[] Read(string path)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        reader.ReadLine();
        var trips = new Dictionary<string, List<Fix>>();
        while (reader.ReadLine() is { } line)
        {
            string[] cells = line.Split(',');
            if (!trips.TryGetValue(cells[2], out List<Fix>? fixes))
            {
                trips.Add(cells[2], fixes = []);
            }

            fixes.Add(new Fix
            {
                Sequence = (ulong)fixes.Count + 1,
                FixedAtUnixMs = long.Parse(cells[0], CultureInfo.InvariantCulture) * 1_000,
                LatitudeE7 = (int)Math.Round(double.Parse(cells[3], CultureInfo.InvariantCulture) * 1e7),
                LongitudeE7 = (int)Math.Round(double.Parse(cells[4], CultureInfo.InvariantCulture) * 1e7),
            });
        }

        return [.. trips.Select(trip => new RecordedTrip(trip.Key, [.. trip.Value])).OrderBy(trip => trip.StartedAt)];
    }
}
