using RideTracking.Engine.Geo;
using RideTracking.Engine.Ingest;

namespace RideTracking.Engine.Tests.Ingest;

public class BelievedFixesTests
{
    private const long Start = 1_750_000_000_000;

    [Fact]
    public void Wild_fixes_that_came_late_add_no_metre()
    {
        List<Fix> driven = [.. Enumerable.Range(0, 60).Select(i => At(i * 4, Earth.Destination(Places.Porto, 90, 40 * i)))];
        List<Fix> fixes = [.. driven];
        // As buffered fixes come: without the gate's look at what lies around them.
        fixes.Insert(20, At(78, default));
        fixes.Insert(31, At(119, Earth.Destination(Places.Porto, 0, 60_000)));
        fixes.Insert(32, At(121, Earth.Destination(Places.Porto, 0, 60_010)));
        fixes.Add(At(240, new GeoPoint(-41, 8)));

        Assert.Equal(driven, BelievedFixes.Of(fixes, new GateLimits()));
    }

    // 60 m/s there and back are no jump for the gate; but no car does it.
    [Theory]
    [InlineData(4, 240, 0)]
    [InlineData(4, 0, -240)]
    [InlineData(2, 120, 60)]
    [InlineData(1, -20, 60)]
    public void What_no_car_swerves_to_is_not_believed_and_what_is_beside_it_is(int interval, double east, double north)
    {
        List<Fix> driven = [.. Enumerable.Range(0, 30).Select(i => At(i * interval, Earth.Destination(Places.Porto, 90, 10 * i * interval)))];
        List<Fix> fixes = [.. driven];
        GeoPoint aside = Earth.Destination(Earth.Destination(fixes[15].Point, 90, east), 0, north);
        fixes[15] = At(15 * interval, aside);
        driven.RemoveAt(15);

        Assert.Equal(driven, BelievedFixes.Of(fixes, new GateLimits()));
    }

    // A corner, a hairpin, an emergency stop and a start: each as hard as cars do.
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(15)]
    public void What_cars_do_is_believed(int interval)
    {
        var fixes = new List<Fix>();
        for (int second = 0; second < 240; second += interval)
        {
            fixes.Add(At(second, Earth.Destination(Earth.Destination(Places.Porto, 90, East(second)), 0, second < 60 ? 0 : Math.Min(second - 60, 60) * 8)));
        }

        Assert.Equal(fixes, BelievedFixes.Of(fixes, new GateLimits()));

        // 30 m/s, a stop at 8 m/s², a way to the north, a way back as fast as it came.
        static double East(int second) => second switch
        {
            < 20 => 30 * second,
            < 60 => 600 + 30 * Math.Min(second - 20, 4) - 4 * Math.Min(second - 20, 4) * Math.Min(second - 20, 4),
            < 120 => 656,
            _ => 656 - 4 * Math.Min(second - 120, 4) * Math.Min(second - 120, 4) - 32 * Math.Max(second - 124, 0),
        };
    }

    [Fact]
    public void What_is_told_twice_at_a_time_counts_once()
    {
        List<Fix> believed = BelievedFixes.Of([At(0, Places.Porto), At(0, Earth.Destination(Places.Porto, 0, 30)), At(4, Places.Porto)], new GateLimits());
        Assert.Equal([0L, 4], believed.Select(f => (f.FixedAtUnixMs - Start) / 1_000));
    }

    private static Fix At(int second, GeoPoint place) =>
        new Fix { FixedAtUnixMs = Start + second * 1_000L, HorizontalAccuracyMeters = 5 }.At(place);
}
