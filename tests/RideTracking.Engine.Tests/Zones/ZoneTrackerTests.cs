using RideTracking.Engine.Geo;
using RideTracking.Engine.Index;
using RideTracking.Engine.Ingest;
using RideTracking.Engine.Zones;

namespace RideTracking.Engine.Tests.Zones;

public class ZoneTrackerTests
{
    private static readonly Zone Hundred = ZoneWorld.Named("z", ZoneWorld.Around(Places.Porto, 100), dwell: TimeSpan.FromSeconds(60));
    private static readonly double[] Turns = [0, 360];
    private static readonly ZoneSet Set = ZoneSet.Of([Hundred]);

    [Fact]
    public void A_driver_enters_and_leaves_at_the_first_fix_that_is_clear()
    {
        var driver = new TrackedDriver(Set);
        driver.At(0, 200);
        driver.At(4, 80);
        driver.At(8, 0);
        driver.At(12, 105); // outside, but within twice its accuracy of the border
        driver.At(16, 130);
        driver.At(20, 200);
        Assert.Equal(["Enter z 4 Moved", "Exit z 12 Left"], driver.Told());
        Assert.Equal([1, 2], driver.Events.Select(each => each.Ordinal));
        Assert.Equal([2UL, 4UL], driver.Events.Select(each => each.Sequence));
        Assert.Equal(0, driver.Tracker.VisitsOf(driver.Slot));
    }

    [Fact]
    public void Fixes_that_agree_for_a_while_count_without_being_clear()
    {
        var driver = new TrackedDriver(Set);
        for (int second = 0; second <= 30; second += 5)
        {
            Assert.Empty(driver.Events);
            driver.At(second, 97);
        }

        Assert.Equal(["Enter z 0 Moved"], driver.Told());
    }

    [Fact]
    public void Jitter_within_the_margin_makes_no_event_however_long()
    {
        var random = new Random(11);
        var driver = new TrackedDriver(Set);
        driver.At(0, 0);
        driver.At(1, 90);
        Assert.Equal(["Enter z 0 Moved"], driver.Told());
        for (int i = 2; i < 20_000; i++)
        {
            // On the border: each side in turn, never 30 s on one.
            driver.At(i, 100 + (i % 7 < 3 ? 1 : -1) * 9 * random.NextDouble());
            driver.Tracker.Sweep(0, 1_024, 0, driver.Events);
        }

        Assert.Empty(driver.Told());
    }

    [Fact]
    public void A_walk_along_the_border_with_honest_noise_hardly_flaps()
    {
        const int seed = 5, fixes = 20_000;
        const float accuracy = 10;
        var random = new Random(seed);
        var driver = new TrackedDriver(Set);
        int crossings = 0;
        bool wasInside = false;
        for (int i = 0; i < fixes; i++)
        {
            // 68 % of a two-dimensional normal distribution lie within 1.51 standard deviations.
            double sigma = accuracy / 1.51;
            double noise = sigma * random.Normal();
            driver.At(i, 100 + noise, accuracy);
            crossings += noise < 0 != wasInside ? 1 : 0;
            wasInside = noise < 0;
        }

        Assert.True(crossings > fixes / 3);
        Assert.True(driver.Events.Count < fixes / 300, $"{driver.Events.Count} events, {crossings} crossings, seed {seed}");
    }

    [Fact]
    public void An_honest_crossing_is_never_missed_and_told_in_time()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var driver = new TrackedDriver(ZoneSet.Of([ZoneWorld.Named("z", Hundred.Geometry)]));
            float accuracy = 3 + 30 * random.NextSingle();
            double speed = 3 + 20 * random.NextDouble(), east = -200 - 100 * random.NextDouble();
            double interval = 1 + 3 * random.NextDouble(), seconds = 0, in_ = double.NaN, out_ = double.NaN;
            while (east < 300)
            {
                east += speed * interval;
                seconds += interval;
                driver.At(seconds, east, accuracy);
                bool inside = Math.Abs(east) < 100;
                in_ = inside && double.IsNaN(in_) ? seconds : in_;
                out_ = east > 100 && double.IsNaN(out_) ? seconds : out_;
                // 51 m behind the border there is no doubt.
                Assert.True(east is < -49 or > 49 || driver.Events.Count >= 1, $"enter late, seed {seed}");
                Assert.True(east < 151 || driver.Events.Count == 2, $"exit late, seed {seed}");
            }

