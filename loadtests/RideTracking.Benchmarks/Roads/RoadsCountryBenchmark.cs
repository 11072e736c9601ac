using System.Diagnostics;
using System.Globalization;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads.Graph;
using RideTracking.Engine.Roads.Osm;

namespace RideTracking.Benchmarks.Roads;

/// <summary>
/// A country of copies of one extract, joined by a few main roads each: time and memory of all that is made of it, each size in a
/// process of its own, beside the extract alone.
/// </summary>
internal static class RoadsCountryBenchmark
{
    private const int LinksOfBorder = 12;

    public static async Task<int> RunAsync(string path, Options options)
    {
        var isJoined = options.Count("--joined", 1) != 0;
        var most = options.Count("--copies", 58);
        var country = Path.Combine(Path.GetTempPath(), $"country-{Environment.ProcessId}.osm.pbf");
        try
        {
            await using var extract = File.OpenRead(path);
            var city = OsmImporter.Import(extract).Graph;
            extract.Position = 0;
            var copies = new ExtractCopies(extract);
            var isWhole = options.Count("--whole", 1) != 0;
            foreach (var size in isWhole ? new[] { 1, 10, 40, most }.Where(each => each <= most).Distinct() : [most])
            {
                var columns = (int)Math.Ceiling(Math.Sqrt(size));
                var started = Stopwatch.GetTimestamp();
                await using (var file = File.Create(country))
                {
                    copies.Write(file, size, columns, BoundsOf(city), isJoined ? LinksOf(city, size, columns) : []);
                    Console.WriteLine($"{size} copies of {Path.GetFileName(path)}, {(isJoined ? "joined" : "apart")}: {file.Length / 1e6:N0} MB, written in {Stopwatch.GetElapsedTime(started).TotalSeconds:N0} s");
                }

                if (isWhole && await RunAsync(country) is not 0 and var code)
                {
                    return code;
                }
            }

            // One of the cities in the midst of the largest country.
            var middle = most / 2;
            var all = BoundsOf(city);
            var (north, eastward) = ExtractCopies.MoveOf(middle, (int)Math.Ceiling(Math.Sqrt(most)), all);
            Console.WriteLine("one of them, cut out:");
            return await RunAsync(
                country, all.SouthDegrees + north, all.WestDegrees + eastward, all.NorthDegrees + north, all.EastDegrees + eastward);
        }
        finally
        {
            File.Delete(country);
        }
    }

    private static async Task<int> RunAsync(string country, params double[] cutTo)
    {
        using var child = Process.Start("dotnet", [
            typeof(RoadsCountryBenchmark).Assembly.Location, CountryRun.Verb, country, .. cutTo.Select(each => ((long)Math.Round(each * 1e7)).ToString(CultureInfo.InvariantCulture)),
        ]);
        await child.WaitForExitAsync();
        return child.ExitCode;
    }

    private static GeoRectangle BoundsOf(RoadGraph city)
    {
        var points = Enumerable.Range(0, city.SegmentCount).SelectMany(s => Enumerable.Range(0, city.PointCount(s)).Select(i => city.PointOf(s, i))).ToArray();
        return new GeoRectangle(
            points.Min(p => p.LatitudeDegrees), points.Min(p => p.LongitudeDegrees), points.Max(p => p.LatitudeDegrees), points.Max(p => p.LongitudeDegrees));
    }

    // The outermost junctions of as many bands along each border, each with that across the border.
    private static IEnumerable<(long From, long To)> LinksOf(RoadGraph city, int copies, int columns)
    {
        var east = Outermost(city, p => p.LongitudeDegrees, p => p.LatitudeDegrees);
        var west = Outermost(city, p => -p.LongitudeDegrees, p => p.LatitudeDegrees);
        var north = Outermost(city, p => p.LatitudeDegrees, p => p.LongitudeDegrees);
        var south = Outermost(city, p => -p.LatitudeDegrees, p => p.LongitudeDegrees);
        for (var copy = 0; copy < copies; copy++)
        {
            for (var link = 0; link < LinksOfBorder; link++)
            {
                if ((copy + 1) % columns != 0 && copy + 1 < copies)
                {
                    yield return (ExtractCopies.IdIn(copy, east[link]), ExtractCopies.IdIn(copy + 1, west[link]));
                }

                if (copy + columns < copies)
                {
                    yield return (ExtractCopies.IdIn(copy, north[link]), ExtractCopies.IdIn(copy + columns, south[link]));
                }
            }
        }
    }

    private static long[] Outermost(RoadGraph city, Func<GeoPoint, double> outwards, Func<GeoPoint, double> along)
    {
        var junctions = Enumerable.Range(0, city.SegmentCount)
            .Where(s => (city.Segment(s).Flags & RoadFlags.Connected) != 0)
            .Select(s => city.Segment(s).FromJunction).Distinct()
            .OrderBy(junction => along(city.JunctionAt(junction))).ToArray();
        return [.. junctions.Chunk((junctions.Length + LinksOfBorder - 1) / LinksOfBorder)
            .Select(band => city.JunctionId(band.MaxBy(junction => outwards(city.JunctionAt(junction)))))];
    }
}
