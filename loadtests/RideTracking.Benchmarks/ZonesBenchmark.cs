using System.Diagnostics;
using System.Globalization;
using RideTracking.Benchmarks.Search;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Index;
using RideTracking.Engine.Ingest;
using RideTracking.Engine.Zones;

namespace RideTracking.Benchmarks;

/// <summary>
/// What zones add to a fix: gate and index without them, and with them, in turn, on one thread, in CPU time.
/// </summary>
internal static class ZonesBenchmark
{
    public static int Run(Options options)
    {
        int drivers = options.Count("--drivers", 100_000), zoneCount = options.Count("--zones", 1_000);
        int rounds = options.Count("--rounds", 7);
        var random = new Random(2_025);
        var city = new City(CityLayout.Clustered, random);
        var made = Stopwatch.StartNew();
        Zone[] all = [.. Enumerable.Range(0, zoneCount).Select(number => ZoneAt(number, city.Place(), random))];
        Console.WriteLine($"{zoneCount} zones read from GeoJSON and checked: {made.Elapsed.TotalMilliseconds:0} ms");
        ZoneSet.Of(all); // once before it is measured, for the compiler's sake
        made.Restart();
        ZoneSet set = ZoneSet.Of(all);
        Console.WriteLine($"made into a set, as after each change of one: {made.Elapsed.TotalMilliseconds:0} ms");

        var world = new World(city, drivers, set);
        double inside = 0;
        var found = new int[set.MaxZonesAtOnce];
        foreach (Fix fix in world.Fixes[0])
        {
            inside += set.Containing(fix.Point, found);
        }

        Console.WriteLine($"{drivers} drivers, each in {inside / drivers:0.0} zones, at most {set.MaxZonesAtOnce} at once");

        double[] without = new double[rounds], with = new double[rounds], observe = new double[rounds], lookup = new double[rounds];
        for (int round = -1; round < rounds; round++)
        {
            double[] nanoseconds =
            [
                world.Measure((fix, slot) => world.Take(fix, slot, observed: false)),
                world.Measure((fix, slot) => world.Take(fix, slot, observed: true)),
                world.Measure((fix, slot) => world.Observe(fix, slot)),
                world.Measure((fix, _) => set.Containing(fix.Point, found)),
            ];
            if (round < 0)
            {
                world.ForgetEvents(); // everybody entered
            }
            else
            {
                (without[round], with[round], observe[round], lookup[round]) =
                    (nanoseconds[0], nanoseconds[1], nanoseconds[2], nanoseconds[3]);
            }
        }

        Console.WriteLine($"gate and index:             {Rate.Median(without),6:0} ns a fix");
        Console.WriteLine($"gate, index and zones:      {Rate.Median(with),6:0} ns a fix, {Rate.Median(with) / Rate.Median(without):0.00} x");
        Console.WriteLine($"ZoneTracker.Observe alone:  {Rate.Median(observe),6:0} ns");
        Console.WriteLine($"ZoneSet.Containing alone:   {Rate.Median(lookup),6:0} ns");
        Console.WriteLine($"events a fix:               {(double)world.EventCount / world.Observed,6:0.0000}");
        return 0;
    }


    // Eight corners to a hundred, 150 m to 1.5 km in radius, one in three with a hole.
    private static Zone ZoneAt(int number, GeoPoint center, Random random)
    {
        int corners = random.Next(8, 100);
        double radius = 150 * Math.Pow(10, random.NextDouble());
        string shell = Ring(radius * 0.8, radius), hole = number % 3 == 0 ? "," + Ring(radius * 0.2, radius * 0.3) : "";
        return new Zone(
            $"zone-{number}", "", ZoneKind.Geofence, 1,
            ZoneGeometry.Parse($$"""{"type":"Polygon","coordinates":[{{shell}}{{hole}}]}""", new ZoneLimits()),
            TimeSpan.FromMinutes(5));

        string Ring(double inner, double outer)
        {
            List<string> points = [.. Enumerable.Range(0, corners).Select(corner =>
            {
                GeoPoint at = Earth.Destination(
                    center, 360.0 * corner / corners, inner + (outer - inner) * random.NextDouble());
                return string.Create(CultureInfo.InvariantCulture, $"[{at.LongitudeDegrees},{at.LatitudeDegrees}]");
            })];
            return $"[{string.Join(',', points.Append(points[0]))}]";
        }
    }

    /// <summary>A fleet that moves 15 m there and back.</summary>
    private sealed class World
    {
        private readonly DriverIndex _index = new();
        private readonly ZoneTracker _tracker;
        private readonly GateLimits _limits = new();
        private readonly GateState[] _gates;
        private readonly List<ZoneEvent> _events = [];
        private long _time = 1_750_000_000_000;
        private int _pass;

        public World(City city, int drivers, ZoneSet set)
        {
            var slots = new DriverSlots();
            _tracker = new ZoneTracker(slots, set, new ZoneTrackerLimits());
            _gates = new GateState[drivers];
            Fixes = [new Fix[drivers], new Fix[drivers]];
            for (int driver = 0; driver < drivers; driver++)
            {
                slots.GetOrAdd($"driver-{driver}");
                (GeoPoint place, GeoPoint ahead) = city.Step();
                Fixes[0][driver] = FixAt(place);
                Fixes[1][driver] = FixAt(ahead);
            }
        }

        public Fix[][] Fixes { get; }

        public long EventCount { get; private set; }

        public long Observed { get; private set; }

        /// <summary>CPU nanoseconds for each fix of the fleet.</summary>
        public double Measure(Action<Fix, int> work)
        {
            Fix[] fixes = Fixes[_pass++ % 2];
            _time += 4_000;
            TimeSpan before = Process.GetCurrentProcess().TotalProcessorTime;
            for (int slot = 0; slot < fixes.Length; slot++)
            {
                fixes[slot].SensorTimeUnixMs = fixes[slot].FixedAtUnixMs = _time;
                work(fixes[slot], slot);
            }

            return (Process.GetCurrentProcess().TotalProcessorTime - before).TotalNanoseconds / fixes.Length;
        }

        public void ForgetEvents() => (EventCount, Observed) = (0, 0);

        public void Take(Fix fix, int slot, bool observed)
        {
            FixVerdict verdict = Gate.Judge(ref fix, 1, _time, _time, ref _gates[slot], _limits);
            _index.Update(slot, fix, out _);
            if (observed)
            {
                Observe(fix, slot, verdict.Outcome);
            }
        }

        public void Observe(Fix fix, int slot) => Observe(fix, slot, FixOutcome.Accepted);

        private void Observe(in Fix fix, int slot, FixOutcome outcome)
        {
            _tracker.Observe(slot, "session", fix, outcome, _events);
            Observed++;
            EventCount += _events.Count;
            _events.Clear();
        }

        private static Fix FixAt(GeoPoint place) => new()
        {
            LatitudeE7 = (int)(place.LatitudeDegrees * 1e7),
            LongitudeE7 = (int)(place.LongitudeDegrees * 1e7),
            HorizontalAccuracyMeters = 5,
            SpeedMetersPerSecond = 15f / 4,
        };
    }
}
