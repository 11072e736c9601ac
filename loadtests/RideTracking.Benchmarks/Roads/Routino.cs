using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using RideTracking.Engine.Geo;

namespace RideTracking.Benchmarks.Roads;

/// <summary>
/// Routino (https://www.routino.org, in Debian), a router that shares nothing with this project but the extract: shortest
/// ways by car, all kinds of roads liked the same, none of their points left out; farm tracks it does not drive. Its programs and osmium must be installed.
/// </summary>
internal sealed class Routino : IDisposable
{
    private const string Shared = "/usr/share/routino";

    private static readonly string[] Roads =
        ["motorway", "trunk", "primary", "secondary", "tertiary", "unclassified", "residential", "service"];

    private readonly string _folder = Directory.CreateTempSubdirectory("roads-foreign").FullName;

    public Routino(string extract)
    {
        string plain = Path.Combine(_folder, "roads.osm");
        Run("osmium", "cat", "-O", "-o", plain, extract);
        Run("planetsplitter", $"--dir={_folder}", "--prefix=roads", $"--tagging={Shared}/tagging-drive.xml", "--prune-none", "--loggable", plain);
        File.Delete(plain);
    }

    /// <summary>All points of the shortest way, the places asked for included, and its length in metres; no points when there is none.</summary>
    public (GeoPoint[] Points, double Meters) Shortest(GeoPoint from, GeoPoint to)
    {
        string[] likes = [.. Roads.Select(road => $"--highway-{road}=100")];
        string[] indifferent = ["--property-paved=50", "--property-multilane=50", "--property-bridge=50", "--property-tunnel=50"];
        string? text = Run("routino-router",
        [
            $"--dir={_folder}", "--prefix=roads", $"--profiles={Shared}/profiles.xml", $"--translations={Shared}/translations.xml",
            "--transport=motorcar", "--shortest", .. likes, .. indifferent, "--quiet", "--output-text-all", "--output-stdout",
            $"--lat1={Told(from.LatitudeDegrees)}", $"--lon1={Told(from.LongitudeDegrees)}",
            $"--lat2={Told(to.LatitudeDegrees)}", $"--lon2={Told(to.LongitudeDegrees)}",
        ], mayFail: true);
        var points = new List<GeoPoint>();
        double meters = 0;
        foreach (string line in text?.Split('\n') ?? [])
        {
            string[] cells = line.Split('\t', StringSplitOptions.TrimEntries);
            if (line.StartsWith('#') || cells.Length < 5)
            {
                continue;
            }

            var point = new GeoPoint(double.Parse(cells[0], CultureInfo.InvariantCulture), double.Parse(cells[1], CultureInfo.InvariantCulture));
            meters += points.Count == 0 ? 0 : Earth.DistanceMeters(points[^1], point);
            points.Add(point);
        }

        return ([.. points], meters);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string Told(double degrees) => degrees.ToString("F7", CultureInfo.InvariantCulture);

    private static string Run(string program, params string[] arguments) => Run(program, arguments, mayFail: false)!;

    private static string? Run(string program, string[] arguments, bool mayFail)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            using Process process = Process.Start(start)!;
            Task<string> errors = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? output
                : mayFail ? null
                : throw new InvalidOperationException($"{program} failed: {errors.GetAwaiter().GetResult()}");
        }
        catch (Win32Exception e)
        {
            throw new InvalidOperationException($"{program} is not installed: apt-get install routino osmium-tool", e);
        }
    }
}
