using System.Globalization;
using System.IO.Compression;
using System.Numerics;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Ingest;

namespace RideTracking.Engine.Tests.Ingest;

/// <summary>
/// Real taxis through the gate, against a count that knows the future: of each taxi the longest chain of points each of which can be reached from the
/// one before is good; what can neither be reached from the good one before it nor reach the good one after it is a jump. Skipped where the data is absent.
/// </summary>
public class RecordedDaysTests(ITestOutputHelper output)
{
    // A chain may leave out so many points in a row.
    private const int Window = 100;

    private static readonly GateLimits Limits = new();

    [Theory]
    [InlineData("porto/taxi-points-2013-07-01.csv.gz", 3)]
    [InlineData("san-francisco/taxi-points-2008-06-03.csv.gz", 2)]
    public void Good_points_are_taken_and_jumps_are_caught(string path, int latitudeColumn)
    {
        string? file = SharedData.Find(path);
        Assert.SkipWhen(file is null, "The recorded days are not beside the repository.");
        Day[] taxis = [.. Read(file, latitudeColumn).Select(t => Judge(t.Key, t.Value))];
        // Of two vehicles under one name, either may be the one.
        Day[] doubles = [.. taxis.Where(t => t.Jumps > 50 && t.Jumps > 0.05 * t.Points)];
        Day[] single = [.. taxis.Except(doubles)];
        int good = single.Sum(t => t.Good), goodRejected = single.Sum(t => t.GoodRejected), jumps = single.Sum(t => t.Jumps), jumpsCaught = single.Sum(t => t.JumpsCaught);
        output.WriteLine(
            $"{path}: {taxis.Length} taxis, {good} good points, {goodRejected} of them rejected; {jumps} jumps, {jumpsCaught} of them caught; "
            + $"two under one name: {string.Join(", ", doubles.Select(t => $"{t.Taxi} ({t.Jumps} jumps among {t.Points}, up to {t.MostRejected} of 64 rejected)"))}.");
        Assert.True(goodRejected <= 0.0005 * good, $"{goodRejected} of {good} good points were rejected");
        Assert.True(jumpsCaught >= 0.99 * jumps, $"{jumpsCaught} of {jumps} jumps were caught");
        // Whoever looks at them sees it.
        Assert.All(doubles, t => Assert.InRange(t.MostRejected, 20, 64));
    }

    private static Day Judge(string name, List<Fix> taxi)
    {
        bool[] isGood = LongestChain(taxi);
        var state = new GateState();
        var day = new Day(name, taxi.Count);
        int lastGood = -1;
        ulong rejected = 0;
        for (int i = 0; i < taxi.Count; i++)
        {
            Fix fix = taxi[i];
            bool isRejected = Gate.Judge(ref fix, 1, fix.SensorTimeUnixMs, fix.SensorTimeUnixMs, ref state, Limits).Outcome == FixOutcome.Rejected;
            rejected = rejected << 1 | (isRejected ? 1UL : 0);
            day.MostRejected = Math.Max(day.MostRejected, BitOperations.PopCount(rejected));
            if (isGood[i])
            {
                lastGood = i;
                day.Good++;
                day.GoodRejected += isRejected ? 1 : 0;
            }
            else if (lastGood >= 0 && !IsReachable(taxi[lastGood], fix) && Array.IndexOf(isGood, true, i) is >= 0 and var nextGood && !IsReachable(fix, taxi[nextGood]))
            {
                day.Jumps++;
                day.JumpsCaught += isRejected ? 1 : 0;
            }
        }

        return day;
    }

    private static bool[] LongestChain(List<Fix> taxi)
    {
        var (length, before) = (new int[taxi.Count], new int[taxi.Count]);
        int end = 0;
        for (int i = 0; i < taxi.Count; i++)
        {
            (length[i], before[i]) = (1, -1);
            for (int j = Math.Max(0, i - Window); j < i; j++)
            {
                if (length[j] >= length[i] && IsReachable(taxi[j], taxi[i]))
                {
                    (length[i], before[i]) = (length[j] + 1, j);
                }
            }

            end = length[i] > length[end] ? i : end;
        }

        var isGood = new bool[taxi.Count];
        for (int i = end; i >= 0; i = before[i])
        {
            isGood[i] = true;
        }

        return isGood;
    }

    private static bool IsReachable(in Fix from, in Fix to)
    {
        // Neither tells its accuracy: circles of 95 % about both.
        double meters = Earth.DistanceMeters(from.Point, to.Point) - 2 * 1.62 * Limits.AssumedAccuracyMeters;
        return meters <= Limits.MaxSpeedMetersPerSecond * (to.SensorTimeUnixMs - from.SensorTimeUnixMs) / 1_000.0;
    }

    private static Dictionary<string, List<Fix>> Read(string file, int latitudeColumn)
    {
        var taxis = new Dictionary<string, List<Fix>>();
        using var reader = new StreamReader(new GZipStream(File.OpenRead(file), CompressionMode.Decompress));
        reader.ReadLine();
        while (reader.ReadLine() is { } line)
        {
            string[] cells = line.Split(',');
            if (!taxis.TryGetValue(cells[1], out List<Fix>? taxi))
            {
                taxis.Add(cells[1], taxi = []);
            }

            taxi.Add(new Fix
            {
                Sequence = (ulong)taxi.Count + 1,
                SensorTimeUnixMs = long.Parse(cells[0], CultureInfo.InvariantCulture) * 1_000,
                LatitudeE7 = E7(cells[latitudeColumn]),
                LongitudeE7 = E7(cells[latitudeColumn + 1]),
            });
        }

        return taxis;

        static int E7(string degrees) => (int)Math.Round(double.Parse(degrees, CultureInfo.InvariantCulture) * 1e7);
    }

    private sealed class Day(string taxi, int points)
    {
        public string Taxi => taxi;

        public int Points => points;

        public int Good { get; set; }

        public int GoodRejected { get; set; }

        public int Jumps { get; set; }

        public int JumpsCaught { get; set; }

        public int MostRejected { get; set; }
    }
}
