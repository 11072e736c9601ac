using System.Globalization;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Ingest;
using RideTracking.Engine.Zones;

namespace RideTracking.Engine.Tests.Zones;

/// <summary>Ways through zones, past them and beside them: what the fixes prove is told, and nothing else.</summary>
public class PassageTests(ITestOutputHelper output)
{
    private static readonly double[] Widths = [10, 20, 37, 80, 200], Speeds = [3, 8, 14, 25], Intervals = [1, 2, 4, 8];
    private static readonly float[] Accuracies = [3, 10, 25, 50, float.NaN];

    // Of each kind of drive; the table of docs/zones.md is made with 200.
    private static readonly int Passes =
        int.Parse(Environment.GetEnvironmentVariable("RIDETRACKING_PASSES") ?? "20", CultureInfo.InvariantCulture);

    private static readonly IReadOnlyList<PassageDrive> All =
    [
        .. from width in Widths
           from speed in Speeds
           from interval in Intervals
           from accuracy in Accuracies
           select new PassageDrive(width, speed, interval, accuracy),
    ];

    [Fact]
    public void What_the_fixes_prove_is_told_in_time_and_hardly_anything_else()
    {
        output.WriteLine("| zone's width | accuracy | missed lengthwise | missed across | late | times off | made up beside | made up round a corner |");
        output.WriteLine("|---|---|---|---|---|---|---|---|");
        var tallies = All.GroupBy(drive => (drive.WidthMeters, drive.AccuracyMeters)).ToDictionary(group => group.Key, group => Run(group, Passes));
        foreach (((double width, float accuracy), PassageTally tally) in tallies)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {width} m | {(float.IsNaN(accuracy) ? "none told" : $"{accuracy} m")} | {tally}"));
        }

        foreach (double interval in Intervals)
        {
            output.WriteLine($"37 m at 14 m/s, each {interval} s, 10 m: {Run([new PassageDrive(37, 14, interval, 10)], 20 * Passes)}");
        }

