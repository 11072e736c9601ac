using RideTracking.Engine.Geo;
using RideTracking.Engine.Ingest;
using RideTracking.Engine.Roads.Graph;
using RideTracking.Engine.Roads.Matching;
using RideTracking.Engine.Roads.Osm;
using RideTracking.Engine.Roads.Routing;
using RideTracking.Engine.Roads.Speeds;

namespace RideTracking.Benchmarks.Roads;

/// <summary>
/// How long trips are said to take at their start, and how long they took: on trips held apart in time from those learned
/// from. A trip is learned from when it has ended; nothing is known of the future, neither for speeds nor for ranges.
/// </summary>
internal sealed class RoadsEtaBenchmark
{
    private static readonly TimeZoneInfo Porto = TimeZoneInfo.FindSystemTimeZoneById("Europe/Lisbon");
    private static readonly TimeSpan Renewal = TimeSpan.FromMinutes(15);
    private readonly RoadIndex _index;
    private readonly RoadRouter _router;
    private readonly CustomizedMetric _freeFlow;
    private readonly MapMatcher _matcher;

    private RoadsEtaBenchmark(RoadGraph graph)
    {
        _index = new RoadIndex(graph);
        _router = new RoadRouter(RoadHierarchy.Build(graph), RoadMetric.FreeFlow(graph));
        _freeFlow = _router.Current;
        _matcher = new MapMatcher(_index);
    }

    public static int Run(string extract, string tripsFile, Options options)
    {
        using FileStream file = File.OpenRead(extract);
        var benchmark = new RoadsEtaBenchmark(OsmImporter.Import(file).Graph);
        RecordedTrip[] all = RecordedTrip.Read(tripsFile);
        RecordedTrip[] recorded = [.. all.Where(trip => trip.Fixes.Length > 1)];
        RecordedTrip[] trips = [.. recorded.Where(trip => trip.Duration >= TimeSpan.FromMinutes(2) && trip.StraightMeters >= 1_000
            && trip.LongestSilence <= TimeSpan.FromMinutes(2))];
        Console.WriteLine($"{all.Length} trips; of 2 minutes and 1 km (straight) or more and without a silence of 2 minutes: {trips.Length}");
        trips = [.. trips.OrderBy(trip => trip.EndedAt).Take((int)(trips.Length * options.Number("--until", 1)))];
        DateTimeOffset split = trips[(int)(trips.Length * options.Number("--learn", 0.65))].EndedAt;
        var limits = new LearningLimits();
        limits = limits with
        {
            GroupSeconds = options.Number("--group-seconds", limits.GroupSeconds),
            RoadSeconds = options.Number("--road-seconds", limits.RoadSeconds),
            RoadHourSeconds = options.Number("--road-hour-seconds", limits.RoadHourSeconds),
            Trips = options.Number("--trips", limits.Trips),
        };
        // Everybody else's fixes teach speeds, too, but only these trips are tested and teach ranges.
        benchmark.Test(recorded.Where(trip => trip.EndedAt <= trips[^1].EndedAt), trips, split, limits);
        return 0;
    }

