using RideTracking.Engine.Zones;

namespace RideTracking.Engine.Tests.Zones;

/// <summary>Late fixes against what was told of their times.</summary>
public class LateFixTests
{
    private static readonly ZoneSet Set = ZoneSet.Of([ZoneWorld.Named("z", ZoneWorld.Around(Places.Porto, 100))]);

    [Fact]
    public void An_enter_turns_out_to_have_been_earlier_and_earlier()
    {
        var driver = new TrackedDriver(Set);
        driver.At(0, 500);
        driver.At(100, 0);
        driver.Told();
        driver.LateAt(60, 0);
        driver.LateAt(70, 0);
        driver.LateAt(40, 0);
        driver.LateAt(20, 400);
        Assert.Equal(["Enter z 60 Moved late corrects 100", "Enter z 40 Moved late corrects 60"], driver.Told());
        Assert.Equal(TrackedDriver.Ms(40), driver.Tracker.Save(driver.Slot)!.Visits[0].EnteredAtUnixMs);
        driver.At(101, 500);
        Assert.Equal(["Exit z 101 Left"], driver.Told());
    }

    [Fact]
    public void A_visit_that_was_missed_is_told_with_both_ends()
    {
        var driver = new TrackedDriver(Set);
        driver.At(0, 500);
        driver.At(100, 500);
        driver.LateAt(20, 300);
        driver.LateAt(40, 0);
        driver.LateAt(50, 0);
        driver.LateAt(60, 300);
        driver.LateAt(70, 300);
        Assert.Equal(
            ["Enter z 40 Moved late", "Exit z 100 Left late", "Exit z 60 Left late corrects 100"], driver.Told());
        Assert.Equal(0, driver.Tracker.VisitsOf(driver.Slot));
    }

    [Fact]
    public void A_way_out_and_back_that_was_missed_is_told_and_the_stay_begins_anew()
    {
        var driver = new TrackedDriver(Set);
        driver.At(0, 0);
        driver.At(100, 0);
        driver.Told();
        driver.LateAt(40, 300);
        driver.LateAt(60, 0);
        Assert.Equal(
            ["Exit z 40 Left late", "Enter z 100 Moved late", "Enter z 60 Moved late corrects 100"], driver.Told());
        ZoneVisit visit = driver.Tracker.Save(driver.Slot)!.Visits[0];
        Assert.Equal((TrackedDriver.Ms(60), driver.Events[^1].Id), (visit.EnteredAtUnixMs, visit.EnterId));
    }

    [Fact]
    public void Who_was_thought_stale_had_left_before()
    {
        var driver = new TrackedDriver(Set);
        driver.At(0, 0);
        driver.Tracker.GoStale(driver.Slot, TrackedDriver.Ms(90), driver.Events);
        driver.At(200, 500);
        driver.Told();
        driver.LateAt(30, 0);
        driver.LateAt(60, 400);
        driver.LateAt(70, 400);
        Assert.Equal(["Exit z 60 Left late corrects 90"], driver.Told());
    }

    [Fact]
    public void What_is_near_a_border_or_in_no_silence_or_after_signing_off_says_nothing()
    {
        var driver = new TrackedDriver(Set);
        driver.At(0, 0);
        driver.At(10, 0);
        driver.LateAt(5, 500); // between two fixes that have said it
        driver.At(110, 0);
        driver.LateAt(50, 105); // near the border
        driver.Tracker.SignOff(driver.Slot, TrackedDriver.Ms(200), driver.Events);
        driver.At(400, 500);
        driver.Told();
        driver.LateAt(300, 0);
        Assert.Empty(driver.Told());
        Assert.Equal(2, driver.Tracker.LateFixesUnjudged);
        driver.LateAt(150, 500);
        Assert.Equal(["Exit z 150 Left late corrects 200"], driver.Told());
    }

    [Fact]
    public void A_change_that_is_not_sure_yet_begins_with_the_late_fix()
    {
        var driver = new TrackedDriver(Set);
        driver.At(0, 500);
        driver.At(100, 95);
        driver.LateAt(60, 80);
        driver.At(104, 50);
        Assert.Equal(["Enter z 60 Moved"], driver.Told());
    }

    [Fact]
    public void Late_fixes_in_order_leave_what_would_have_been_told_in_time() => Many(
        order => { },
        (inside, standing, seed) =>
        {
            var expected = new List<string>();
            for (int i = 0; i < 12; i++)
            {
                if (inside[i] != (i > 0 && inside[i - 1]))
                {
                    expected.Add($"{(inside[i] ? ZoneEventKind.Enter : ZoneEventKind.Exit)} {TrackedDriver.Ms(10 * i)}");
                }
            }

            Assert.True(
                expected.SequenceEqual(standing.Select(each => $"{each.Kind} {each.HappenedAtUnixMs}")), $"seed {seed}");
        });

    [Fact]
    public void Late_fixes_in_any_order_leave_enters_and_exits_in_turn_and_the_right_end() => Many(
        order => new Random(order.Length).Shuffle(order),
        (inside, standing, seed) =>
        {
            for (int i = 0; i < standing.Length; i++)
            {
                Assert.True(standing[i].Kind == (i % 2 == 0 ? ZoneEventKind.Enter : ZoneEventKind.Exit), $"seed {seed}");
            }

            Assert.True(standing.Length % 2 == (inside[^1] ? 1 : 0), $"seed {seed}");
        });

    private static void Many(Action<int[]> arrange, Action<bool[], ZoneEvent[], int> check)
    {
        for (int seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            bool[] inside = [.. Enumerable.Range(0, 12).Select(_ => random.Next(2) == 0)];
            var driver = new TrackedDriver(Set);
            driver.At(0, inside[0] ? 0 : 500);
            driver.At(110, inside[11] ? 0 : 500);
            int[] order = [.. Enumerable.Range(1, 10)];
            arrange(order);
            foreach (int i in order)
            {
                driver.LateAt(10 * i, inside[i] ? 0 : 500);
            }

            // What stands: the events that no other corrects.
            HashSet<Guid> corrected = [.. driver.Events.Where(each => each.Corrects is not null).Select(each => each.Corrects!.Value)];
            check(
                inside,
                [.. driver.Events.Where(each => !corrected.Contains(each.Id)).OrderBy(each => each.HappenedAtUnixMs)],
                seed);
            Assert.Equal(driver.Events.Count, driver.Events.Select(each => each.Id).Distinct().Count());
        }
    }
}
