using RideTracking.Engine.Geo;
using RideTracking.Engine.Index;
using RideTracking.Engine.Ingest;
using RideTracking.Engine.Zones;

namespace RideTracking.Engine.Tests.Zones;

/// <summary>A car that stands at a zone's border goes neither in nor out, however its receiver errs.</summary>
public class ParkedAtBorderTests
{
    private const long Start = 1_750_000_000_000;

    [Theory]
    [InlineData(0, 0, 15)]
    [InlineData(0, float.NaN, 15)]
    [InlineData(20, 0, 15)]
    [InlineData(-20, float.NaN, 15)]
    [InlineData(20, float.NaN, 60)]
    public void Two_hours_of_drift_make_one_event_at_most(double metersInside, float speed, int intervalSeconds)
    {
        for (int seed = 1; seed <= 20; seed++)
        {
            var slots = new DriverSlots();
            Zone zone = ZoneWorld.Named("home", ZoneWorld.Around(Places.Porto, 300));
            var tracker = new ZoneTracker(slots, ZoneSet.Of([zone]), new ZoneTrackerLimits());
            int slot = slots.GetOrAdd("d1");
            var (state, limits, drift, events) = (new GateState(), new GateLimits(), new Drift(new Random(seed)), new List<ZoneEvent>());
            GeoPoint stands = Earth.Destination(Places.Porto, 90, 300 - metersInside);
            for (int second = 0; second < 7_200; second += intervalSeconds)
            {
                (double east, double north) = drift.At(second);
                GeoPoint seen = Earth.Destination(Earth.Destination(stands, 90, east), 0, north);
                long time = Start + second * 1_000L;
                Fix fix = new Fix { Sequence = (ulong)second + 1, SensorTimeUnixMs = time, HorizontalAccuracyMeters = 5, SpeedMetersPerSecond = speed }.At(seen);
                FixVerdict verdict = Gate.Judge(ref fix, 1, time, time, ref state, limits);
                tracker.Observe(slot, "s", fix, verdict.Outcome, events);
            }

            Assert.True(events.Count <= 1, $"seed {seed}: {string.Join(", ", events.Select(e => $"{e.Kind} at {(e.HappenedAtUnixMs - Start) / 1000} s"))}");
        }
    }
}