    private void Test(IEnumerable<RecordedTrip> recorded, RecordedTrip[] trips, DateTimeOffset split, LearningLimits limits)
    {
        var model = new Model(_index.Graph, limits);
        var tested = trips.ToHashSet();
        var learned = new List<Estimate>();
        List<Estimate> held = [], rolling = [];
        var underWay = new RemainingTimes(new TripTimes(Porto, limits));
        var events = recorded.Select(trip => (At: trip.StartedAt, IsEnd: false, Trip: trip))
            .Concat(recorded.Select(trip => (At: trip.EndedAt, IsEnd: true, Trip: trip)))
            .OrderBy(each => each.At).ThenBy(each => each.IsEnd);
        var open = new Dictionary<RecordedTrip, Estimate>();
        Model? frozen = null;
        int unroutable = 0;
        foreach ((DateTimeOffset at, bool isEnd, RecordedTrip trip) in events)
        {
            if (at >= split)
            {
                frozen ??= model.Frozen();
            }

            if (!isEnd && tested.Contains(trip))
            {
                if (EstimateOf(trip, model) is not { } estimate)
                {
                    unroutable++;
                    continue;
                }

                open.Add(trip, estimate);
                if (frozen is not null)
                {
                    rolling.Add(estimate);
                    held.Add(EstimateOf(trip, frozen)!);
                    LookUnderWay(trip, estimate, model, underWay);
                }
            }
            else if (isEnd)
            {
                if (open.Remove(trip, out Estimate? estimate))
                {
                    model.Trips.Learn(estimate.Learned, trip.Duration, trip.StartedAt);
                    underWay.Learn(estimate.Learned, trip.DrivingTime, trip.StartedAt);
                    if (frozen is null)
                    {
                        learned.Add(estimate);
                    }
                }

                model.Speeds.Learn(_matcher.Match(trip.Fixes), trip.Fixes, model.Metric(trip.EndedAt, this).Metric);
            }
        }

        double factor = Median(learned.Select(each => each.Actual / each.FreeFlow));
        Console.WriteLine($"learned from trips that ended before {TimeZoneInfo.ConvertTime(split, Porto):HH:mm} ({learned.Count} of these); tested on {held.Count} that started later; {unroutable} without a way");
        Console.WriteLine($"median of actual over free flow, learning trips: {factor:0.000}");
        Console.WriteLine($"{"",-44} {"median",8} {"p90",8} {"median",8} {"p90",8} {"bias",7} {"10-90 %",8}");
        Console.WriteLine($"{"",-44} {"abs s",8} {"abs s",8} {"rel",8} {"rel",8} {"median",7} {"holds",8}");
        Print("free flow", held, each => each.FreeFlow);
        Print("free flow x one factor", held, each => each.FreeFlow * factor);
        Print("learned roads", held, each => each.Learned);
        Print("learned roads and trips", held, each => each.Range.Median, each => each.Range);
        Print("learned roads, learning on as trips end", rolling, each => each.Learned);
        Print("and trips", rolling, each => each.Range.Median, each => each.Range);
        Console.WriteLine("only trips not much longer than their route (raw distance up to 1.3 x):");
        List<Estimate> direct = [.. held.Where(each => each.IsDirect)], directRolling = [.. rolling.Where(each => each.IsDirect)];
        Print("free flow", direct, each => each.FreeFlow);
        Print("free flow x one factor", direct, each => each.FreeFlow * factor);
        Print("learned roads and trips", direct, each => each.Range.Median, each => each.Range);
        Print("and learning on as trips end", directRolling, each => each.Range.Median, each => each.Range);
        underWay.Print();
    }

    // Routed anew from where it is by then, with what was known when it started.
    private void LookUnderWay(RecordedTrip trip, Estimate whole, Model model, RemainingTimes underWay)
    {
        foreach (double share in RemainingTimes.Shares)
        {
            Fix at = trip.Fixes.First(fix => fix.FixedAtUnixMs >= (trip.StartedAt + share * trip.DrivingTime).ToUnixTimeMilliseconds());
            DateTimeOffset now = DateTimeOffset.FromUnixTimeMilliseconds(at.FixedAtUnixMs);
            RoadPosition[] from = PositionsAt(at.Point), to = PositionsAt(trip.Fixes[^1].Point);
            if (from.Length > 0 && to.Length > 0 && now < trip.StartedAt + trip.DrivingTime
                && _router.FindPath(model.Metric(trip.StartedAt, this), from, to) is { Milliseconds: > 0 } path)
            {
                underWay.Add(share, whole.Learned, TimeSpan.FromMilliseconds(path.Milliseconds), now, trip.StartedAt + trip.DrivingTime - now);
            }
        }
    }

    private Estimate? EstimateOf(RecordedTrip trip, Model model)
    {
        RoadPosition[] from = PositionsAt(trip.Fixes[0].Point), to = PositionsAt(trip.Fixes[^1].Point);
        if (from.Length == 0 || to.Length == 0)
        {
            return null;
        }

        RoadPath? free = _router.FindPath(_freeFlow, from, to), learned = _router.FindPath(model.Metric(trip.StartedAt, this), from, to);
        if (free is null || learned is null)
        {
            return null;
        }

        double meters = free.Edges.Sum(_index.Graph.LengthMeters);
        TimeSpan foretold = TimeSpan.FromMilliseconds(learned.Milliseconds);
        return new Estimate(
            trip.Duration, TimeSpan.FromMilliseconds(free.Milliseconds), foretold,
            model.Trips.RangeOf(foretold, trip.StartedAt), trip.RawMeters <= 1.3 * meters);
    }

