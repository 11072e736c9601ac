using RideTracking.Engine.Ingest;
using RideTracking.Server.Progress;

namespace RideTracking.Server.Tests.Progress;

public sealed class DrivenTrailTests
{
    private const long Start = 1_700_000_000_000;

    [Fact]
    public void A_fix_takes_sixteen_bytes_and_comes_back_as_matching_can_tell_it()
    {
        var trail = new DrivenTrail();
        Fix[] fixes =
        [
            new() { FixedAtUnixMs = Start, LatitudeE7 = 411_500_000, LongitudeE7 = -1_799_999_999, HorizontalAccuracyMeters = 4.7f, CourseDegrees = 359.9f, SpeedMetersPerSecond = 13.88f },
            new() { FixedAtUnixMs = Start - 86_400_000, LatitudeE7 = -900_000_000, LongitudeE7 = 1_800_000_000 },
            new() { FixedAtUnixMs = Start + (7 * 86_400_000L), HorizontalAccuracyMeters = 9_000, CourseDegrees = 0, SpeedMetersPerSecond = 300 },
        ];
        Assert.All(fixes, fix => Assert.Equal(0, trail.Add(fix)));
        // A block of 64.
        Assert.Equal(64 * 16, trail.Bytes);

        Fix[] kept = [.. trail.Fixes()];
        Assert.Equal(fixes.Select(f => (f.FixedAtUnixMs, f.LatitudeE7, f.LongitudeE7)), kept.Select(f => (f.FixedAtUnixMs, f.LatitudeE7, f.LongitudeE7)));
        Assert.Equal(4.7f, kept[0].HorizontalAccuracyMeters, 0.125f);
        Assert.Equal(359.9f, kept[0].CourseDegrees, 0.36f);
        Assert.Equal(13.88f, kept[0].SpeedMetersPerSecond, 0.025f);
        Assert.True(float.IsNaN(kept[1].HorizontalAccuracyMeters) && float.IsNaN(kept[1].CourseDegrees) && float.IsNaN(kept[1].SpeedMetersPerSecond));
        // Cut at what nothing is matched by.
        Assert.Equal(511.5f, kept[2].HorizontalAccuracyMeters, 0.25f);
        Assert.Equal(0, kept[2].CourseDegrees);
        Assert.Equal(102.3f, kept[2].SpeedMetersPerSecond, 0.05f);
    }

    [Fact]
    public void A_full_trail_forgets_every_other_fix_counts_them_and_never_grows_further()
    {
        var trail = new DrivenTrail();
        var forgotten = 0;
        const int added = 3 * DrivenTrail.MaxFixes;
        for (var i = 0; i < added; i++)
        {
            forgotten += trail.Add(new Fix { FixedAtUnixMs = Start + (i * 1000L) });
            Assert.InRange(trail.Bytes, 0, DrivenTrail.MaxFixes * 16);
        }

        Assert.Equal(added, forgotten + trail.Count);
        long[] times = [.. trail.Fixes().Select(f => f.FixedAtUnixMs - Start)];
        // A fourth of them, of each part of the way.
        Assert.Equal(Enumerable.Range(0, added / 4).Select(i => i * 4_000L), times);
    }
}
