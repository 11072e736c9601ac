using RideTracking.Engine.Geo;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.V1;

namespace RideTracking.Server.Tests.Roads;

/// <summary>Roads from a file, and what becomes of the server without.</summary>
public sealed class RoadLoadingTests
{
    private static readonly GeoPoint From = StreetWorld.At(-900, -700), To = StreetWorld.At(1_100, 900);

    [Fact]
    public async Task A_file_that_turns_out_to_be_broken_is_told_and_the_server_goes_on_with_straight_lines()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllBytesAsync(file, [.. "\0\0\0\x0E\n\tOSMHeader"u8, 0x18, 0x7F, .. "and then no map"u8], TestContext.Current.CancellationToken);
        await using (var world = await StreetWorld.StartAsync(roads: file, expectErrors: "cannot be used, so routes are straight lines"))
        {
            Assert.Equal(RouteSource.StraightLine, (await world.EstimateAsync(From, To)).Route.Source);
        }

        File.Delete(file);
    }

    [Fact]
    public async Task An_extract_is_imported_once_and_again_when_what_was_kept_is_damaged_or_for_other_vehicles()
    {
        if (Repository.Shared("data/monaco/monaco.osm.pbf") is not { } monaco)
        {
            Assert.Skip("The extract of Monaco is not here.");
            return;
        }

        var folder = Directory.CreateTempSubdirectory("roads-").FullName;
        var kept = Path.Combine(folder, "roads", "graph.bin");
        GeoPoint harbour = new(43.7350, 7.4210), casino = new(43.7392, 7.4278);
        Google.Protobuf.WellKnownTypes.Duration first;
        await using (var world = await StreetWorld.StartAsync(roads: monaco, dataFolder: folder))
        {
            var estimate = await world.EstimateAsync(harbour, casino);
            Assert.Equal(RouteSource.Roads, estimate.Route.Source);
            Assert.Contains(estimate.Route.Legs[0].Steps, step => step.StreetName.Length > 0);
            first = estimate.Duration;
        }

        var imported = File.GetLastWriteTimeUtc(kept);
        await using (var world = await StreetWorld.StartAsync(roads: monaco, dataFolder: folder))
        {
            Assert.Equal(first, (await world.EstimateAsync(harbour, casino)).Duration);
            Assert.Equal(imported, File.GetLastWriteTimeUtc(kept));
        }

        await using (var damage = File.OpenWrite(kept))
        {
            damage.Position = damage.Length / 2;
            damage.Write("damage"u8);
        }

        await using (var world = await StreetWorld.StartAsync(roads: monaco, dataFolder: folder))
        {
            Assert.Equal(first, (await world.EstimateAsync(harbour, casino)).Duration);
            Assert.NotEqual(imported, File.GetLastWriteTimeUtc(kept));
        }

        imported = File.GetLastWriteTimeUtc(kept);
        await using (var world = await StreetWorld.StartAsync(roads: monaco, dataFolder: folder, args: ["--Roads:LicensedAsTaxis", "true"]))
        {
            Assert.Equal(RouteSource.Roads, (await world.EstimateAsync(harbour, casino)).Route.Source);
            Assert.NotEqual(imported, File.GetLastWriteTimeUtc(kept));
        }

        // Cut to the west, there are no roads at the casino.
        imported = File.GetLastWriteTimeUtc(kept);
        var west = Path.Combine(folder, "west.geojson");
        await File.WriteAllTextAsync(
            west, "\uFEFF{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\",\"properties\":{},\"geometry\":{\"type\":\"Polygon\",\"coordinates\":[[[7.40,43.72],[7.4215,43.72],[7.4215,43.74],[7.40,43.74],[7.40,43.72]]]}}]}",
            TestContext.Current.CancellationToken);
        await using (var world = await StreetWorld.StartAsync(roads: monaco, dataFolder: folder, args: ["--Roads:CutTo", west]))
        {
            Assert.NotEqual(first, (await world.EstimateAsync(harbour, casino)).Duration);
            Assert.Equal(RouteSource.Roads, (await world.EstimateAsync(harbour, new GeoPoint(43.7315, 7.4180))).Route.Source);
            Assert.NotEqual(imported, File.GetLastWriteTimeUtc(kept));
        }

        Directory.Delete(folder, recursive: true);
    }
}