    /// <summary>The roads a point may be on, both directions: nobody tells the side of the street at the start of a trip.</summary>
    private RoadPosition[] PositionsAt(GeoPoint point)
    {
        var found = new RoadCandidate[8];
        int count = _index.Nearest(point, 150, found);
        return [.. found.Take(count).Where(each => each.DistanceMeters <= found[0].DistanceMeters + 10).Select(each => each.Position)];
    }

    private static void Print(string name, List<Estimate> estimates, Func<Estimate, TimeSpan> foretold, Func<Estimate, TripTimeRange>? range = null)
    {
        double[] seconds = [.. estimates.Select(each => Math.Abs((foretold(each) - each.Actual).TotalSeconds)).Order()];
        double[] shares = [.. estimates.Select(each => Math.Abs(foretold(each) / each.Actual - 1)).Order()];
        string holds = range is null ? "" : $"{estimates.Count(each => each.Actual >= range(each).Low && each.Actual <= range(each).High) / (double)estimates.Count:P0}";
        string width = range is null ? "" : $"  width {Median(estimates.Select(each => (range(each).High - range(each).Low) / range(each).Median)):P0}";
        Console.WriteLine(
            $"{name,-44} {At(seconds, 0.5),8:0} {At(seconds, 0.9),8:0} {At(shares, 0.5),8:P1} {At(shares, 0.9),8:P1}"
            + $" {Median(estimates.Select(each => foretold(each) / each.Actual)) - 1,7:P0} {holds,8}{width}");
    }

    private static double Median(IEnumerable<double> values) => At([.. values.Order()], 0.5);

    private static double At(double[] ordered, double share) => ordered[(int)(share * ordered.Length)];

    private sealed record Estimate(TimeSpan Actual, TimeSpan FreeFlow, TimeSpan Learned, TripTimeRange Range, bool IsDirect);

    /// <summary>What is learned so far; its metric is renewed now and then, as a server does.</summary>
    private sealed class Model(RoadGraph graph, LearningLimits limits)
    {
        private readonly Dictionary<int, CustomizedMetric> _frozenMetrics = [];
        private (int Hour, DateTimeOffset Until, CustomizedMetric Metric)? _current;
        private DateTimeOffset? _frozenAt;

        public RoadSpeeds Speeds { get; private init; } = new(graph, Porto, limits);

        public TripTimes Trips { get; private init; } = new(Porto, limits);

        public Model Frozen()
        {
            var speeds = new RoadSpeeds(graph, Porto, limits);
            foreach ((SpeedKey key, SpeedSums sums) in Speeds.TakeChanges())
            {
                speeds.Add(key, sums);
            }

            var trips = new TripTimes(Porto, limits);
            foreach ((TripTimeKey key, double weight) in Trips.TakeChanges())
            {
                trips.Add(key, weight);
            }

            return new Model(graph, limits) { Speeds = speeds, Trips = trips, _frozenAt = DateTimeOffset.MinValue };
        }

        public CustomizedMetric Metric(DateTimeOffset now, RoadsEtaBenchmark benchmark)
        {
            int hour = Speeds.HourOf(now);
            if (_frozenAt is not null)
            {
                if (!_frozenMetrics.TryGetValue(hour, out CustomizedMetric? metric))
                {
                    _frozenMetrics.Add(hour, metric = benchmark._router.Hierarchy.Customize(Speeds.MetricOf(hour, now)));
                }

                return metric;
            }

            if (_current is not { } current || current.Hour != hour || now >= current.Until)
            {
                current = (hour, now + Renewal, benchmark._router.Hierarchy.Customize(Speeds.MetricOf(hour, now)));
                _current = current;
            }

            return current.Metric;
        }
    }
}