            Assert.Equal([ZoneEventKind.Enter, ZoneEventKind.Exit], driver.Events.Select(each => each.Kind));
            Assert.Equal([TrackedDriver.Ms(in_), TrackedDriver.Ms(out_)], driver.Events.Select(each => each.HappenedAtUnixMs));
        }
    }

    [Fact]
    public void Events_are_those_of_a_plain_recomputation_in_random_worlds()
    {
        for (int seed = 0; seed < 40; seed++)
        {
            var random = new Random(seed);
            GeoPoint center = seed % 2 == 0 ? Places.Porto : new GeoPoint(60, 180);
            ZoneSet set = ZoneSet.Of(Enumerable.Range(0, 12).Select(i => ZoneWorld.Named(
                $"z{i:00}", ZoneWorld.Star(
                    ZoneWorld.Offset(center, 3_000 * random.NextDouble(), 3_000 * random.NextDouble()), 0.02, random, i % 2 == 0))));
            // No fix follows another so soon that the way between would say anything.
            var limits = new ZoneTrackerLimits { SilenceAfter = TimeSpan.FromMilliseconds(1) };
            var driver = new TrackedDriver(set, limits);
            GeoPoint place = center;
            double seconds = 0, bearing = 0;
            var track = new List<(double Seconds, GeoPoint Place, float Accuracy)>();
            for (int i = 0; i < 400; i++)
            {
                seconds += 1 + random.Next(8);
                bearing += 60 * random.NextDouble() - 30;
                place = Earth.Destination(place, bearing, 60 * random.NextDouble());
                var e7 = GeoPoint.FromE7((int)Math.Round(place.LatitudeDegrees * 1e7), (int)Math.Round(place.LongitudeDegrees * 1e7));
                track.Add((seconds, e7, 2 + 20 * random.NextSingle()));
                driver.At(seconds, e7, track[^1].Accuracy, FixOutcome.Accepted);
            }

            string[] expected = [.. set.Zones.SelectMany(zone => Recompute(zone, track, limits)).Order()];
            Assert.Equal(expected, driver.Events.Select(each => $"{each.ZoneId} {each.Kind} {each.HappenedAtUnixMs}").Order());
        }
    }

    [Fact]
    public void Dwell_is_told_once_by_the_sweep_or_with_the_exit()
    {
        var driver = new TrackedDriver(Set);
        driver.At(0, 0);
        driver.Tracker.Sweep(0, 10, TrackedDriver.Ms(59), driver.Events);
        Assert.Equal(["Enter z 0 Moved"], driver.Told());
        driver.Tracker.Sweep(0, 10, TrackedDriver.Ms(65), driver.Events);
        driver.Tracker.Sweep(0, 10, TrackedDriver.Ms(66), driver.Events);
        Assert.Equal(["Dwell z 60"], driver.Told());
        driver.At(70, 200);
        driver.At(80, 0);
        driver.At(150, 300);
        Assert.Equal(["Exit z 70 Left", "Enter z 80 Moved", "Dwell z 140", "Exit z 150 Left"], driver.Told());
    }

    [Fact]
    public void Who_goes_stale_or_signs_off_leaves_with_that_cause_and_comes_back_by_a_new_enter()
    {
        var driver = new TrackedDriver(Set);
        driver.At(0, 0);
        driver.Tracker.GoStale(driver.Slot, TrackedDriver.Ms(40), driver.Events);
        driver.Tracker.GoStale(driver.Slot, TrackedDriver.Ms(41), driver.Events);
        driver.At(50, 0);
        driver.Tracker.SignOff(driver.Slot, TrackedDriver.Ms(55), driver.Events);
        Assert.Equal(["Enter z 0 Moved", "Exit z 40 WentStale", "Enter z 50 Moved", "Exit z 55 SignedOff"], driver.Told());
        Assert.Equal(4, driver.Events.Select(each => each.Id).Distinct().Count());
        driver.Tracker.SignOff(99, 0, driver.Events);
        Assert.Empty(driver.Told());
    }

    [Fact]
    public void A_changed_zone_is_told_to_those_it_matters_to()
    {
        var driver = new TrackedDriver(Set);
        driver.At(0, 80);
        ZoneSet smaller = Set.With(ZoneWorld.Named("z", ZoneWorld.Around(Places.Porto, 50), version: 2))
            .With(ZoneWorld.Named("a", ZoneWorld.Around(Places.Porto, 500)));
        driver.Tracker.Apply(smaller, TrackedDriver.Ms(10));
        driver.Tracker.Sweep(0, 2_000, TrackedDriver.Ms(11), driver.Events);
        Assert.Equal(["Enter z 0 Moved", "Exit z 10 ZoneChanged", "Enter a 10 ZoneChanged"], driver.Told());
        driver.Tracker.Apply(smaller.With(ZoneWorld.Named("a", ZoneWorld.Around(Places.Porto, 400), version: 2)), TrackedDriver.Ms(20));
        driver.At(21, 80);
        Assert.Empty(driver.Told());
        driver.Tracker.Apply(ZoneSet.Empty, TrackedDriver.Ms(30));
        driver.At(31, 80);
        Assert.Equal(["Exit a 30 ZoneDeleted"], driver.Told());
        Assert.Equal(2, driver.Events[^1].ZoneVersion);
    }

    [Fact]
    public void A_restored_driver_enters_nothing_anew_and_repeats_have_the_same_ids()
    {
        var first = new TrackedDriver(Set);
        first.At(0, 0);
        DriverZoneState kept = first.Tracker.Save(first.Slot)!;
        first.At(10, 200);

        var second = new TrackedDriver(Set);
        Assert.True(second.Tracker.Restore(second.Slot, kept));
        second.At(0, 0); // resent
        Assert.Empty(second.Events);
        second.At(10, 200);
        Assert.Equal(first.Events[1..], second.Events);
        Assert.False(second.Tracker.Restore(second.Slot, kept));

        var third = new TrackedDriver(ZoneSet.Of([ZoneWorld.Named("z", ZoneWorld.Around(ZoneWorld.Offset(Places.Porto, 500, 0), 100), version: 2)]));
        third.Tracker.Restore(third.Slot, kept);
        third.Tracker.Sweep(0, 10, TrackedDriver.Ms(20), third.Events);
        Assert.Equal(["Exit z 0 ZoneChanged"], third.Told());
        Assert.Null(third.Tracker.Save(77));
    }

    [Fact]
    public void A_fix_that_changes_nothing_allocates_nothing()
    {
        var driver = new TrackedDriver(Set);
        var fix = new Fix
        {
            Sequence = 1,
            LatitudeE7 = (int)(Places.Porto.LatitudeDegrees * 1e7),
            LongitudeE7 = (int)(Places.Porto.LongitudeDegrees * 1e7),
        };
        driver.Tracker.Observe(driver.Slot, "s", fix, FixOutcome.Accepted, driver.Events);
        Assert.Equal(0, Allocated.By(() => () =>
        {
            for (int i = 0; i < 1_000; i++)
            {
                fix.FixedAtUnixMs += 1_000;
                driver.Tracker.Observe(driver.Slot, "s", fix, FixOutcome.Accepted, driver.Events);
            }
        }));
        Assert.Single(driver.Events);
    }

    [Fact]
    public async Task Many_drivers_are_observed_and_swept_at_once()
    {
        var slots = new DriverSlots();
        ZoneTracker tracker = new(slots, Set, new ZoneTrackerLimits());
        int[] own = [.. Enumerable.Range(0, 2_000).Select(i => slots.GetOrAdd($"d{i}"))];
        var told = new List<ZoneEvent>[3];
        await Task.WhenAll(Enumerable.Range(0, 3).Select(worker => Task.Run(() =>
        {
            var events = told[worker] = [];
            for (int step = 0; step < 20; step++)
            {
                foreach (int slot in own.Where(slot => slot % 2 == worker))
                {
                    GeoPoint place = ZoneWorld.Offset(Places.Porto, step % 2 == 0 ? 0 : 300, 0);
                    tracker.Observe(slot, "s", new Fix
                    {
                        Sequence = (ulong)step + 1,
                        FixedAtUnixMs = TrackedDriver.Ms(step * 70),
                        LatitudeE7 = (int)(place.LatitudeDegrees * 1e7),
                        LongitudeE7 = (int)(place.LongitudeDegrees * 1e7),
                    }, FixOutcome.Accepted, events);
                }

                if (worker == 2)
                {
                    for (int at = tracker.Sweep(0, 100, TrackedDriver.Ms(1_400), events); at > 0;)
                    {
                        at = tracker.Sweep(at, 100, TrackedDriver.Ms(1_400), events);
                    }
                }
            }
        })));
        foreach (IGrouping<int, ZoneEvent> driver in told.SelectMany(each => each).GroupBy(each => each.Slot))
        {
            ZoneEvent[] inOrder = [.. driver.OrderBy(each => each.Ordinal)];
            Assert.Equal(Enumerable.Range(1, 30).Select(i => (long)i), inOrder.Select(each => each.Ordinal));
            for (int i = 0; i < 30; i += 3)
            {
                Assert.Equal(
                    [ZoneEventKind.Enter, ZoneEventKind.Dwell, ZoneEventKind.Exit], inOrder[i..(i + 3)].Select(each => each.Kind));
            }
        }
    }

    // One zone at a time, with the whole track at hand, and NetTopologySuite's own point test.
    private static IEnumerable<string> Recompute(
        Zone zone, List<(double Seconds, GeoPoint Place, float Accuracy)> track, ZoneTrackerLimits limits)
    {
        bool inside = false;
        int agreeing = 0;
        for (int i = 0; i < track.Count; i++)
        {
            (double seconds, GeoPoint place, float accuracy) = track[i];
            bool isIn = Turns.Any(turn => zone.Geometry.Area.Covers(zone.Geometry.Area.Factory.CreatePoint(
                new NetTopologySuite.Geometries.Coordinate(place.LongitudeDegrees + turn, place.LatitudeDegrees))));
            agreeing = isIn == inside ? 0 : agreeing + 1;
            if (agreeing == 0)
            {
                continue;
            }

            double first = track[i - agreeing + 1].Seconds;
            double margin = Math.Min(limits.ClearAccuracies * accuracy, limits.MaxClearMeters);
            if (zone.Geometry.MetersToBorder(place, 1_000) >= margin
                || agreeing >= limits.AgreeingFixes && seconds - first >= limits.AgreeFor.TotalSeconds)
            {
                inside = isIn;
                agreeing = 0;
                yield return $"{zone.Id} {(isIn ? ZoneEventKind.Enter : ZoneEventKind.Exit)} {TrackedDriver.Ms(first)}";
            }
        }
    }
}