        Assert.All(tallies, each =>
        {
            ((double width, float told), PassageTally tally) = each;
            double accuracy = float.IsNaN(told) ? 10 : told;
            // Nearer to its border than two accuracies no fix is clear of it. By several together, two to each side is enough.
            Assert.True(width < 3.7 * accuracy || accuracy > 25 || tally.MissedLengthwise <= 0.05, $"{each}");
            Assert.True(accuracy > 10 || tally.MissedAcross <= 0.02, $"{each}");
            Assert.True(tally.Late <= 0.005 && tally.TimesOff <= 0.03, $"{each}");
            // At 50 m one accuracy alone counts as clear (MaxClearMeters).
            Assert.True(accuracy > 25 || tally.MadeUpBeside <= 0.025 && tally.MadeUpRoundCorner <= (accuracy > 10 ? 0.08 : 0.05), $"{each}");
        });
    }

    [Theory]
    [InlineData(37, 163, 4, 10f)]
    [InlineData(37, 163, 4, float.NaN)]
    [InlineData(163, 37, 1, 10f)]
    [InlineData(163, 10, 4, 10f)]
    [InlineData(37, 37, 4, 10f)]
    public void A_drive_through_the_middle_is_told_wherever_its_fixes_fall(double width, double length, double interval, float accuracy)
    {
        Zone zone = BoxOf(length, width);
        for (double phase = 0; phase < interval; phase += interval / 50)
        {
            var driver = new TrackedDriver(ZoneSet.Of([zone]));
            for (double seconds = phase; seconds < 40; seconds += interval)
            {
                driver.At(seconds, 14 * seconds - 280, accuracy);
            }

            Assert.Equal([ZoneEventKind.Enter, ZoneEventKind.Exit], driver.Events.Select(each => each.Kind));
            Assert.Equal(20 - length / 28, Seconds(driver.Events[0]), interval);
            Assert.Equal(20 + length / 28, Seconds(driver.Events[1]), interval);
        }
    }

    [Fact]
    public void Between_two_fixes_the_border_is_crossed_where_their_line_crosses_it()
    {
        var driver = new TrackedDriver(ZoneSet.Of([BoxOf(20, 163)]));
        driver.At(0, -100);
        driver.At(4, -40);
        driver.At(8, 40);
        Assert.Equal(["Enter z 5.5 Moved", "Exit z 6.5 Left"], driver.Told());
        Assert.Equal(10, Earth.DistanceMeters(Places.Porto, driver.Events[0].Place), 0.01);
        Assert.Equal(10, Earth.DistanceMeters(Places.Porto, driver.Events[1].Place), 0.01);
        Assert.Equal([3UL, 3UL], driver.Events.Select(each => each.Sequence));
        Assert.Equal(0, driver.Tracker.VisitsOf(driver.Slot));
        driver.At(33, -40); // 25 s later nobody knows which way it went
        driver.At(37, -100);
        Assert.Empty(driver.Told());
    }

    [Fact]
    public void A_hole_or_a_gap_that_was_driven_through_is_told_as_out_and_in()
    {
        TrackedDriver driver = ThroughHole(dwellSeconds: 13, untilSeconds: 30);
        Assert.Equal(["Enter z 0 Moved", "Dwell z 13", "Exit z 14 Left", "Enter z 17 Moved"], driver.Told());
        driver.At(31, 230, 10);
        driver.Tracker.Sweep(0, 10, TrackedDriver.Ms(31), driver.Events);
        Assert.Equal(["Dwell z 30"], driver.Told());
    }

    [Fact]
    public void Who_was_told_to_have_dwelt_was_not_out_before()
    {
        TrackedDriver driver = ThroughHole(dwellSeconds: 16, untilSeconds: 17);
        driver.Tracker.Sweep(0, 10, TrackedDriver.Ms(17), driver.Events);
        Assert.Equal(["Enter z 0 Moved", "Dwell z 16"], driver.Told());
        driver.At(18, 42, 10); // clear of the hole
        driver.At(19, 56, 10);
        Assert.Empty(driver.Told());
    }

    [Fact]
    public void A_long_enough_way_through_has_its_dwell_between()
    {
        var driver = new TrackedDriver(ZoneSet.Of([ZoneWorld.Named("z", BoxOf(163, 37).Geometry, dwell: TimeSpan.FromSeconds(5))]));
        for (int seconds = 0; seconds <= 40; seconds++)
        {
            driver.At(seconds, 14 * seconds - 280, 10);
        }

        Assert.Equal(["Enter z 15 Moved", "Dwell z 20", "Exit z 26 Left"], driver.Told());
        Assert.Equal([1, 2, 3], driver.Events.Select(each => each.Ordinal));
    }

    [Fact]
    public void A_way_through_at_the_antimeridian_is_told()
    {
        ZoneGeometry area = ZoneGeometry.Parse(
            """{"type":"Polygon","coordinates":[[[179.9999,0],[-179.9999,0],[-179.9999,0.01],[179.9999,0.01],[179.9999,0]]]}""", ZoneWorld.Limits);
        foreach (int direction in new[] { 1, -1 })
        {
            var driver = new TrackedDriver(ZoneSet.Of([ZoneWorld.Named("z", area)]));
            for (int i = -3; i <= 3; i++)
            {
                driver.At(4 * i + 12, new GeoPoint(0.005, Earth.WrapLongitude(180 + direction * (i * 0.0006 + 0.0003))), 10, FixOutcome.Accepted);
            }

            Assert.Equal([ZoneEventKind.Enter, ZoneEventKind.Exit], driver.Events.Select(each => each.Kind));
        }
    }

    [Theory]
    // Turning round at the border; a corner cut by the line between two fixes alone, of which the way there tells; a street between two parts.
    [InlineData("-150 0, -90 0, -30 0, -5 0, -30 0, -90 0")]
    [InlineData("-150 -25, -94 -25, -38 -25, 25 -70, 25 -126")]
    [InlineData("-15 -150, -15 -100, -17 -50, -22 0, -17 50, -15 100, -15 150")]
    public void A_way_that_need_not_have_led_through_is_not_told(string way)
    {
        var driver = new TrackedDriver(ZoneSet.Of([BoxOf(36, 36)]));
        foreach ((int i, string place) in way.Split(',').Index())
        {
            double[] meters = [.. place.Trim().Split(' ').Select(number => double.Parse(number, CultureInfo.InvariantCulture))];
            driver.At(4 * i, ZoneWorld.Offset(Places.Porto, meters[0], meters[1]), 10, FixOutcome.Accepted);
        }

        Assert.Empty(driver.Events);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 30)]
    [InlineData(5, 30)]
    [InlineData(-5, 30)]
    public void A_parked_car_s_errors_make_no_passage(double outsideMeters, double lastingSeconds)
    {
        // Two hours at a border, with errors that are new each second, and with such that last.
        int told = Parked(new ZoneTrackerLimits()), toldByFixesAlone = Parked(new ZoneTrackerLimits { SilenceAfter = TimeSpan.FromMilliseconds(1) });
        output.WriteLine($"{outsideMeters} m outside, errors of {lastingSeconds} s: {told} events in 8 x 2 h; {toldByFixesAlone} by fixes alone");
        Assert.InRange(told, 0, toldByFixesAlone + 2);

        int Parked(ZoneTrackerLimits limits)
        {
            int events = 0;
            for (int seed = 0; seed < 8; seed++)
            {
                var random = new Random(seed);
                var driver = new TrackedDriver(ZoneSet.Of([BoxOf(37, 163)]), limits);
                double kept = lastingSeconds == 0 ? 0 : Math.Exp(-1 / lastingSeconds), east = 0, north = 0;
                for (int second = 0; second < 7_200; second++)
                {
                    (double newEast, double newNorth) = PassageDrive.Noise(10, random);
                    (east, north) = (kept * east + Math.Sqrt(1 - kept * kept) * newEast, kept * north + Math.Sqrt(1 - kept * kept) * newNorth);
                    driver.At(second, ZoneWorld.Offset(Places.Porto, 18.5 + outsideMeters + east, north), 10, FixOutcome.Accepted);
                }

                events += driver.Events.Count;
            }

            return events;
        }
    }

    [Fact]
    public void What_another_node_has_told_ends_what_is_not_sure_here()
    {
        var driver = new TrackedDriver(ZoneSet.Of([BoxOf(37, 163)]));
        driver.At(0, -60, 10);
        DriverZoneState outside = new([], TrackedDriver.Ms(1), ZoneWorld.Offset(Places.Porto, -45, 0), "other", 7, 3, IsPresent: true);
        driver.At(2, -10, 10);
        driver.Tracker.Replace(driver.Slot, outside);
        driver.At(6, 60, 10);
        Assert.Equal(["Enter z 2.262 Moved", "Exit z 4.024 Left"], driver.Told());
        Assert.Equal([4, 5], driver.Events.Select(each => each.Ordinal));
    }

    /// <summary>Eastward each second through a hole of 36 m in a zone of a kilometre, in its middle 15 s after the first fix.</summary>
    private static TrackedDriver ThroughHole(int dwellSeconds, int untilSeconds)
    {
        ZoneGeometry area = ZoneGeometry.Parse(
            $$"""{"type":"Polygon","coordinates":[{{SquareRing(500)}},{{SquareRing(18)}}]}""", ZoneWorld.Limits);
        var driver = new TrackedDriver(ZoneSet.Of([ZoneWorld.Named("z", area, dwell: TimeSpan.FromSeconds(dwellSeconds))]));
        for (int seconds = 0; seconds <= untilSeconds; seconds++)
        {
            driver.At(seconds, 14 * seconds - 210, 10);
        }

        return driver;
    }

    private static string SquareRing(double halfMeters)
    {
        (int, int)[] corners = [(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)];
        return $"[{string.Join(",", corners.Select(corner =>
        {
            GeoPoint at = ZoneWorld.Offset(Places.Porto, halfMeters * corner.Item1, halfMeters * corner.Item2);
            return string.Create(CultureInfo.InvariantCulture, $"[{at.LongitudeDegrees},{at.LatitudeDegrees}]");
        }))}]";
    }

    private static PassageTally Run(IEnumerable<PassageDrive> drives, int passes)
    {
        var tally = new PassageTally();
        foreach (PassageDrive drive in drives)
        {
            var random = new Random(1);
            for (int i = 0; i < passes; i++)
            {
                tally.Add(drive, random);
            }
        }

        return tally;
    }

    private static double Seconds(ZoneEvent told) => (told.HappenedAtUnixMs - TrackedDriver.Ms(0)) / 1_000.0;

    private static Zone BoxOf(double eastMeters, double northMeters)
    {
        GeoPoint southWest = ZoneWorld.Offset(Places.Porto, -eastMeters / 2, -northMeters / 2);
        GeoPoint northEast = ZoneWorld.Offset(Places.Porto, eastMeters / 2, northMeters / 2);
        return ZoneWorld.Named("z", ZoneWorld.Box(
            southWest.LatitudeDegrees, southWest.LongitudeDegrees, northEast.LatitudeDegrees, northEast.LongitudeDegrees));
    }
}
