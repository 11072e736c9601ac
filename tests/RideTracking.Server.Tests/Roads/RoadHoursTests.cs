using RideTracking.Engine.Tests.Roads;
using RideTracking.Engine.Tests.Roads.Osm;
using RideTracking.Server.Roads;
using RideTracking.V1;

namespace RideTracking.Server.Tests.Roads;

/// <summary>Roads that the map says are open at some hours only, by the city's clocks.</summary>
public sealed class RoadHoursTests
{
    [Fact]
    public async Task A_street_is_driven_once_its_hours_have_come()
    {
        var file = Path.GetTempFileName();
        // A short cut across a block, closed in the morning.
        await File.WriteAllBytesAsync(
            file,
            new OsmFileWriter().Node('a', 0, 0).Node('b', 600, 0).Node('c', 600, 600).Node('d', 0, 600).Way(1, "abcda", "highway=tertiary")
                .Way(2, "bd", ("highway", "primary"), ("motor_vehicle:conditional", "no @ (Mo-Fr 07:00-09:00)")).ToBytes(),
            TestContext.Current.CancellationToken);
        // It is a Monday, and summer: an hour later in Lisbon than in UTC.
        await using (var world = await StreetWorld.StartAsync(
            roads: file, startAt: new DateTimeOffset(2026, 7, 6, 7, 59, 50, TimeSpan.Zero), args: ["--Roads:TimeZone", "Europe/Lisbon"]))
        {
            await world.Host.PassAsync<RoadHoursClock>(TimeSpan.FromSeconds(2));
            var before = await world.EstimateAsync(PlainMap.At(570, 0), PlainMap.At(0, 570));
            Assert.Equal(RouteSource.Roads, before.Route.Source);
            await world.Host.PassAsync<RoadHoursClock>(TimeSpan.FromSeconds(10));
            var after = await world.EstimateAsync(PlainMap.At(570, 0), PlainMap.At(0, 570));
            Assert.True(after.Duration.ToTimeSpan() < before.Duration.ToTimeSpan(), $"{after.Duration} after {before.Duration}");
        }

        File.Delete(file);
    }
}
