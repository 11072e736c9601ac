using RideTracking.Engine.Roads.Speeds;

namespace RideTracking.Benchmarks.Roads;

/// <summary>Whether ranges of what remains hold: several ways to make one of the spread of whole trips, each beside what came true.</summary>
/// <param name="trips">Learns how long trips take until the car is there.</param>
internal sealed class RemainingTimes(TripTimes trips)
{
    /// <summary>How much of a trip's time has gone by when somebody looks.</summary>
    public static readonly double[] Shares = [0.25, 0.5, 0.75, 0.9];

    private static readonly (string Name, Func<TripTimes, TimeSpan, TimeSpan, DateTimeOffset, TripTimeRange> Range)[] Ways =
    [
        ("as a trip of what remains", (trips, whole, remaining, now) => trips.RangeOf(remaining, now)),
        ("whole trip's spread, scaled down", (trips, whole, remaining, now) => Scaled(trips.RangeOf(whole, now), remaining / whole)),
        ("whole trip's, wider by the root", (trips, whole, remaining, now) => WithRoads(trips.RangeOf(whole, now).OfRest(whole, remaining), remaining)),
    ];

    private readonly List<(double Share, int Way, TimeSpan Actual, TimeSpan Remaining, TripTimeRange Range)> _seen = [];

    public void Learn(TimeSpan foretold, TimeSpan actual, DateTimeOffset startedAt) => trips.Learn(foretold, actual, startedAt);

    public void Add(double share, TimeSpan whole, TimeSpan remaining, DateTimeOffset now, TimeSpan actual)
    {
        for (int way = 0; way < Ways.Length; way++)
        {
            _seen.Add((share, way, actual, remaining, Ways[way].Range(trips, whole, remaining, now)));
        }
    }

    public void Print()
    {
        Console.WriteLine("under way, learning on as trips end: the range of 10 to 90 % holds (and its width over its median), median absolute error of its median");
        Console.WriteLine($"{"",-36}" + string.Concat(Shares.Select(share => $"{$"after {share:P0}",24}")) + $"{"all",8}");
        for (int way = 0; way < Ways.Length; way++)
        {
            Console.WriteLine($"{Ways[way].Name,-36}" + string.Concat(Shares.Select(share =>
            {
                var seen = _seen.Where(each => each.Way == way && each.Share == share).ToList();
                double holds = seen.Average(each => Holds(each.Actual, each.Range));
                double width = Median(seen.Select(each => (each.Range.High - each.Range.Low) / each.Range.Median));
                double error = Median(seen.Select(each => Math.Abs((each.Range.Median - each.Actual).TotalSeconds)));
                return $"{$"{holds:P0} ({width:P0}), {error:0} s",24}";
            })) + $"{_seen.Where(each => each.Way == way).Average(each => Holds(each.Actual, each.Range)),8:P0}");
        }

        Console.WriteLine($"{"by the roads alone",-36}" + string.Concat(Shares.Select(share =>
            $"{$"{Median(_seen.Where(each => each.Way == 0 && each.Share == share).Select(each => Math.Abs((each.Remaining - each.Actual).TotalSeconds))):0} s",24}")));
    }

    private static TripTimeRange Scaled(TripTimeRange range, double share) => new(range.Low * share, range.Median * share, range.High * share);

    // As the server tells it: the roads' own word is never left out.
    private static TripTimeRange WithRoads(TripTimeRange range, TimeSpan roads) =>
        range with { Low = range.Low < roads ? range.Low : roads, High = range.High > roads ? range.High : roads };

    private static double Holds(TimeSpan actual, TripTimeRange range) => actual >= range.Low && actual <= range.High ? 1 : 0;

    private static double Median(IEnumerable<double> values)
    {
        double[] ordered = [.. values.Order()];
        return ordered[ordered.Length / 2];
    }
}
