using CsCheck;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Index;

namespace RideTracking.Engine.Tests.Index;

/// <summary>The index against a plain list of drivers, in random worlds. A failure prints the seed.</summary>
public class DriverIndexModelTests
{
    private static readonly Gen<double> CellSize = Gen.OneOf(50.0, 250, 3_000, 50_000);

    [Fact]
    public void Nearest_is_what_brute_force_finds() =>
        Gen.Select(CellSize, World.Crowd, Gen.Double[0, 30_000_000], Gen.Int[1, 40], Gen.Int[0, 10]).Sample(
            (cellSize, places, radius, wanted, radiusShift) =>
            {
                (DriverIndex index, DriverEntry[] all) = Fill(cellSize, places);
                GeoPoint center = places[0];
                radius /= 1 << 2 * radiusShift; // radii of all magnitudes
                var found = new NearbyDriver[wanted];
                int count = index.Nearest(center, radius, new DriverFilter(), found);
                World.AssertNearest(all, center, radius, found.AsSpan(0, count), wanted);
            },
            iter: 300);

    [Fact]
    public void Nearest_from_any_other_place_is_what_brute_force_finds() =>
        Gen.Select(CellSize, World.Crowd, Places.Anywhere, Gen.Double[0, 21_000_000]).Sample(
            (cellSize, places, center, radius) =>
            {
                (DriverIndex index, DriverEntry[] all) = Fill(cellSize, places);
                var found = new NearbyDriver[7];
                int count = index.Nearest(center, radius, new DriverFilter(), found);
                World.AssertNearest(all, center, radius, found.AsSpan(0, count), 7);
            },
            iter: 200);

    [Fact]
    public void Nearest_in_a_big_fleet_goes_by_cells_and_is_what_brute_force_finds() =>
        Gen.Select(Places.Anywhere, Gen.Double[10, 30_000], Gen.Double[100, 10_000], Gen.Int[1, 2_000], Gen.Int[0, 1 << 20]).Sample(
            (spot, spread, radius, wanted, seed) =>
            {
                var random = new Random(seed);
                (DriverIndex index, DriverEntry[] all) = Fill(250, [.. Enumerable.Range(0, 5_000).Select(_ =>
                    Earth.Destination(spot, random.NextDouble() * 360, random.NextDouble() * spread))]);
                GeoPoint center = Earth.Destination(spot, random.NextDouble() * 360, random.NextDouble() * spread);
                var found = new NearbyDriver[wanted];
                int count = index.Nearest(center, radius, new DriverFilter(), found);
                World.AssertNearest(all, center, radius, found.AsSpan(0, count), wanted);
            },
            iter: 20);

    [Fact]
    public void Within_is_what_brute_force_finds() =>
        Gen.Select(CellSize, World.Crowd, Areas).Sample(
            (cellSize, places, area) =>
            {
                (DriverIndex index, DriverEntry[] all) = Fill(cellSize, places);
                AssertWithin(index, all, area);
            },
            iter: 300);

    [Fact]
    public void Within_in_a_big_fleet_goes_by_cells_and_is_what_brute_force_finds() =>
        Gen.Select(Places.Anywhere, Gen.Double[0.001, 0.15], Gen.Double[0.001, 0.15], Gen.Int[0, 1 << 20]).Sample(
            (spot, height, width, seed) =>
            {
                var random = new Random(seed);
                (DriverIndex index, DriverEntry[] all) = Fill(250, [.. Enumerable.Range(0, 5_000).Select(_ =>
                    Earth.Destination(spot, random.NextDouble() * 360, random.NextDouble() * 20_000))]);
                AssertWithin(index, all, new GeoRectangle(
                    Math.Max(-90, spot.LatitudeDegrees - height),
                    Earth.WrapLongitude(spot.LongitudeDegrees - width),
                    Math.Min(90, spot.LatitudeDegrees + height),
                    Earth.WrapLongitude(spot.LongitudeDegrees + width)));
            },
            iter: 30);

