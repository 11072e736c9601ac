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

    [Fact]
    public void What_is_told_twice_at_a_time_counts_once()
    {
        List<Fix> believed = BelievedFixes.Of([At(0, Places.Porto), At(0, Earth.Destination(Places.Porto, 0, 30)), At(4, Places.Porto)], new GateLimits());
        Assert.Equal([0L, 4], believed.Select(f => (f.FixedAtUnixMs - Start) / 1_000));
    }

    private static Fix At(int second, GeoPoint place) =>
        new Fix { FixedAtUnixMs = Start + second * 1_000L, HorizontalAccuracyMeters = 5 }.At(place);
}