    [Fact]
    public void Any_run_of_changes_leaves_what_a_list_would_hold() =>
        Gen.Select(
            World.Crowd,
            Gen.Select(Gen.Int[0, 4], Gen.Int[0, 20], Gen.Int[0, 149], Gen.Int[0, 60], World.Status).Array[1, 200]).Sample(
            (places, operations) =>
            {
                var index = new DriverIndex();
                var model = new Dictionary<int, DriverEntry>();
                var newest = new Dictionary<int, long>();
                var stale = new Dictionary<int, DriverEntry>();
                foreach ((int operation, int slot, int place, int time, DriverStatus status) in operations)
                {
                    DriverEntry before = model.GetValueOrDefault(slot, new DriverEntry { Slot = slot });
                    DriverEntry after = before;
                    DriverChange change;
                    switch (operation)
                    {
                        case 0 or 1:
                            bool isNewer = time >= newest.GetValueOrDefault(slot);
                            var fix = World.FixAt(places[place % places.Length], time);
                            if (isNewer)
                            {
                                newest[slot] = time;
                                stale.Remove(slot);
                                after.HasFix = true;
                                after.Fix = fix;
                            }

                            Assert.Equal(isNewer, index.Update(slot, fix, out change));
                            break;
                        case 2:
                            after.Status = status;
                            change = index.SetStatus(slot, status);
                            break;
                        case 3:
                            after = new DriverEntry { Slot = slot };
                            stale.Remove(slot);
                            Assert.Equal(before.HasFix || before.Status != default, index.Remove(slot, out change));
                            break;
                        default:
                            var left = new DriverChange[100];
                            int count = index.SweepStale(time, left);
                            var swept = model.Values.Where(driver => driver.HasFix && driver.Fix.FixedAtUnixMs < time).ToArray();
                            Assert.Equal(
                                swept.Select(driver => driver.Slot).Order(),
                                left.Take(count).Select(change => change.Previous.Slot).Order());
                            foreach (DriverEntry driver in swept)
                            {
                                stale[driver.Slot] = driver;
                                model[driver.Slot] = new DriverEntry { Slot = driver.Slot, Status = driver.Status };
                            }

                            continue;
                    }

                    model[slot] = after;
                    Assert.Equal(before, change.Previous);
                    Assert.Equal(after, change.Current);
                }

                AssertSame(index, model.Values);
                AssertStale(index, stale, model, places[0]);
            },
            iter: 150);

    private static Gen<GeoRectangle> Areas => Gen.Frequency(
        (6, Gen.Select(Gen.Double[-90, 90], Gen.Double[-180, 180], Gen.Double[-90, 90], Gen.Double[-180, 180],
            (a, west, b, east) => new GeoRectangle(Math.Min(a, b), west, Math.Max(a, b), east))),
        (2, Gen.Select(Gen.Double[-90, 90], Gen.Double[-180, 180], (south, west) => new GeoRectangle(south, west, 90, west))),
        (1, Gen.Const(GeoRectangle.World)),
        (1, Gen.Const(new GeoRectangle(-1, 179, 1, -179))),
        (1, Gen.Const(new GeoRectangle(-90, 0, -89, 1))));

    private static (DriverIndex Index, DriverEntry[] All) Fill(double cellSize, GeoPoint[] places)
    {
        var index = new DriverIndex(cellSize);
        var all = new DriverEntry[places.Length];
        for (int slot = 0; slot < places.Length; slot++)
        {
            all[slot] = new DriverEntry { Slot = slot, HasFix = true, Fix = World.FixAt(places[slot], 1) };
            index.Update(slot, all[slot].Fix, out _);
        }

        return (index, all);
    }

    private static void AssertWithin(DriverIndex index, DriverEntry[] all, GeoRectangle area)
    {
        var found = new DriverEntry[all.Length];
        int count = index.Within(area, found);
        Assert.Equal(
            all.Where(driver => area.Contains(driver.Fix.Point)).Select(driver => driver.Slot),
            found.Take(count).Select(driver => driver.Slot).Order());
    }

    private static void AssertStale(
        DriverIndex index, Dictionary<int, DriverEntry> stale, Dictionary<int, DriverEntry> model, GeoPoint center)
    {
        Assert.Equal(stale.Count, index.CountStaleWithin(new GeoCircle(center, 30_000_000), new DriverFilter(), 1_000).Drivers);
        Assert.Equal(
            stale.Values.Count(driver => model[driver.Slot].Status.Link == DriverLink.Connected && Earth.DistanceMeters(center, driver.Fix.Point) < 5_000),
            index.CountStaleWithin(new GeoCircle(center, 5_000), new DriverFilter { Link = DriverLink.Connected }, 1_000).Drivers);
    }

    private static void AssertSame(DriverIndex index, ICollection<DriverEntry> model)
    {
        DriverEntry[] tracked = [.. model.Where(driver => driver.HasFix)];
        foreach (DriverEntry driver in model)
        {
            Assert.Equal(driver.HasFix || driver.Status != default, index.TryGet(driver.Slot, out DriverEntry entry));
            Assert.Equal(driver, entry);
        }

        AssertWithin(index, [.. tracked.OrderBy(driver => driver.Slot)], GeoRectangle.World);
        var nearest = new NearbyDriver[30];
        var filter = new DriverFilter { Link = DriverLink.Connected };
        int count = index.Nearest(Places.Porto, 1e8, filter, nearest);
        World.AssertNearest(
            tracked.Where(driver => driver.Status.Link == DriverLink.Connected), Places.Porto, 1e8, nearest.AsSpan(0, count), 30);
        Assert.Equal(
            new FleetCounts(
                model.Count(driver => driver.Status.Link == DriverLink.Connected),
                model.Count(driver => driver.Status is (DriverAvailability.Available, DriverWork.Idle, DriverLink.Connected)),
                model.Count(driver => driver.Status.Work == DriverWork.Offered),
                model.Count(driver => driver.Status.Work == DriverWork.ToPickup),
                model.Count(driver => driver.Status.Work == DriverWork.OnTrip),
                tracked.Length),
            index.Count());
    }
}
